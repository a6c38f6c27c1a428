// Very many lives of one log: what they leave behind stays bounded, and what
// goes wrong late in a boot leaves nothing that adds up.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "persist/superblock.h"
#include "persist/wal_recovery.h"
#include "runtime/random.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

uint64_t BytesOf(const ModelDisk& disk) {
  uint64_t bytes = 0;
  for (const std::string& path : disk.Files()) {
    if (path != kSuperblockPath) bytes += disk.FileBytes(path);
  }
  return bytes;
}

size_t ListedSegments(ModelDisk& disk) {
  const absl::StatusOr<Superblock> superblock = SuperblockFile::Read(disk);
  EXPECT_TRUE(superblock.ok()) << superblock.status();
  return superblock.ok() ? superblock->segments.size() : 0;
}

Batch Entry(uint64_t index) {
  return {Step().State(1, 1).Entry(index, 1, "entry").store};
}

// Ten thousand boots; now and then one of them writes a little, ends in good
// order, or is killed on the way.
TEST(WalLivesTest, TenThousandBootsLeaveFewFilesAndFewBytes) {
  constexpr uint64_t kSegmentBytes = 64 * kSectorBytes;
  const WalOptions options = StoryOptions(kSegmentBytes);
  runtime::Random dice(runtime::StreamSeed(1, "lives"));
  ModelDisk disk;
  std::vector<Batch> story;
  for (int boot = 0; boot < 10'000; ++boot) {
    SCOPED_TRACE(absl::StrCat("boot ", boot));
    const bool writes = dice.Chance(15'000);
    const bool dies = dice.Chance(50'000);
    const uint64_t die_after = dice.Below(12);
    const size_t first = story.size();
    if (writes) story.push_back(Entry(first + 1));
    if (dies) disk.DieAfter(die_after);
    const Life life = Live(disk, options, story, first);
    if (!life.status.ok()) {
      ASSERT_TRUE(dies) << life.status;
      // It may have been written, and must not be, to be written once more.
      disk.Restart();
      const Life next = Live(disk, options, story, story.size());
      ASSERT_TRUE(next.status.ok()) << next.status;
      const bool there =
          Describe(next.recovered->groups) == StateAfter(story, story.size());
      if (!there) story.resize(first);
    } else if (dice.Chance(300'000)) {
      disk.Restart();  // It may still have been about to die.
      ASSERT_TRUE(life.writer->Close().ok());
    }
    disk.Restart();
    const uint64_t used = story.size() * kSectorBytes;
    ASSERT_LE(ListedSegments(disk), used * 6 / kSegmentBytes + 4);
    ASSERT_LE(disk.Files().size(), used * 6 / kSegmentBytes + 10);
    // The live segment, two that are on their way out, and what is in use.
    ASSERT_LE(BytesOf(disk), 2 * used + 4 * kSegmentBytes);
  }
  EXPECT_GT(story.size(), 100u);
  const Life last = Live(disk, options, story, story.size());
  ASSERT_TRUE(last.status.ok()) << last.status;
  EXPECT_EQ(Describe(last.recovered->groups), StateAfter(story, story.size()));
}

// A log of an older version may have used up every place in the superblock,
// with next to nothing in each segment.
TEST(WalLivesTest, ASuperblockFullOfShortSegmentsStartsAndIsSoonNot) {
  ModelDisk disk;
  std::vector<Batch> story;
  {
    // Each frame rolls: a segment for each.
    for (uint64_t i = 1; i <= kSuperblockSegmentsMax; ++i) {
      story.push_back(Entry(i));
    }
    const Life life = Live(disk, StoryOptions(kSectorBytes), story);
    ASSERT_TRUE(life.status.ok()) << life.status;
  }
  ASSERT_EQ(ListedSegments(disk), kSuperblockSegmentsMax);
  disk.Restart();
  const size_t files = disk.Files().size();
  // One more frame does not fit, and nothing is left of the attempt.
  story.push_back(Entry(story.size() + 1));
  story.push_back(Entry(story.size() + 1));
  for (int boot = 0; boot < 20; ++boot) {
    const Life full =
        Live(disk, StoryOptions(kSectorBytes), story, kSuperblockSegmentsMax);
    EXPECT_TRUE(absl::IsResourceExhausted(full.status)) << full.status;
    disk.Restart();
    ASSERT_LE(disk.Files().size(), files + 1);
  }
  story.resize(kSuperblockSegmentsMax);
  const Life life =
      Live(disk, StoryOptions(512 * kSectorBytes), story, story.size());
  ASSERT_TRUE(life.status.ok()) << life.status;
  EXPECT_EQ(Describe(life.recovered->groups), StateAfter(story, story.size()));
  EXPECT_LT(ListedSegments(disk), kSuperblockSegmentsMax - 200);
}

// Every boot is cut short in the same place, be it by a supervisor without
// patience: what they leave does not add up.
TEST(WalLivesTest, BootsThatAllDieInTheSamePlaceDoNotFillTheDisk) {
  const WalOptions options = StoryOptions(16 * kSectorBytes);
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= 5; ++i) story.push_back(Entry(i));
  for (uint64_t at = 0;; ++at) {
    SCOPED_TRACE(absl::StrCat("dies at ", at));
    ModelDisk disk;
    ASSERT_TRUE(Live(disk, options, story).status.ok());
    disk.Restart();
    bool any_died = false;
    for (int boot = 0; boot < 40; ++boot) {
      disk.DieAfter(at);
      Live(disk, options, {});
      any_died = any_died || disk.dead();
      disk.Restart();
      ASSERT_LE(disk.Files().size(), 8u);
    }
    const Life life = Live(disk, options, {});
    ASSERT_TRUE(life.status.ok()) << life.status;
    EXPECT_EQ(Describe(life.recovered->groups),
              StateAfter(story, story.size()));
    if (!any_died) return;
  }
}

}  // namespace
}  // namespace persist
