// Every net::Network: dialling and listening, and how streams end.

#include "net/network.h"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "net/stream.h"
#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "tests/conformance/environment.h"
#include "tests/conformance/network_fixture.h"

namespace conformance {
namespace {

// ------------------------------------------------------------ dial and listen

TEST_P(NetworkTest, TheListenerKnowsThePortThatItGot) {
  Run([](Place& place) {
    auto listener = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_NE((*listener)->local_address().port, 0);
  });
}

TEST_P(NetworkTest, AnAddressHasOneListener) {
  Run([](Place& place) {
    auto first = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(first.ok()) << first.status();
    const net::Address address = (*first)->local_address();
    const absl::Status taken = place.network().Listen(address).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(taken)) << taken;
  });
}

TEST_P(NetworkTest, AnAddressIsFreeAgainAfterClose) {
  Run([](Place& place) {
    auto first = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(first.ok()) << first.status();
    const net::Address address = (*first)->local_address();
    (*first)->Close();
    (*first)->Close();  // Idempotent.
    auto second = place.network().Listen(address);
    EXPECT_TRUE(second.ok()) << second.status();
  });
}

TEST_P(NetworkTest, AnAddressIsFreeAgainAfterItsListenerIsDestroyed) {
  Run([](Place& place) {
    net::Address address{place.host(), 0};
    for (int i = 0; i < 3; ++i) {
      auto listener = place.network().Listen(address);
      ASSERT_TRUE(listener.ok()) << listener.status();
      address = (*listener)->local_address();
    }
  });
}

TEST_P(NetworkTest, NobodyListensSoTheDialIsRefused) {
  Run([](Place& place) {
    net::Address address;
    {
      auto listener = place.network().Listen({place.host(), 0});
      ASSERT_TRUE(listener.ok()) << listener.status();
      address = (*listener)->local_address();
    }
    const absl::Status refused =
        place.network()
            .Dial(address, net::Framing::kBytes, Soon(place))
            .status();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  });
}

TEST_P(NetworkTest, AnUnknownHostIsUnavailable) {
  Run([](Place& place) {
    const absl::Status unknown = place.network()
                                     .Dial({"no-such-host.invalid", 1},
                                           net::Framing::kBytes, Soon(place))
                                     .status();
    EXPECT_TRUE(absl::IsUnavailable(unknown)) << unknown;
  });
}

TEST_P(NetworkTest, AcceptWaitsUntilItsDeadline) {
  Run([](Place& place) {
    auto listener = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    const Instant deadline = In(place, absl::Milliseconds(20));
    const absl::Status late = (*listener)->Accept(deadline).status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
    EXPECT_GE(place.network_executor().Now(), deadline);
  });
}

TEST_P(NetworkTest, CloseWakesAccept) {
  Run([](Place& place) {
    auto listener = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    absl::Status woken;
    FiberGroup group(place.network_executor());
    group.Spawn("acceptor",
                [&] { woken = (*listener)->Accept(Soon(place)).status(); });
    place.network_executor().Yield();
    (*listener)->Close();
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_TRUE(absl::IsCancelled(woken)) << woken;
  });
}

TEST_P(NetworkTest, CancellingAGroupWakesAccept) {
  Run([](Place& place) {
    auto listener = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    absl::Status woken;
    FiberGroup group(place.network_executor());
    group.Spawn("acceptor",
                [&] { woken = (*listener)->Accept(Soon(place)).status(); });
    EXPECT_TRUE(place.network_executor().SleepFor(absl::Milliseconds(5)).ok());
    group.Cancel();
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_TRUE(absl::IsCancelled(woken)) << woken;
  });
}

TEST_P(NetworkTest, ADialSucceedsBeforeAnybodyAccepts) {
  Run([](Place& place) {
    auto listener = place.network().Listen({place.host(), 0});
    ASSERT_TRUE(listener.ok()) << listener.status();
    auto dialled = place.network().Dial((*listener)->local_address(),
                                        net::Framing::kBytes, Soon(place));
    ASSERT_TRUE(dialled.ok()) << dialled.status();
    ASSERT_TRUE(Write(place, **dialled, "early").ok());
    auto accepted = (*listener)->Accept(Soon(place));
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    EXPECT_EQ(*Read(place, **accepted), "early");
  });
}

TEST_P(NetworkTest, AStreamOutlivesItsListener) {
  RunConnected([](Place& place, Pair& pair) {
    pair.listener.reset();
    ASSERT_TRUE(Write(place, *pair.dialled, "still here").ok());
    EXPECT_EQ(*Read(place, *pair.accepted), "still here");
  });
}

TEST_P(NetworkTest, TheDialerKnowsWhomItDialled) {
  RunConnected([](Place&, Pair& pair) {
    EXPECT_EQ(pair.dialled->remote_address().port,
              pair.listener->local_address().port);
    EXPECT_NE(pair.accepted->remote_address().port, 0);
  });
}

TEST_P(NetworkTest, BothEndsKnowWhereTheyAre) {
  RunConnected([](Place&, Pair& pair) {
    EXPECT_EQ(pair.accepted->local_address().port,
              pair.listener->local_address().port);
    EXPECT_EQ(pair.accepted->local_address().port,
              pair.dialled->remote_address().port);
    EXPECT_EQ(pair.dialled->local_address().port,
              pair.accepted->remote_address().port);
  });
}

// -------------------------------------------------------------------- endings

TEST_P(NetworkTest, CloseWriteIsReadAsTheEndAndReadingGoesOn) {
  RunConnected([](Place& place, Pair& pair) {
    ASSERT_TRUE(Write(place, *pair.dialled, "question").ok());
    pair.dialled->CloseWrite();
    EXPECT_EQ(ReadToTheEnd(place, *pair.accepted), "question");
    EXPECT_EQ(*Read(place, *pair.accepted), "");  // The end stays the end.
    ASSERT_TRUE(Write(place, *pair.accepted, "answer").ok());
    pair.accepted->CloseWrite();
    EXPECT_EQ(ReadToTheEnd(place, *pair.dialled), "answer");
  });
}

// The first read finds both, and less than it has room for.
TEST_P(NetworkTest, AnEndThatCameWithTheLastBytesIsRead) {
  RunConnected([](Place& place, Pair& pair) {
    ASSERT_TRUE(Write(place, *pair.dialled, "first").ok());
    EXPECT_EQ(*Read(place, *pair.accepted), "first");
    ASSERT_TRUE(Write(place, *pair.dialled, "last").ok());
    pair.dialled->CloseWrite();
    ASSERT_TRUE(place.network_executor().SleepFor(kUntilDelivered).ok());
    const Instant before = place.network_executor().Now();
    EXPECT_EQ(*Read(place, *pair.accepted), "last");
    EXPECT_EQ(*Read(place, *pair.accepted), "");
    EXPECT_EQ(*Read(place, *pair.accepted), "");
    // A read that waits in vain looks again at its deadline.
    EXPECT_LT(place.network_executor().Now() - before, absl::Seconds(5));
  });
}

TEST_P(NetworkTest, AReaderWithoutTimeGetsWhatHasCome) {
  RunConnected([](Place& place, Pair& pair) {
    ASSERT_TRUE(Write(place, *pair.dialled, "first").ok());
    EXPECT_EQ(*Read(place, *pair.accepted), "first");
    std::array<std::byte, 100> buffer;
    const Instant no_time = place.network_executor().Now();
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        pair.accepted->Read(buffer, no_time).status()));
    ASSERT_TRUE(Write(place, *pair.dialled, "second").ok());
    ASSERT_TRUE(place.network_executor().SleepFor(kUntilDelivered).ok());
    const absl::StatusOr<size_t> got = pair.accepted->Read(buffer, no_time);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, 6u);
  });
}

TEST_P(NetworkTest, WhatWasWrittenBeforeCloseWriteSurvivesTheStream) {
  RunConnected([](Place& place, Pair& pair) {
    ASSERT_TRUE(Write(place, *pair.dialled, "last words").ok());
    pair.dialled->CloseWrite();
    pair.dialled.reset();
    EXPECT_EQ(ReadToTheEnd(place, *pair.accepted), "last words");
  });
}

TEST_P(NetworkTest, ResetIsHeardByThePeer) {
  RunConnected([](Place& place, Pair& pair) {
    pair.dialled->Reset();
    pair.dialled->Reset();  // Idempotent.
    const absl::Status heard = Read(place, *pair.accepted).status();
    EXPECT_TRUE(absl::IsUnavailable(heard)) << heard;
  });
}

TEST_P(NetworkTest, AfterResetEveryCallHereIsCancelled) {
  RunConnected([](Place& place, Pair& pair) {
    pair.dialled->Reset();
    const absl::Status read = Read(place, *pair.dialled).status();
    EXPECT_TRUE(absl::IsCancelled(read)) << read;
    const absl::Status written = Write(place, *pair.dialled, "x");
    EXPECT_TRUE(absl::IsCancelled(written)) << written;
    pair.dialled->CloseWrite();  // Does nothing.
  });
}

TEST_P(NetworkTest, ResetWakesTheReaderHere) {
  RunConnected([](Place& place, Pair& pair) {
    absl::Status woken;
    FiberGroup group(place.network_executor());
    group.Spawn("reader", [&] { woken = Read(place, *pair.dialled).status(); });
    EXPECT_TRUE(place.network_executor().SleepFor(absl::Milliseconds(5)).ok());
    pair.dialled->Reset();
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_TRUE(absl::IsCancelled(woken)) << woken;
  });
}

TEST_P(NetworkTest, ADestroyedStreamIsReset) {
  RunConnected([](Place& place, Pair& pair) {
    pair.dialled.reset();
    const absl::Status heard = Read(place, *pair.accepted).status();
    EXPECT_TRUE(absl::IsUnavailable(heard)) << heard;
  });
}

TEST_P(NetworkTest, WritingToAPeerThatIsGoneFailsInTheEnd) {
  RunConnected([](Place& place, Pair& pair) {
    pair.accepted.reset();
    absl::Status status;
    for (int i = 0; i < 1000 && status.ok(); ++i) {
      status = Write(place, *pair.dialled, "anybody?");
      place.network_executor().SleepFor(absl::Milliseconds(1)).IgnoreError();
    }
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  });
}

CONFORMANCE_SUITE(NetworkTest);

}  // namespace
}  // namespace conformance
