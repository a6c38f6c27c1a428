// Connections that are whole to their owners and carry nothing, for good or for
// longer than the trouble lasts.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

constexpr Time kSecond = 1'000'000'000;

class SimSilenceTest : public NetworkWorld {
 protected:
  // The server notes when each read gave something.
  void NoteArrivals() {
    Serve([this](Process& process, net::Stream& stream) {
      while (true) {
        const absl::StatusOr<std::string> some =
            Read(process, stream, absl::Hours(1));
        if (!some.ok() || some->empty()) return;
        arrivals_.push_back(world_->now());
      }
    });
  }

  std::vector<Time> arrivals_;
};

TEST_F(SimSilenceTest, WhatTheNetworkForgetsIsLostAndNobodyIsTold) {
  Begin();
  NoteArrivals();
  absl::Status sent;
  absl::Status answer;
  Connect([&](Process& process, net::Stream& stream) {
    ASSERT_TRUE(Write(process, stream, "before").ok());
    Sleep(process, absl::Seconds(2));
    sent = Write(process, stream, "are you there?");
    answer = Read(process, stream, absl::Minutes(10)).status();
    // Another connection works.
    auto again = process.network().Dial({"server", kPort}, net::Framing::kBytes,
                                        InAMinute(process));
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_TRUE(Write(process, **again, "after").ok());
    Sleep(process, absl::Seconds(1));
  });
  world_->RunFor(absl::Seconds(1));
  world_->network().SwallowConnections(kServer, kClient);
  world_->RunFor(absl::Minutes(11));
  EXPECT_TRUE(sent.ok()) << sent;
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer)) << answer;
  EXPECT_EQ(arrivals_.size(), 2u);
  EXPECT_EQ(Count("net.blackholed"), 1u);
}

TEST_F(SimSilenceTest, WhatACutHasStalledComesAsLateAsTcpSendsItAgain) {
  NetworkKnobs knobs;
  knobs.resend_backoff_ppm = 1'000'000;
  bool late = false;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    arrivals_.clear();
    Begin(knobs, seed);
    NoteArrivals();
    Connect([&](Process& process, net::Stream& stream) {
      Sleep(process, absl::Seconds(1));
      ASSERT_TRUE(Write(process, stream, "into the cut").ok());
      Sleep(process, absl::Seconds(11));
      ASSERT_TRUE(Write(process, stream, "behind it").ok());
    });
    world_->RunFor(absl::Milliseconds(500));
    world_->network().Cut(kClient, kServer);
    world_->RunFor(absl::Milliseconds(10'500));
    world_->network().Heal(kClient, kServer);
    world_->RunFor(absl::Seconds(30));
    ASSERT_FALSE(arrivals_.empty());
    EXPECT_GE(arrivals_.front(), 11 * kSecond);
    EXPECT_LE(arrivals_.front(), 21 * kSecond + kSecond / 2);
    EXPECT_GE(arrivals_.back(), 12 * kSecond);
    late = late || arrivals_.front() > 13 * kSecond;
    EXPECT_EQ(Count("net.resend_backed_off"), 1u);
  }
  EXPECT_TRUE(late);
}

}  // namespace
}  // namespace sim
