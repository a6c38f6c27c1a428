// How streams of the simulated network end: closed, reset, dropped, killed, cut
// off from their power.

#include <string>

#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "sim/sim_network.h"
#include "tests/sim/network_world.h"

namespace sim {
namespace {

using SimStreamTest = NetworkWorld;

TEST_F(SimStreamTest, CloseWriteIsReadAsTheEndAndReadingGoesOn) {
  Begin();
  Serve([](Process& process, net::Stream& stream) {
    const Everything request = ReadEverything(process, stream);
    EXPECT_TRUE(request.end.ok()) << request.end;
    ASSERT_TRUE(Write(process, stream, "got " + request.text).ok());
    stream.CloseWrite();
  });
  Everything answer;
  Connect([&](Process& process, net::Stream& stream) {
    ASSERT_TRUE(Write(process, stream, "a question").ok());
    stream.CloseWrite();
    answer = ReadEverything(process, stream);
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(answer.text, "got a question");
  EXPECT_TRUE(answer.end.ok()) << answer.end;
}

TEST_F(SimStreamTest, BothSidesForgetAConnectionThatIsOver) {
  Begin();
  Serve([](Process& process, net::Stream& stream) {
    EXPECT_TRUE(ReadEverything(process, stream).end.ok());
    stream.CloseWrite();
  });
  world_->Boot(kClient, [](Process& process) {
    for (int i = 0; i < 100; ++i) {
      auto stream = process.network().Dial(
          {"server", kPort}, net::Framing::kBytes, InAMinute(process));
      ASSERT_TRUE(stream.ok()) << stream.status();
      (*stream)->CloseWrite();
      EXPECT_TRUE(ReadEverything(process, **stream).end.ok());
    }
    Sleep(process, absl::Hours(1));
  });
  world_->RunFor(absl::Seconds(10));
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimStreamTest, ResetWakesBothSides) {
  Begin({.latency_min = absl::Milliseconds(5),
         .latency_max = absl::Milliseconds(5)});
  absl::Status there;
  Time heard = 0;
  Serve([&](Process& process, net::Stream& stream) {
    there = Read(process, stream).status();
    heard = world_->now();
  });
  absl::Status here;
  absl::Status after;
  Time done = 0;
  Connect([&](Process& process, net::Stream& stream) {
    runtime::FiberGroup group(process.network_executor());
    group.Spawn("reader", [&] { here = Read(process, stream).status(); });
    Sleep(process, absl::Milliseconds(100));
    stream.Reset();
    stream.Reset();  // Idempotent.
    done = world_->now();
    ASSERT_TRUE(group.Join(InAMinute(process)).ok());
    after = Write(process, stream, "x");
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::IsCancelled(here)) << here;
  EXPECT_TRUE(absl::IsCancelled(after)) << after;
  EXPECT_TRUE(absl::IsUnavailable(there)) << there;
  EXPECT_GE(heard, done + absl::ToInt64Nanoseconds(absl::Milliseconds(5)));
}

TEST_F(SimStreamTest, ADestroyedStreamIsReset) {
  Begin();
  absl::Status there;
  Serve([&](Process& process, net::Stream& stream) {
    there = Read(process, stream).status();
  });
  world_->Boot(kClient, [](Process& process) {
    EXPECT_TRUE(
        process.network()
            .Dial({"server", kPort}, net::Framing::kBytes, InAMinute(process))
            .ok());
    Sleep(process, absl::Hours(1));
  });
  world_->RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::IsUnavailable(there)) << there;
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimStreamTest, AfterCloseWriteADestroyedStreamStillDelivers) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Begin({}, seed);
    Everything got;
    Serve([&](Process& process, net::Stream& stream) {
      got = ReadEverything(process, stream);
    });
    world_->Boot(kClient, [](Process& process) {
      {
        auto stream = process.network().Dial(
            {"server", kPort}, net::Framing::kBytes, InAMinute(process));
        ASSERT_TRUE(stream.ok()) << stream.status();
        ASSERT_TRUE(Write(process, **stream, "last words").ok());
        (*stream)->CloseWrite();
      }
      Sleep(process, absl::Hours(1));
    });
    world_->RunFor(absl::Seconds(1));
    EXPECT_EQ(got.text, "last words");
    EXPECT_TRUE(got.end.ok()) << got.end;
  }
}

TEST_F(SimStreamTest, AKilledProcessHasItsStreamsResetAfterItsLastBytes) {
  Begin();
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream);
  });
  bool written = false;
  Connect([&](Process& process, net::Stream& stream) {
    ASSERT_TRUE(Write(process, stream, "last words").ok());
    written = true;
  });
  while (!written) ASSERT_TRUE(world_->Step());
  world_->Kill(kClient);
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(got.text, "last words");
  EXPECT_TRUE(absl::IsUnavailable(got.end)) << got.end;
  EXPECT_EQ(network().connection_count(), 0u);
}

TEST_F(SimStreamTest, AHostWithoutPowerSaysNothingUntilItIsBootedAndSpokenTo) {
  Begin();
  Serve([](Process& process, net::Stream&) { Sleep(process, absl::Hours(1)); });
  absl::Status while_off;
  absl::Status rebooted;
  absl::Status spoken_to;
  Connect([&](Process& process, net::Stream& stream) {
    while_off = Read(process, stream, absl::Seconds(10)).status();
    rebooted = Read(process, stream, absl::Seconds(10)).status();
    ASSERT_TRUE(Write(process, stream, "are you there?").ok());
    spoken_to = Read(process, stream, absl::Seconds(10)).status();
  });
  world_->RunFor(absl::Seconds(1));
  world_->PowerOff(kServer);
  EXPECT_EQ(Count("net.half_open"), 1u);
  world_->RunFor(absl::Seconds(14));
  world_->Boot(kServer,
               [](Process& process) { Sleep(process, absl::Hours(1)); });
  world_->RunFor(absl::Seconds(30));
  EXPECT_TRUE(absl::IsDeadlineExceeded(while_off)) << while_off;
  EXPECT_TRUE(absl::IsDeadlineExceeded(rebooted)) << rebooted;
  EXPECT_TRUE(absl::IsUnavailable(spoken_to)) << spoken_to;
}

TEST_F(SimStreamTest, WhatIsWrittenToAHostWithoutPowerIsAnsweredWhenItBoots) {
  Begin();
  Serve([](Process& process, net::Stream&) { Sleep(process, absl::Hours(1)); });
  absl::Status end;
  Time heard = 0;
  Connect([&](Process& process, net::Stream& stream) {
    Sleep(process, absl::Seconds(2));
    ASSERT_TRUE(Write(process, stream, "are you there?").ok());
    end = Read(process, stream, absl::Minutes(1)).status();
    heard = world_->now();
  });
  world_->RunFor(absl::Seconds(1));
  world_->PowerOff(kServer);
  world_->RunFor(absl::Seconds(9));
  world_->Boot(kServer,
               [](Process& process) { Sleep(process, absl::Hours(1)); });
  world_->RunFor(absl::Seconds(9));
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_GT(heard, absl::ToInt64Nanoseconds(absl::Seconds(10)));
  EXPECT_LT(heard, absl::ToInt64Nanoseconds(absl::Seconds(11)));
}

TEST_F(SimStreamTest, TheHandleOfADeadProcessDoesNothing) {
  Begin();
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream);
  });
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<net::Listener> listener;
  world_->Boot(kClient, [&](Process& process) {
    stream = *process.network().Dial({"server", kPort}, net::Framing::kBytes,
                                     InAMinute(process));
    listener = *process.network().Listen({"client", kPort});
    Sleep(process, absl::Hours(1));
  });
  world_->RunFor(absl::Seconds(1));
  world_->PowerOff(kClient);
  const uint64_t digest = world_->digest().value();
  std::byte buffer[8];
  const auto soon = runtime::Instant::InfiniteFuture();
  EXPECT_TRUE(absl::IsCancelled(stream->Write(runtime::AsBytes("boo"), soon)));
  EXPECT_TRUE(absl::IsCancelled(stream->Read(buffer, soon).status()));
  EXPECT_TRUE(absl::IsCancelled(listener->Accept(soon).status()));
  stream->CloseWrite();
  stream->Reset();
  stream.reset();
  listener->Close();
  listener.reset();
  EXPECT_EQ(world_->digest().value(), digest);
  world_->RunFor(absl::Seconds(30));
  EXPECT_EQ(got.text, "");
  EXPECT_TRUE(got.end.ok());  // Never came: it still waits.
  EXPECT_EQ(got.reads, 0u);
}

}  // namespace
}  // namespace sim
