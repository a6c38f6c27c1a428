// Frame streams of the simulated network: whole writes that are lost, repeated,
// overtaken, damaged.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "tests/sim/network_world.h"

namespace sim {
namespace {

constexpr int kFrames = 2000;

// Frame i is "i," followed by i % 50 dots: frames of many lengths that a reader
// can tell apart while none is damaged.
std::string Frame(int i) {
  return absl::StrCat(i, std::string(static_cast<size_t>(i % 50), '.'), ",");
}

class SimFramesTest : public NetworkWorld {
 protected:
  // Sends all frames over a stream of this framing; returns what is read.
  std::string Send(net::Framing framing, size_t window_reads = 4096) {
    std::string got;
    Serve([&](Process& process, net::Stream& stream) {
      while (true) {
        auto some = Read(process, stream, absl::Hours(1), window_reads);
        if (!some.ok() || some->empty()) return;
        got += *some;
      }
    });
    Connect(
        [](Process& process, net::Stream& stream) {
          for (int i = 0; i < kFrames; ++i) {
            ASSERT_TRUE(Write(process, stream, Frame(i)).ok());
            Sleep(process, absl::Microseconds(200));
          }
          stream.CloseWrite();
        },
        framing);
    world_->RunFor(absl::Minutes(1));
    return got;
  }

  // The numbers of the frames in `text`. Requires: none is damaged.
  static std::vector<int> Numbers(const std::string& text) {
    std::vector<int> numbers;
    for (const absl::string_view part :
         absl::StrSplit(text, ',', absl::SkipEmpty())) {
      int number = -1;
      const bool is_number =
          absl::SimpleAtoi(part.substr(0, part.find('.')), &number);
      EXPECT_TRUE(is_number) << part;
      EXPECT_EQ(absl::StrCat(part, ","), Frame(number)) << "a split frame";
      numbers.push_back(number);
    }
    return numbers;
  }

  static int Inversions(const std::vector<int>& numbers) {
    int inversions = 0;
    for (size_t i = 1; i < numbers.size(); ++i) {
      inversions += numbers[i] < numbers[i - 1];
    }
    return inversions;
  }
};

TEST_F(SimFramesTest, ACalmNetworkKeepsFrames) {
  Begin();
  std::string all;
  for (int i = 0; i < kFrames; ++i) all += Frame(i);
  EXPECT_EQ(Send(net::Framing::kFrames), all);
}

TEST_F(SimFramesTest, FramesAreLostWholeAndCounted) {
  Begin({.frame_loss_ppm = 100'000, .window_bytes = 500});
  const std::vector<int> numbers = Numbers(Send(net::Framing::kFrames, 7));
  EXPECT_GT(Count("net.frame_lost"), kFrames / 20);
  EXPECT_EQ(numbers.size() + Count("net.frame_lost"), size_t{kFrames});
  EXPECT_EQ(Inversions(numbers), 0);
}

TEST_F(SimFramesTest, FramesAreRepeatedAndCounted) {
  Begin({.frame_duplicate_ppm = 100'000});
  const std::vector<int> numbers = Numbers(Send(net::Framing::kFrames));
  EXPECT_GT(Count("net.frame_duplicated"), kFrames / 20);
  EXPECT_EQ(numbers.size(), kFrames + Count("net.frame_duplicated"));
  EXPECT_GT(Inversions(numbers), 0);  // A repeated frame comes late.
}

TEST_F(SimFramesTest, FramesAreOvertakenAndCounted) {
  Begin({.frame_reorder_ppm = 100'000});
  std::vector<int> numbers = Numbers(Send(net::Framing::kFrames));
  EXPECT_GT(Count("net.frame_reordered"), kFrames / 20);
  EXPECT_GT(Inversions(numbers), kFrames / 40);
  std::sort(numbers.begin(), numbers.end());
  ASSERT_EQ(numbers.size(), size_t{kFrames});
  for (int i = 0; i < kFrames; ++i) EXPECT_EQ(numbers[size_t(i)], i);
}

TEST_F(SimFramesTest, FramesAreDamagedAndCounted) {
  Begin({.frame_corrupt_ppm = 100'000});
  const std::string got = Send(net::Framing::kFrames);
  size_t offset = 0;
  uint64_t damaged = 0;
  for (int i = 0; i < kFrames; ++i) {
    const std::string frame = Frame(i);
    damaged += got.substr(offset, frame.size()) != frame;
    offset += frame.size();
  }
  EXPECT_EQ(got.size(), offset);
  EXPECT_GT(damaged, uint64_t{kFrames / 20});
  // Two flips of the same bit may undo each other.
  EXPECT_LE(damaged, Count("net.frame_corrupted"));
  EXPECT_GE(damaged + 10, Count("net.frame_corrupted"));
}

TEST_F(SimFramesTest, ByteStreamsSufferNothingOfThis) {
  Begin({.frame_loss_ppm = 500'000,
         .frame_duplicate_ppm = 500'000,
         .frame_reorder_ppm = 500'000,
         .frame_corrupt_ppm = 500'000});
  std::string all;
  for (int i = 0; i < kFrames; ++i) all += Frame(i);
  EXPECT_EQ(Send(net::Framing::kBytes), all);
}

TEST_F(SimFramesTest, AFrameLargerThanTheWindowWaitsUntilItIsAlone) {
  Begin({.window_bytes = 100});
  const std::string large(5000, 'x');
  std::string got;
  Serve([&](Process& process, net::Stream& stream) {
    Sleep(process, absl::Seconds(1));
    got = ReadEverything(process, stream).text;
  });
  absl::Status early;
  Connect(
      [&](Process& process, net::Stream& stream) {
        ASSERT_TRUE(Write(process, stream, "small").ok());
        early = Write(process, stream, large, absl::Milliseconds(500));
        ASSERT_TRUE(Write(process, stream, large).ok());
        stream.CloseWrite();
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Seconds(5));
  EXPECT_TRUE(absl::IsDeadlineExceeded(early)) << early;
  EXPECT_EQ(got, "small" + large);
}

TEST_F(SimFramesTest, FramesThatRunIntoACutAreLost) {
  Begin();
  std::string got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream).text;
  });
  Connect(
      [](Process& process, net::Stream& stream) {
        for (int i = 0; i < 30; ++i) {
          ASSERT_TRUE(Write(process, stream, Frame(i)).ok());
          Sleep(process, absl::Milliseconds(100));
        }
        stream.CloseWrite();
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Milliseconds(950));
  network().Cut(kClient, kServer);
  world_->RunFor(absl::Seconds(1));
  network().HealAll();
  world_->RunFor(absl::Seconds(10));
  const uint64_t lost = Count("net.frame_cut");
  EXPECT_GE(lost, 9u);
  EXPECT_LE(lost, 11u);
  EXPECT_EQ(Numbers(got).size(), 30 - lost);
}

TEST_F(SimFramesTest, FramesThatRunIntoACutMayBeHeldUntilItHeals) {
  Begin({.latency_min = absl::Milliseconds(5),
         .latency_max = absl::Milliseconds(5),
         .frame_held_ppm = 1'000'000});
  std::string got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream).text;
  });
  Connect(
      [](Process& process, net::Stream& stream) {
        for (int i = 0; i < 30; ++i) {
          ASSERT_TRUE(Write(process, stream, Frame(i)).ok());
          Sleep(process, absl::Milliseconds(1));
        }
        stream.CloseWrite();
      },
      net::Framing::kFrames);
  // Some are under way when the link is cut, others leave afterwards.
  world_->RunFor(absl::Milliseconds(20));
  network().Cut(kClient, kServer);
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(got, "");
  network().HealAll();
  world_->RunFor(absl::Seconds(1));
  EXPECT_EQ(Numbers(got).size(), 30u);
  EXPECT_GT(Count("net.frame_held"), 10u);
  EXPECT_EQ(Count("net.frame_cut"), 0u);
}

TEST_F(SimFramesTest, HeldFramesOfTheDeadStillArrive) {
  Begin({.frame_held_ppm = 1'000'000});
  Everything got;
  Serve([&](Process& process, net::Stream& stream) {
    got = ReadEverything(process, stream, absl::Seconds(30));
  });
  Connect(
      [](Process& process, net::Stream& stream) {
        Sleep(process, absl::Seconds(1));
        ASSERT_TRUE(Write(process, stream, "a voice from the grave").ok());
      },
      net::Framing::kFrames);
  world_->RunFor(absl::Milliseconds(500));
  network().Cut(kClient, kServer);
  world_->RunFor(absl::Seconds(1));
  world_->PowerOff(kClient);
  world_->RunFor(absl::Seconds(1));
  network().HealAll();
  world_->RunFor(absl::Seconds(40));
  EXPECT_EQ(got.text, "a voice from the grave");
  EXPECT_TRUE(absl::IsDeadlineExceeded(got.end)) << got.end;
}

}  // namespace
}  // namespace sim
