// Damage to what was acknowledged is refused, never dropped; a torn tail is
// dropped, never refused.

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "persist/superblock.h"
#include "persist/wal_recovery.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

using ::testing::HasSubstr;

// All of the story in one life; sealed if `sealed`.
std::unique_ptr<ModelDisk> Written(const std::vector<Batch>& story,
                                   uint64_t segment_bytes, bool sealed) {
  auto disk = std::make_unique<ModelDisk>();
  const Life life = Live(*disk, StoryOptions(segment_bytes), story);
  EXPECT_TRUE(life.status.ok()) << life.status;
  if (sealed) {
    EXPECT_TRUE(life.writer->Seal().ok());
  }
  return disk;
}

constexpr uint64_t kOneSegment = 16 * kSectorBytes;
constexpr uint64_t kManySegments = 2 * kSectorBytes;
constexpr absl::string_view kFirstSegment = "0000000000000001.wal";

// Five batches of one small entry each: a sector each, when in one segment.
std::vector<Batch> FiveEntries() {
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= 5; ++i) {
    story.push_back({Step().State(1, 1).Entry(i, 1, "entry").store});
  }
  return story;
}

uint64_t FrameOffset(uint64_t lsn) {
  return kSegmentHeaderBytes + (lsn - 1) * kSectorBytes;
}

Life Recover(ModelDisk& disk) { return Live(disk, StoryOptions(), {}); }

void ExpectRefused(ModelDisk& disk, absl::string_view with) {
  const Life life = Recover(disk);
  EXPECT_TRUE(absl::IsDataLoss(life.status)) << life.status;
  EXPECT_THAT(std::string(life.status.message()), HasSubstr(std::string(with)));
}

void ExpectRecovers(ModelDisk& disk, const std::vector<Batch>& story,
                    size_t batches) {
  const Life life = Recover(disk);
  ASSERT_TRUE(life.status.ok()) << life.status;
  EXPECT_EQ(Describe(life.recovered->groups), StateAfter(story, batches));
}

// Any one flipped bit of a log, be it in one segment or in many, is refused or
// does no harm.
TEST(WalCorruptionTest, NoFlippedBitEverShortensASealedLog) {
  const std::vector<Batch> story = ShortStory();
  const std::string whole = StateAfter(story, story.size());
  for (const uint64_t segment_bytes : {kOneSegment, kManySegments}) {
    const auto disk = Written(story, segment_bytes, /*sealed=*/true);
    size_t refused = 0;
    for (const std::string& path : disk->Files()) {
      if (path == kSuperblockPath) continue;
      for (uint64_t byte = 0; byte < disk->FileBytes(path); ++byte) {
        const auto bad = disk->Clone();
        bad->FlipBit(path, byte * 8 + byte % 8);
        const Life life = Recover(*bad);
        if (life.status.ok()) {
          ASSERT_EQ(Describe(life.recovered->groups), whole)
              << path << " byte " << byte;
        } else {
          ASSERT_TRUE(absl::IsDataLoss(life.status)) << life.status;
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, 4000u);
  }
}

// The older slot and the segments themselves tell all that the newest knew.
TEST(WalCorruptionTest, NoFlippedBitOfTheSuperblockLosesAnything) {
  const std::vector<Batch> story = ShortStory();
  auto disk = Written(story, kManySegments, /*sealed=*/false);
  // The third life drops the segment of the second, which wrote nothing; the
  // older slot still names it.
  Recover(*disk);
  Recover(*disk);
  const runtime::Incarnation last = Recover(*disk).recovered->incarnation;
  for (uint64_t byte = 0; byte < disk->FileBytes(kSuperblockPath); ++byte) {
    // The slots are mostly empty: look at the whole used part, sample the rest.
    if (byte % kSuperblockSlotBytes > 400 && byte % 4099 != 0) continue;
    const auto bad = disk->Clone();
    bad->FlipBit(kSuperblockPath, byte * 8 + byte % 8);
    const Life life = Recover(*bad);
    ASSERT_TRUE(life.status.ok()) << byte << ": " << life.status;
    ASSERT_EQ(Describe(life.recovered->groups),
              StateAfter(story, story.size()));
    ASSERT_GT(life.recovered->incarnation, last) << "byte " << byte;
  }
}

std::vector<std::byte> BytesOfSuperblock(ModelDisk& disk) {
  std::vector<std::byte> bytes(disk.FileBytes(kSuperblockPath));
  auto file = disk.Open(kSuperblockPath, OpenMode::kRead);
  EXPECT_TRUE(file.ok() && (*file)->ReadAt(0, bytes).ok());
  return bytes;
}

void SetSuperblock(ModelDisk& disk, std::span<const std::byte> bytes) {
  auto file = disk.Open(kSuperblockPath, OpenMode::kReadWrite);
  EXPECT_TRUE(file.ok() && (*file)->WriteAt(0, bytes).ok());
}

// The device said that the newest superblock is written, and it is not.
TEST(WalCorruptionTest, ALostWriteOfTheSuperblockLosesNothing) {
  const std::vector<Batch> story = ShortStory();
  auto disk = Written(story, kManySegments, /*sealed=*/false);
  for (int life = 0; life < 4; ++life) {
    const std::vector<std::byte> before = BytesOfSuperblock(*disk);
    const runtime::Incarnation last = Recover(*disk).recovered->incarnation;
    const auto bad = disk->Clone();
    SetSuperblock(*bad, before);
    const Life next = Recover(*bad);
    ASSERT_TRUE(next.status.ok()) << "life " << life << ": " << next.status;
    EXPECT_EQ(Describe(next.recovered->groups),
              StateAfter(story, story.size()));
    EXPECT_GT(next.recovered->incarnation, last);
  }
}

// The newest superblock went to the place of the one before it, which is gone:
// an old one is left. It leads to all there is, or to a segment that is gone.
TEST(WalCorruptionTest, ASuperblockInTheWrongSlotIsNotBelieved) {
  const std::vector<Batch> story = ShortStory();
  auto disk = Written(story, kManySegments, /*sealed=*/false);
  int recovered = 0;
  for (int life = 0; life < 4; ++life) {
    const std::vector<std::byte> before = BytesOfSuperblock(*disk);
    const runtime::Incarnation last = Recover(*disk).recovered->incarnation;
    std::vector<std::byte> bytes = BytesOfSuperblock(*disk);
    const auto second =
        bytes.begin() + static_cast<ptrdiff_t>(kSuperblockSlotBytes);
    const bool first_is_new =
        std::equal(second, bytes.end(), before.end() - (bytes.end() - second));
    const size_t from = first_is_new ? 0 : kSuperblockSlotBytes;
    const size_t to = kSuperblockSlotBytes - from;
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(from), kSectorBytes,
                bytes.begin() + static_cast<ptrdiff_t>(to));
    std::copy_n(before.begin() + static_cast<ptrdiff_t>(from), kSectorBytes,
                bytes.begin() + static_cast<ptrdiff_t>(from));
    const auto bad = disk->Clone();
    SetSuperblock(*bad, bytes);
    const Life next = Recover(*bad);
    if (absl::IsDataLoss(next.status)) continue;
    ASSERT_TRUE(next.status.ok()) << next.status;
    ++recovered;
    EXPECT_EQ(Describe(next.recovered->groups),
              StateAfter(story, story.size()));
    EXPECT_GT(next.recovered->incarnation, last);
  }
  EXPECT_GT(recovered, 0);
}

TEST(WalCorruptionTest, DamageIsNamedByFileOffsetLsnGroupAndIndex) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  const uint64_t head_bytes =
      kFrameFixedBytes + kFrameGroupBytes + kFrameRecordBytes;
  disk->FlipBit(kFirstSegment, 8 * (FrameOffset(3) + head_bytes));
  ExpectRefused(*disk,
                "0000000000000001.wal offset 1536: frame 3 of group 1: "
                "checksum of the payload of group 1 index 3; it was durable: "
                "frame 4 at offset 2048 says so");
}

TEST(WalCorruptionTest, LastFrameUnsealedIsATornTail) {
  const std::vector<Batch> story = FiveEntries();
  auto disk = Written(story, kOneSegment, /*sealed=*/false);
  disk->FlipBit(kFirstSegment, 8 * (FrameOffset(5) + 20));
  ExpectRecovers(*disk, story, 4);
}

TEST(WalCorruptionTest, LastFrameSealedIsNot) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/true);
  disk->FlipBit(kFirstSegment, 8 * (FrameOffset(5) + 20));
  ExpectRefused(*disk, "frame 5 of group unknown");
}

TEST(WalCorruptionTest, LastFrameOfAnEarlierLifeIsNot) {
  const std::vector<Batch> story = FiveEntries();
  auto disk = Written(story, kOneSegment, /*sealed=*/false);
  ASSERT_TRUE(Recover(*disk).status.ok());
  // The new life wrote it again, into its own segment, and vouches for it.
  disk->FlipBit("0000000000000002.wal", 8 * (FrameOffset(1) + 20));
  ExpectRefused(*disk, "it was durable: the watermark is 5");
}

TEST(WalCorruptionTest, HoleBeforeALaterSegmentIsRefused) {
  const std::vector<Batch> story = FiveEntries();
  auto disk = Written(story, kManySegments, /*sealed=*/false);
  disk->FlipBit(kFirstSegment, 8 * (FrameOffset(2) + 20));
  ExpectRefused(*disk, "frame 2");
}

TEST(WalCorruptionTest, MissingSegmentIsRefused) {
  for (const char* path : {"0000000000000001.wal", "0000000000000002.wal"}) {
    auto disk = Written(FiveEntries(), kManySegments, /*sealed=*/false);
    ASSERT_TRUE(disk->Remove(path).ok());
    ExpectRefused(*disk, absl::StrCat(path, ": the superblock lists it"));
  }
}

TEST(WalCorruptionTest, MissingSuperblockIsRefused) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  ASSERT_TRUE(disk->Remove(kSuperblockPath).ok());
  ExpectRefused(*disk, "superblock: missing");
}

TEST(WalCorruptionTest, SegmentsThatChangedPlacesAreRefused) {
  auto disk = Written(FiveEntries(), kManySegments, /*sealed=*/false);
  const char* first = "0000000000000001.wal";
  const char* second = "0000000000000002.wal";
  ASSERT_TRUE(disk->Rename(first, "aside").ok());
  ASSERT_TRUE(disk->Rename(second, first).ok());
  ASSERT_TRUE(disk->Rename("aside", second).ok());
  ExpectRefused(*disk, "another segment (2");
}

// A write that the disk put where an earlier frame stood: all of its own
// checksums are right.
TEST(WalCorruptionTest, MisdirectedFrameIsRefused) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  auto file = disk->Open(kFirstSegment, OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok());
  std::vector<std::byte> frame(kSectorBytes);
  ASSERT_TRUE((*file)->ReadAt(FrameOffset(4), frame).ok());
  ASSERT_TRUE((*file)->WriteAt(FrameOffset(2), frame).ok());
  ExpectRefused(*disk, "frame 2 of group 1: here stands the frame 4");
}

// A frame that is whole but older: the write of a later one never arrived.
TEST(WalCorruptionTest, LostWriteIsRefused) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  auto file = disk->Open(kFirstSegment, OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok());
  const std::vector<std::byte> zeros(kSectorBytes);
  ASSERT_TRUE((*file)->WriteAt(FrameOffset(2), zeros).ok());
  ExpectRefused(*disk, "frame 2 of group unknown");
}

TEST(WalCorruptionTest, TruncatedSegmentIsRefused) {
  auto disk = Written(FiveEntries(), kManySegments, /*sealed=*/false);
  auto file = disk->Open(kFirstSegment, OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Truncate(FrameOffset(2)).ok());
  ExpectRefused(*disk, "frame 2");
}

// It might have been the last thing that was acknowledged.
TEST(WalCorruptionTest, UnreadableSegmentIsNeverATornTail) {
  auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  disk->FailReadsOf(kFirstSegment);
  ExpectRefused(*disk, "0000000000000001.wal offset 0: EIO");
}

TEST(WalCorruptionTest, ForeignFilesAreLeftAlone) {
  const std::vector<Batch> story = FiveEntries();
  auto disk = Written(story, kOneSegment, /*sealed=*/false);
  ASSERT_TRUE(disk->Open("notes.txt", OpenMode::kCreateExclusive).ok());
  ExpectRecovers(*disk, story, story.size());
  EXPECT_TRUE(disk->Open("notes.txt", OpenMode::kRead).ok());
}

}  // namespace
}  // namespace persist
