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

namespace conformance {
namespace {

using runtime::FiberGroup;
using runtime::Instant;

// More than any kernel takes from a writer whose peer does not read.
constexpr size_t kMoreThanAnyWindow = 64 << 20;

constexpr absl::Duration kUntilDelivered = absl::Milliseconds(50);

Instant In(Place& place, absl::Duration span) {
  return place.network_executor().Now() + span;
}
Instant Soon(Place& place) { return In(place, absl::Seconds(20)); }

absl::Status Write(Place& place, net::Stream& stream, absl::string_view text) {
  return stream.Write(runtime::AsBytes(text), Soon(place));
}

// What one read gives; "" for the end.
absl::StatusOr<std::string> Read(Place& place, net::Stream& stream,
                                 size_t bytes_max = 4096) {
  std::string buffer(bytes_max, '\0');
  const absl::StatusOr<size_t> count =
      stream.Read(std::as_writable_bytes(std::span(buffer)), Soon(place));
  if (!count.ok()) return count.status();
  buffer.resize(*count);
  return buffer;
}

std::string ReadToTheEnd(Place& place, net::Stream& stream,
                         size_t bytes_max = 4096) {
  std::string all;
  while (true) {
    const absl::StatusOr<std::string> some = Read(place, stream, bytes_max);
    EXPECT_TRUE(some.ok()) << some.status();
    if (!some.ok() || some->empty()) return all;
    all += *some;
  }
}

class NetworkTest : public Test {
 protected:
  struct Pair {
    std::unique_ptr<net::Listener> listener;
    std::unique_ptr<net::Stream> dialled;
    std::unique_ptr<net::Stream> accepted;
  };

  // Two ends of one connection.
  static Pair Connect(Place& place,
                      net::Framing framing = net::Framing::kBytes) {
    Pair pair;
    pair.listener = *place.network().Listen({place.host(), 0});
    FiberGroup group(place.network_executor());
    group.Spawn("acceptor", [&] {
      auto accepted = pair.listener->Accept(Soon(place));
      EXPECT_TRUE(accepted.ok()) << accepted.status();
      if (accepted.ok()) pair.accepted = *std::move(accepted);
    });
    auto dialled = place.network().Dial(pair.listener->local_address(), framing,
                                        Soon(place));
    EXPECT_TRUE(dialled.ok()) << dialled.status();
    if (dialled.ok()) pair.dialled = *std::move(dialled);
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    return pair;
  }

  void RunConnected(std::function<void(Place&, Pair&)> body) {
    Run([body = std::move(body)](Place& place) {
      Pair pair = Connect(place);
      ASSERT_TRUE(pair.dialled != nullptr && pair.accepted != nullptr);
      body(place, pair);
    });
  }
};

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

// --------------------------------------------------------------- what is kept

TEST_P(NetworkTest, BytesArriveInOrderWhateverTheirChunks) {
  RunConnected([](Place& place, Pair& pair) {
    std::string sent;
    for (size_t i = 0; i < 200; ++i) {
      sent += std::string(1 + i * 7 % 500, static_cast<char>('a' + i % 26));
    }
    FiberGroup group(place.network_executor());
    group.Spawn("writer", [&] {
      size_t offset = 0;
      for (size_t i = 0; offset < sent.size(); ++i) {
        const std::string some = sent.substr(offset, 1 + i * 31 % 900);
        ASSERT_TRUE(Write(place, *pair.dialled, some).ok());
        offset += some.size();
      }
      pair.dialled->CloseWrite();
    });
    EXPECT_EQ(ReadToTheEnd(place, *pair.accepted, 77), sent);
    EXPECT_TRUE(group.Join(Soon(place)).ok());
  });
}

TEST_P(NetworkTest, FrameStreamsAreByteStreamsWhenNothingGoesWrong) {
  Run([](Place& place) {
    Pair pair = Connect(place, net::Framing::kFrames);
    ASSERT_TRUE(pair.dialled != nullptr && pair.accepted != nullptr);
    std::string sent;
    for (int i = 0; i < 100; ++i) {
      const std::string frame = absl::StrCat("frame ", i, ";");
      ASSERT_TRUE(Write(place, *pair.dialled, frame).ok());
      sent += frame;
    }
    pair.dialled->CloseWrite();
    EXPECT_EQ(ReadToTheEnd(place, *pair.accepted), sent);
  });
}

TEST_P(NetworkTest, TheWritesOfPiecesAreTheirBytesInOrder) {
  RunConnected([](Place& place, Pair& pair) {
    // Also more pieces than one call of a kernel takes.
    std::vector<std::span<const std::byte>> pieces;
    std::string sent;
    for (int i = 0; i < 3000; ++i) {
      const absl::string_view piece = i % 3 == 0 ? "a" : i % 3 == 1 ? "" : "bc";
      pieces.push_back(runtime::AsBytes(piece));
      sent.append(piece.data(), piece.size());
    }
    ASSERT_TRUE(pair.dialled->Write(pieces, Soon(place)).ok());
    pair.dialled->CloseWrite();
    EXPECT_EQ(ReadToTheEnd(place, *pair.accepted), sent);
  });
}

TEST_P(NetworkTest, BothDirectionsAreOpenAtOnce) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string there(300'000, 't');
    const std::string back(300'000, 'b');
    std::string got_there;
    std::string got_back;
    FiberGroup group(place.network_executor());
    group.Spawn("write there", [&] {
      ASSERT_TRUE(Write(place, *pair.dialled, there).ok());
      pair.dialled->CloseWrite();
    });
    group.Spawn("write back", [&] {
      ASSERT_TRUE(Write(place, *pair.accepted, back).ok());
      pair.accepted->CloseWrite();
    });
    group.Spawn("read there",
                [&] { got_there = ReadToTheEnd(place, *pair.accepted); });
    group.Spawn("read back",
                [&] { got_back = ReadToTheEnd(place, *pair.dialled); });
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_TRUE(got_there == there);
    EXPECT_TRUE(got_back == back);
  });
}

TEST_P(NetworkTest, AWriterWaitsForAReader) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow, 'x');
    const absl::Status stuck = pair.dialled->Write(
        runtime::AsBytes(much), In(place, absl::Milliseconds(200)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(stuck)) << stuck;
  });
}

TEST_P(NetworkTest, AWriterThatWaitsGoesOnWhenTheReaderReads) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow / 4, 'x');
    size_t got = 0;
    FiberGroup group(place.network_executor());
    group.Spawn("writer", [&] {
      EXPECT_TRUE(Write(place, *pair.dialled, much).ok());
      pair.dialled->CloseWrite();
    });
    std::string buffer(1 << 20, '\0');
    while (true) {
      const auto count = pair.accepted->Read(
          std::as_writable_bytes(std::span(buffer)), Soon(place));
      ASSERT_TRUE(count.ok()) << count.status();
      if (*count == 0) break;
      got += *count;
    }
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_EQ(got, much.size());
  });
}

// However long it takes in all: what counts is that bytes move.
TEST_P(NetworkTest, APatientWriterWaitsForASlowReader) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow / 4, 'x');
    constexpr absl::Duration kStallMax = absl::Milliseconds(400);
    const Instant began = place.network_executor().Now();
    FiberGroup group(place.network_executor());
    group.Spawn("writer", [&] {
      const absl::Status written = pair.dialled->Write(
          runtime::AsBytes(much), net::Patience::WhileMoving(kStallMax));
      EXPECT_TRUE(written.ok()) << written;
      EXPECT_GT(place.network_executor().Now() - began, kStallMax);
      pair.dialled->CloseWrite();
    });
    std::string buffer(256 << 10, '\0');
    size_t got = 0;
    while (got < much.size()) {
      const auto count = pair.accepted->Read(
          std::as_writable_bytes(std::span(buffer)), Soon(place));
      ASSERT_TRUE(count.ok()) << count.status();
      got += *count;
      EXPECT_TRUE(
          place.network_executor().SleepFor(absl::Milliseconds(20)).ok());
    }
    EXPECT_TRUE(group.Join(Soon(place)).ok());
  });
}

TEST_P(NetworkTest, APatientWriterGivesUpWhenNothingMoves) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow, 'x');
    constexpr absl::Duration kStallMax = absl::Milliseconds(200);
    const Instant began = place.network_executor().Now();
    const absl::Status stuck = pair.dialled->Write(
        runtime::AsBytes(much), net::Patience::WhileMoving(kStallMax));
    EXPECT_TRUE(absl::IsDeadlineExceeded(stuck)) << stuck;
    EXPECT_GE(place.network_executor().Now() - began, kStallMax);
    EXPECT_LT(place.network_executor().Now() - began, absl::Seconds(10));
  });
}

// By the other host, whether anybody there reads or not.
TEST_P(NetworkTest, WhatTheOtherHostHasTakenIsKnown) {
  RunConnected([](Place& place, Pair& pair) {
    EXPECT_EQ(pair.dialled->taken_bytes(), 0u);
    ASSERT_TRUE(Write(place, *pair.dialled, std::string(1000, 'x')).ok());
    EXPECT_TRUE(place.network_executor().SleepFor(kUntilDelivered).ok());
    EXPECT_EQ(pair.dialled->taken_bytes(), 1000u);
    EXPECT_EQ(pair.accepted->taken_bytes(), 0u);
  });
}

TEST_P(NetworkTest, ADeadlineLeavesTheStreamGood) {
  RunConnected([](Place& place, Pair& pair) {
    std::byte buffer[16];
    const Instant deadline = In(place, absl::Milliseconds(20));
    const absl::Status late = pair.accepted->Read(buffer, deadline).status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
    EXPECT_GE(place.network_executor().Now(), deadline);
    ASSERT_TRUE(Write(place, *pair.dialled, "now").ok());
    EXPECT_EQ(*Read(place, *pair.accepted), "now");
  });
}

TEST_P(NetworkTest, CancellingAGroupWakesReaderAndWriter) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow, 'x');
    absl::Status read;
    absl::Status written;
    FiberGroup group(place.network_executor());
    group.Spawn("reader", [&] { read = Read(place, *pair.dialled).status(); });
    group.Spawn("writer", [&] { written = Write(place, *pair.dialled, much); });
    EXPECT_TRUE(place.network_executor().SleepFor(absl::Milliseconds(50)).ok());
    group.Cancel();
    EXPECT_TRUE(group.Join(Soon(place)).ok());
    EXPECT_TRUE(absl::IsCancelled(read)) << read;
    EXPECT_TRUE(absl::IsCancelled(written)) << written;
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
