// Byte streams of the simulated network: what they keep, and dialling.

#include "sim/sim_network.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "tests/sim/network_world.h"

namespace sim {
namespace {

using SimNetworkTest = NetworkWorld;

std::string Numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, i, ",");
  return text;
}

// ---------------------------------------------------------------- what is kept

TEST_F(SimNetworkTest, BytesArriveInOrder) {
  Begin();
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream);
  });
  Connect([](Process& process, net::Stream& stream) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(Write(process, stream, absl::StrCat(i, ",")).ok());
      if (i % 7 == 0) Sleep(process, absl::Microseconds(i));
    }
    stream.CloseWrite();
  });
  world_->RunFor(absl::Seconds(10));
  EXPECT_EQ(got.text, Numbers(1000));
  EXPECT_TRUE(got.end.ok()) << got.end;
}

TEST_F(SimNetworkTest, ReadsAreCutAnywhere) {
  constexpr int kWrites = 100;
  Begin({.short_read_ppm = 200'000, .write_split_ppm = 200'000});
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream);
  });
  Connect([](Process& process, net::Stream& stream) {
    for (int i = 0; i < kWrites; ++i) {
      ASSERT_TRUE(Write(process, stream, Numbers(100)).ok());
      Sleep(process, absl::Milliseconds(10));
    }
    stream.CloseWrite();
  });
  world_->RunFor(absl::Seconds(10));
  std::string all;
  for (int i = 0; i < kWrites; ++i) all += Numbers(100);
  EXPECT_EQ(got.text, all);
  EXPECT_GT(Count("net.short_read"), 5u);
  // More than the short reads alone explain: writes were split, too.
  EXPECT_GT(got.reads, kWrites + Count("net.short_read"));
}

TEST_F(SimNetworkTest, PiecesOfOneWriteAreOneWrite) {
  Begin();
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream);
  });
  Connect([](Process& process, net::Stream& stream) {
    const std::array<std::span<const std::byte>, 4> pieces = {
        runtime::AsBytes("one "), runtime::AsBytes(""),
        runtime::AsBytes("two "), runtime::AsBytes("three")};
    ASSERT_TRUE(stream.Write(pieces, InAMinute(process)).ok());
    stream.CloseWrite();
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(got.text, "one two three");
  EXPECT_EQ(got.reads, 1u);
}

TEST_F(SimNetworkTest, AFullWindowMakesTheWriterWait) {
  Begin({.window_bytes = 1000});
  absl::Status early;
  absl::Duration took;
  std::string got;
  Serve([&](Process& process, net::Stream& stream) {
    Sleep(process, absl::Seconds(1));
    got = ReadEverything(process, stream).text;
  });
  Connect([&](Process& process, net::Stream& stream) {
    ASSERT_TRUE(Write(process, stream, std::string(1000, 'x')).ok());
    early = Write(process, stream, "y", absl::Milliseconds(500));
    const runtime::Instant start = process.network_executor().Now();
    ASSERT_TRUE(Write(process, stream, std::string(3000, 'z')).ok());
    took = process.network_executor().Now() - start;
    stream.CloseWrite();
  });
  world_->RunFor(absl::Seconds(10));
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  EXPECT_GT(took, absl::Milliseconds(490));
  EXPECT_LT(took, absl::Milliseconds(550));
  EXPECT_EQ(got, std::string(1000, 'x') + std::string(3000, 'z'));
}

TEST_F(SimNetworkTest, ARoundTripTakesTwoLatencies) {
  Begin({.latency_min = absl::Milliseconds(10),
         .latency_max = absl::Milliseconds(20)});
  absl::Duration took;
  Serve([](Process& process, net::Stream& stream) {
    ASSERT_TRUE(Write(process, stream, *Read(process, stream)).ok());
    Sleep(process, absl::Minutes(1));
  });
  Connect([&](Process& process, net::Stream& stream) {
    const runtime::Instant start = process.network_executor().Now();
    ASSERT_TRUE(Write(process, stream, "ping").ok());
    EXPECT_EQ(*Read(process, stream), "ping");
    took = process.network_executor().Now() - start;
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_GE(took, absl::Milliseconds(20));
  EXPECT_LE(took, absl::Milliseconds(41));
}

TEST_F(SimNetworkTest, ADeadlineLeavesTheStreamGood) {
  Begin();
  Serve([](Process& process, net::Stream& stream) {
    Sleep(process, absl::Milliseconds(100));
    ASSERT_TRUE(Write(process, stream, "late").ok());
    Sleep(process, absl::Minutes(1));
  });
  absl::Status early;
  std::string later;
  Connect([&](Process& process, net::Stream& stream) {
    early = Read(process, stream, absl::Milliseconds(10)).status();
    later = *Read(process, stream);
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  EXPECT_EQ(later, "late");
}

TEST_F(SimNetworkTest, CancellingTheGroupWakesReaderAndWriter) {
  Begin({.window_bytes = 10});
  Serve([](Process& process, net::Stream&) { Sleep(process, absl::Hours(1)); });
  absl::Status read;
  absl::Status written;
  Connect([&](Process& process, net::Stream& stream) {
    runtime::FiberGroup group(process.network_executor());
    group.Spawn("reader", [&] { read = Read(process, stream).status(); });
    group.Spawn("writer", [&] {
      written = Write(process, stream, std::string(100, 'x'));
    });
    Sleep(process, absl::Milliseconds(10));
    group.Cancel();
    ASSERT_TRUE(group.Join(InAMinute(process)).ok());
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::IsCancelled(read)) << read;
  EXPECT_TRUE(absl::IsCancelled(written)) << written;
}

// ----------------------------------------------------------- dial and listen

TEST_F(SimNetworkTest, NobodyListensSoTheDialIsRefused) {
  Begin();
  world_->Boot(kServer,
               [](Process& process) { Sleep(process, absl::Hours(1)); });
  Dialled dialled;
  Dial(dialled, absl::Seconds(10));
  world_->RunFor(absl::Seconds(20));
  EXPECT_TRUE(absl::IsUnavailable(dialled.status)) << dialled.status;
  EXPECT_LT(dialled.took, absl::Milliseconds(2));
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimNetworkTest, ADeadProcessOnALiveHostRefuses) {
  Begin();
  Serve([](Process&, net::Stream&) {});
  world_->RunFor(absl::Seconds(1));
  world_->Kill(kServer);
  Dialled dialled;
  Dial(dialled, absl::Seconds(10));
  world_->RunFor(absl::Seconds(20));
  EXPECT_TRUE(absl::IsUnavailable(dialled.status)) << dialled.status;
}

TEST_F(SimNetworkTest, AHostWithoutPowerDoesNotAnswerADial) {
  Begin();
  Dialled dialled;
  Dial(dialled, absl::Seconds(10));
  world_->RunFor(absl::Seconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(dialled.status)) << dialled.status;
  EXPECT_GE(dialled.took, absl::Seconds(10));
  world_->Kill(kClient);
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimNetworkTest, AnUnknownHostIsUnavailableAndThatTakesTime) {
  Begin();
  Dialled dialled;
  Dial(dialled, absl::Seconds(10), {"nowhere", kPort});
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::IsUnavailable(dialled.status)) << dialled.status;
  EXPECT_GT(dialled.took, absl::ZeroDuration());
}

TEST_F(SimNetworkTest, PortsAreOneListenersAndFreeAgainAfterIt) {
  Begin();
  const auto body = [](Process& process) {
    net::Network& network = process.network();
    auto first = network.Listen({"server", kPort});
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_EQ((*first)->local_address(), (net::Address{"server", kPort}));
    EXPECT_TRUE(
        absl::IsFailedPrecondition(network.Listen({"server", kPort}).status()));
    EXPECT_TRUE(
        absl::IsInvalidArgument(network.Listen({"client", kPort}).status()));
    (*first)->Close();
    EXPECT_TRUE(absl::IsCancelled(
        (*first)->Accept(runtime::Instant::InfiniteFuture()).status()));
    auto second = network.Listen({"server", kPort});
    ASSERT_TRUE(second.ok()) << second.status();
    auto third = network.Listen({"server", 0});
    auto fourth = network.Listen({"", 0});
    ASSERT_TRUE(third.ok() && fourth.ok());
    EXPECT_NE((*third)->local_address().port, 0);
    EXPECT_NE((*third)->local_address().port, (*fourth)->local_address().port);
    EXPECT_EQ((*fourth)->local_address().host, "server");
    Sleep(process, absl::Hours(1));
  };
  world_->Boot(kServer, body);
  world_->RunFor(absl::Seconds(1));
  world_->Kill(kServer);
  world_->Boot(kServer, body);
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(world_->running(kServer));
}

TEST_F(SimNetworkTest, AFullBacklogMakesDialsTryAgain) {
  constexpr size_t kDials = SimListener::kBacklogMax + 10;
  Begin();
  size_t accepted = 0;
  world_->Boot(kServer, [&](Process& process) {
    auto listener = process.network().Listen({"server", kPort});
    Sleep(process, absl::Seconds(5));
    std::vector<std::unique_ptr<net::Stream>> streams;
    for (; accepted < kDials; ++accepted) {
      auto stream = (*listener)->Accept(InAMinute(process));
      ASSERT_TRUE(stream.ok()) << stream.status();
      streams.push_back(*std::move(stream));
    }
    Sleep(process, absl::Hours(1));
  });
  size_t connected_early = 0;
  size_t connected = 0;
  world_->Boot(kClient, [&](Process& process) {
    std::vector<std::unique_ptr<net::Stream>> streams;
    runtime::FiberGroup group(process.network_executor());
    for (size_t i = 0; i < kDials; ++i) {
      group.Spawn("dialer", [&] {
        auto stream = process.network().Dial(
            {"server", kPort}, net::Framing::kBytes, InAMinute(process));
        ASSERT_TRUE(stream.ok()) << stream.status();
        streams.push_back(*std::move(stream));
        ++connected;
      });
    }
    Sleep(process, absl::Seconds(2));
    connected_early = connected;
    ASSERT_TRUE(group.Join(InAMinute(process)).ok());
    Sleep(process, absl::Hours(1));
  });
  world_->RunFor(absl::Seconds(20));
  EXPECT_EQ(connected_early, SimListener::kBacklogMax);
  EXPECT_EQ(connected, kDials);
  EXPECT_EQ(accepted, kDials);
}

TEST_F(SimNetworkTest, AProcessMayDialItself) {
  Begin();
  std::string got;
  world_->Boot(kClient, [&](Process& process) {
    auto listener = process.network().Listen({"client", kPort});
    auto out = process.network().Dial({"localhost", kPort},
                                      net::Framing::kBytes, InAMinute(process));
    ASSERT_TRUE(out.ok()) << out.status();
    auto in = (*listener)->Accept(InAMinute(process));
    ASSERT_TRUE(in.ok()) << in.status();
    EXPECT_EQ((*in)->remote_address().host, "client");
    EXPECT_EQ((*out)->remote_address(), (net::Address{"localhost", kPort}));
    ASSERT_TRUE(Write(process, **out, "hello, me").ok());
    got = *Read(process, **in);
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(got, "hello, me");
}

}  // namespace
}  // namespace sim
