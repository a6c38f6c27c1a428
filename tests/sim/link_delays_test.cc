// Latencies beyond the plain ones: tails, and links and hosts that are slow for
// good.

#include "sim/link_delays.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

constexpr int kWrites = 1000;

class LinkDelaysTest : public NetworkWorld {
 protected:
  // How long each single byte takes from the client to the server.
  std::vector<absl::Duration> Latencies() {
    std::vector<Time> arrivals;
    std::vector<Time> departures;
    Serve([&](Process& process, net::Stream& stream) {
      while (true) {
        const auto some = Read(process, stream, absl::Hours(1), 1);
        if (!some.ok() || some->empty()) return;
        arrivals.push_back(world_->now());
      }
    });
    Connect([&](Process& process, net::Stream& stream) {
      for (int i = 0; i < kWrites; ++i) {
        departures.push_back(world_->now());
        ASSERT_TRUE(Write(process, stream, "x").ok());
        Sleep(process, absl::Milliseconds(500));
      }
    });
    world_->RunFor(absl::Minutes(15));
    EXPECT_EQ(arrivals.size(), size_t{kWrites});
    std::vector<absl::Duration> latencies;
    for (size_t i = 0; i < arrivals.size(); ++i) {
      latencies.push_back(absl::Nanoseconds(arrivals[i] - departures[i]));
    }
    return latencies;
  }
};

TEST_F(LinkDelaysTest, ATailTakesLongerThanTheRestAndIsCounted) {
  Begin({.latency_tail_ppm = 20'000});
  const std::vector<absl::Duration> latencies = Latencies();
  const auto in_tail = std::count_if(
      latencies.begin(), latencies.end(),
      [](absl::Duration latency) { return latency > absl::Milliseconds(2); });
  EXPECT_GE(in_tail, 5);
  EXPECT_LE(in_tail, 60);
  EXPECT_LE(in_tail, static_cast<int>(Count("net.latency_tail")));
  EXPECT_LE(*std::max_element(latencies.begin(), latencies.end()),
            absl::Milliseconds(101));
}

TEST_F(LinkDelaysTest, ATailShiftsNoOtherLatency) {
  Begin();
  const std::vector<absl::Duration> plain = Latencies();
  Begin({.latency_tail_ppm = 20'000});
  const std::vector<absl::Duration> tailed = Latencies();
  int same = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    const absl::Duration beyond = tailed[i] - plain[i];
    // What it costs to wake up is drawn from the dice of the hosts.
    same +=
        beyond < absl::Microseconds(100) && beyond > -absl::Microseconds(100);
  }
  EXPECT_GT(same, kWrites * 9 / 10);
}

TEST_F(LinkDelaysTest, ASlowLinkIsSlowForGoodAndCountedOnce) {
  Begin({.slow_link_ppm = 1'000'000});
  for (const absl::Duration latency : Latencies()) {
    EXPECT_GE(latency, absl::Milliseconds(10));
    EXPECT_LE(latency, absl::Milliseconds(102));
  }
  EXPECT_EQ(Count("net.slow_link"), 2u) << "there and back";
  EXPECT_EQ(Count("net.slow_host"), 0u);
}

TEST_F(LinkDelaysTest, WhichLinksAreSlowIsDrawnOncePerWorld) {
  int slow = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Begin({.slow_link_ppm = 500'000}, seed);
    Slowness link(world_->Stream("net.slow_link", kClient, kServer));
    const bool is_slow = link.Is(500'000);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(link.Is(500'000), is_slow);
    EXPECT_TRUE(link.Is(1'000'000)) << "more of them, not others";
    EXPECT_FALSE(link.Is(0));
    slow += is_slow;
  }
  EXPECT_GT(slow, 8);
  EXPECT_LT(slow, 32);
}

TEST_F(LinkDelaysTest, ASlowHostIsSlowInAllThatItSendsAndIsSent) {
  // A seed in which the server is slow and the others are not.
  uint64_t seed = 0;
  while (true) {
    Begin({}, ++seed);
    const auto is_slow = [&](HostId host) {
      return Slowness(world_->Stream("net.slow_host", host)).Is(300'000);
    };
    const bool server = is_slow(kServer);
    const bool client = is_slow(kClient);
    if (server && !client) break;
  }
  Begin({.slow_host_ppm = 300'000}, seed);
  for (const absl::Duration latency : Latencies()) {
    EXPECT_GE(latency, absl::Milliseconds(10));
  }
  EXPECT_EQ(Count("net.slow_host"), 2u) << "there and back";
}

TEST_F(LinkDelaysTest, AFullQueueLosesFramesAndNoBytes) {
  for (const net::Framing framing :
       {net::Framing::kFrames, net::Framing::kBytes}) {
    Begin({.bandwidth_bytes_per_second = 100'000, .queue_bytes = 10'000});
    std::string got;
    Serve([&](Process& process, net::Stream& stream) {
      got = ReadEverything(process, stream).text;
    });
    Connect(
        [](Process& process, net::Stream& stream) {
          for (int i = 0; i < 100; ++i) {
            ASSERT_TRUE(Write(process, stream, std::string(1000, 'x')).ok());
          }
          stream.CloseWrite();
        },
        framing);
    world_->RunFor(absl::Seconds(10));
    const uint64_t lost = Count("net.queue_full");
    EXPECT_EQ(got.size(), (100 - lost) * 1000);
    if (framing == net::Framing::kBytes) {
      EXPECT_EQ(lost, 0u);
    } else {
      EXPECT_GT(lost, 80u);
      EXPECT_LT(lost, 95u);
    }
  }
}

}  // namespace
}  // namespace sim
