#include "persist/wal_inspection.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<ModelDisk> Written(const std::vector<Batch>& story,
                                   uint64_t segment_bytes) {
  auto disk = std::make_unique<ModelDisk>();
  const Life life = Live(*disk, StoryOptions(segment_bytes), story);
  EXPECT_TRUE(life.status.ok()) << life.status;
  EXPECT_TRUE(life.writer->Seal().ok());
  return disk;
}

// The bytes of all files.
std::vector<std::string> Contents(ModelDisk& disk) {
  std::vector<std::string> all;
  for (const std::string& path : disk.Files()) {
    std::vector<std::byte> bytes(disk.FileBytes(path));
    const auto file = *disk.Open(path, OpenMode::kRead);
    EXPECT_EQ(*file->ReadAt(0, bytes), bytes.size());
    all.push_back(path);
    all.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return all;
}

TEST(WalInspectionTest, ItSeesWhatRecoverySeesAndChangesNothing) {
  const std::vector<Batch> story = ShortStory();
  for (const size_t sectors : {2u, 4u, 64u}) {
    const auto disk = Written(story, sectors * kSectorBytes);
    const std::vector<std::string> before = Contents(*disk);
    const absl::StatusOr<WalInspection> seen = InspectWal(*disk);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_TRUE(seen->damage.ok()) << seen->damage;
    EXPECT_EQ(Describe(seen->groups), StateAfter(story, story.size()));
    EXPECT_EQ(Contents(*disk), before);
    EXPECT_EQ(seen->superblock.node, StoryOptions().node);
  }
}

TEST(WalInspectionTest, SegmentsSayWhatWasWrittenIntoThem) {
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= 5; ++i) {
    story.push_back({Step().State(1, 1).Entry(i, 1, "entry").store});
  }
  const auto disk = Written(story, 3 * kSectorBytes);
  const absl::StatusOr<WalInspection> seen = InspectWal(*disk);
  ASSERT_TRUE(seen.ok()) << seen.status();
  uint64_t frames = 0;
  Index next(1);
  for (const WalInspection::Segment& segment : seen->segments) {
    frames += segment.frames;
    EXPECT_EQ(segment.used_bytes,
              kSegmentHeaderBytes + segment.frames * kSectorBytes);
    EXPECT_GE(segment.file_bytes, segment.used_bytes);
    for (const WalInspection::Written& written : segment.written) {
      EXPECT_EQ(written.group, kGroup);
      EXPECT_EQ(written.first, next);
      EXPECT_EQ(written.last.value(),
                written.first.value() + written.records - 1);
      next = written.last.Next();
    }
  }
  EXPECT_GE(seen->segments.size(), 2u);
  EXPECT_EQ(frames, 5u);
  EXPECT_EQ(next, Index(6));
}

TEST(WalInspectionTest, DamageIsNamedAndWhatPrecedesItIsShown) {
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= 5; ++i) {
    story.push_back({Step().State(1, 1).Entry(i, 1, "entry").store});
  }
  const auto disk = Written(story, 16 * kSectorBytes);
  disk->FlipBit("0000000000000001.wal",
                (kSegmentHeaderBytes + 2 * kSectorBytes + 50) * 8);
  const absl::StatusOr<WalInspection> seen = InspectWal(*disk);
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(std::string(seen->damage.message()),
              HasSubstr("0000000000000001.wal offset 1536: frame 3"));
  EXPECT_EQ(Describe(seen->groups), StateAfter(story, 2));
  ASSERT_EQ(seen->segments.size(), 1u);
  EXPECT_EQ(seen->segments[0].frames, 2u);
}

TEST(WalInspectionTest, ADiskWithoutALogIsNotADamagedOne) {
  ModelDisk empty;
  EXPECT_TRUE(absl::IsNotFound(InspectWal(empty).status()));
  const auto lost = Written(ShortStory(), 64 * kSectorBytes);
  ASSERT_TRUE(lost->Remove(kSuperblockPath).ok());
  EXPECT_TRUE(absl::IsDataLoss(InspectWal(*lost).status()));
}

}  // namespace
}  // namespace persist
