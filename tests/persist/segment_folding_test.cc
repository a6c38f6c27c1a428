// What a boot takes over from the segments before it: enough that there are
// always few, and so little that it costs next to nothing.

#include "persist/segment_folding.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/random.h"

namespace persist {
namespace {

constexpr uint64_t kSegment = 64 << 10;

TEST(SegmentFoldingTest, ALittleIsAlwaysTakenAndAFullSegmentNever) {
  EXPECT_EQ(FirstToFold({}, kSegment), 0u);
  const std::vector<uint64_t> little = {kSegment, 100, 0, kSegment / 16};
  EXPECT_EQ(FirstToFold(little, kSegment), 1u);
  const std::vector<uint64_t> full = {kSegment, kSegment, kSegment - 512};
  EXPECT_EQ(FirstToFold(full, kSegment), 3u);
}

TEST(SegmentFoldingTest, MoreIsTakenOnlyTogetherWithHalfOfItsSize) {
  const std::vector<uint64_t> alone = {kSegment / 3};
  EXPECT_EQ(FirstToFold(alone, kSegment), 1u);
  const std::vector<uint64_t> together = {kSegment / 4, kSegment / 8};
  EXPECT_EQ(FirstToFold(together, kSegment), 0u);
  const std::vector<uint64_t> too_much = {kSegment / 3, kSegment / 4};
  EXPECT_EQ(FirstToFold(too_much, kSegment), 2u);
}

// Lives that write up to so much each, over and over.
struct Outcome {
  size_t segments = 0;
  uint64_t written = 0;
  uint64_t copied = 0;
};

Outcome LiveOften(uint64_t seed, uint64_t bytes_max) {
  runtime::Random dice(runtime::StreamSeed(seed, "lives"));
  Outcome outcome;
  std::vector<uint64_t> segments;
  for (int life = 0; life < 20'000; ++life) {
    const auto first = segments.begin() +
                       static_cast<ptrdiff_t>(FirstToFold(segments, kSegment));
    uint64_t live = std::accumulate(first, segments.end(), uint64_t{0});
    EXPECT_LE(live, kSegment / 2);
    outcome.copied += live;
    segments.erase(first, segments.end());
    uint64_t to_write = dice.Below(bytes_max + 1);
    outcome.written += to_write;
    while (live + to_write > kSegment) {
      to_write -= kSegment - live;
      segments.push_back(kSegment);
      live = 0;
    }
    segments.push_back(live + to_write);
    EXPECT_LE(segments.size(), outcome.written * 6 / kSegment + 4);
  }
  outcome.segments = segments.size();
  return outcome;
}

TEST(SegmentFoldingTest, ManyLivesLeaveFewSegmentsAndAreCopiedSeldom) {
  for (const uint64_t bytes_max :
       {uint64_t{0}, uint64_t{1}, uint64_t{512}, kSegment / 32, kSegment / 4,
        kSegment, 3 * kSegment}) {
    SCOPED_TRACE(bytes_max);
    const Outcome outcome = LiveOften(1, bytes_max);
    // An eighth of a segment at every boot, and each byte a few times.
    EXPECT_LE(outcome.copied, 20'000 * kSegment / 8 + 6 * outcome.written);
  }
}

}  // namespace
}  // namespace persist
