// Every net::Stream: what arrives, in which order, and who waits for whom.

#include "net/stream.h"

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

#include "net/network.h"
#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "tests/conformance/environment.h"
#include "tests/conformance/network_fixture.h"

namespace conformance {
namespace {

class StreamTest : public NetworkTest {};

TEST_P(StreamTest, BytesArriveInOrderWhateverTheirChunks) {
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

TEST_P(StreamTest, FrameStreamsAreByteStreamsWhenNothingGoesWrong) {
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

TEST_P(StreamTest, TheWritesOfPiecesAreTheirBytesInOrder) {
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

TEST_P(StreamTest, BothDirectionsAreOpenAtOnce) {
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

TEST_P(StreamTest, AWriterWaitsForAReader) {
  RunConnected([](Place& place, Pair& pair) {
    const std::string much(kMoreThanAnyWindow, 'x');
    const absl::Status stuck = pair.dialled->Write(
        runtime::AsBytes(much), In(place, absl::Milliseconds(200)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(stuck)) << stuck;
  });
}

TEST_P(StreamTest, AWriterThatWaitsGoesOnWhenTheReaderReads) {
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
TEST_P(StreamTest, APatientWriterWaitsForASlowReader) {
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

TEST_P(StreamTest, APatientWriterGivesUpWhenNothingMoves) {
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
TEST_P(StreamTest, WhatTheOtherHostHasTakenIsKnown) {
  RunConnected([](Place& place, Pair& pair) {
    EXPECT_EQ(pair.dialled->taken_bytes(), 0u);
    ASSERT_TRUE(Write(place, *pair.dialled, std::string(1000, 'x')).ok());
    EXPECT_TRUE(place.network_executor().SleepFor(kUntilDelivered).ok());
    EXPECT_EQ(pair.dialled->taken_bytes(), 1000u);
    EXPECT_EQ(pair.accepted->taken_bytes(), 0u);
  });
}

TEST_P(StreamTest, ADeadlineLeavesTheStreamGood) {
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

TEST_P(StreamTest, CancellingAGroupWakesReaderAndWriter) {
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

CONFORMANCE_SUITE(StreamTest);

}  // namespace
}  // namespace conformance
