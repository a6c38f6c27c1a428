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

// ---- a file that is shorter than it was

void CutFile(ModelDisk& disk, absl::string_view path, uint64_t size) {
  auto file = disk.Open(path, OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok() && (*file)->Truncate(size).ok());
}

void Zero(ModelDisk& disk, absl::string_view path, uint64_t begin,
          uint64_t end) {
  auto file = disk.Open(path, OpenMode::kReadWrite);
  const std::vector<std::byte> zeros(end - begin);
  ASSERT_TRUE(file.ok() && (*file)->WriteAt(begin, zeros).ok());
}

// The live segment is set aside in full before anything is put into it, so that
// no crash makes it shorter: it never passes for a torn tail, be it that all
// frames are still there.
TEST(WalCorruptionTest, ALiveSegmentThatIsShorterIsRefusedWhereverItEnds) {
  const auto disk = Written(FiveEntries(), kOneSegment, /*sealed=*/false);
  const uint64_t whole = disk->FileBytes(kFirstSegment);
  ASSERT_EQ(whole, kSegmentHeaderBytes + kOneSegment);
  for (uint64_t size = 0; size < whole; size += kSectorBytes / 2) {
    SCOPED_TRACE(size);
    const auto bad = disk->Clone();
    CutFile(*bad, kFirstSegment, size);
    ExpectRefused(*bad, kFirstSegment);
  }
  const auto bad = disk->Clone();
  CutFile(*bad, kFirstSegment, FrameOffset(3));
  ExpectRefused(*bad,
                "0000000000000001.wal offset 1536: frame 3 of group unknown, "
                "its head is damaged: no room for a frame; the file ends at "
                "offset 1536, 8704 bytes were set aside for it");
}

// A segment that was left gives back its empty room, and is shorter on purpose.
TEST(WalCorruptionTest, ASegmentThatWasLeftMayEndWithItsLastFrame) {
  const std::vector<Batch> story = FiveEntries();
  auto disk = Written(story, 4 * kSectorBytes, /*sealed=*/false);
  for (int life = 0; life < 3; ++life) ExpectRecovers(*disk, story, 5);
}

// ---- zeros where frames were

constexpr uint64_t kPage = 4096;

std::vector<Batch> ManyEntries() {
  std::vector<Batch> story;
  for (uint64_t i = 1; i <= 20; ++i) {
    story.push_back({Step().State(1, 1).Entry(i, 1, "entry").store});
  }
  return story;
}

TEST(WalCorruptionTest, APageOfZerosBeforeAFrameIsRefused) {
  const auto disk = Written(ManyEntries(), 64 * kSectorBytes, false);
  for (uint64_t lsn = 1; FrameOffset(lsn) + kPage < FrameOffset(21); ++lsn) {
    const auto bad = disk->Clone();
    Zero(*bad, kFirstSegment, FrameOffset(lsn), FrameOffset(lsn) + kPage);
    ExpectRefused(*bad, absl::StrCat("offset ", FrameOffset(lsn), ": frame ",
                                     lsn, " of group unknown"));
  }
}

// What a seal says must not stand beside what it speaks of.
TEST(WalCorruptionTest, APageOfZerosAtTheEndOfASealedLogIsRefused) {
  const auto disk = Written(ManyEntries(), 64 * kSectorBytes, /*sealed=*/true);
  for (uint64_t lsn = 1; lsn <= 20; ++lsn) {
    const auto bad = disk->Clone();
    Zero(*bad, kFirstSegment, FrameOffset(lsn), FrameOffset(21) + kPage);
    ExpectRefused(*bad,
                  absl::StrCat("offset ", FrameOffset(lsn), ": frame ", lsn,
                               " of group unknown, its head is "
                               "damaged: no frame begins here; it was "
                               "durable: the watermark is 20"));
  }
}

// Ended in good order; the writer is gone.
std::unique_ptr<ModelDisk> Closed(const std::vector<Batch>& story,
                                  uint64_t segment_bytes) {
  auto disk = std::make_unique<ModelDisk>();
  const Life life = Live(*disk, StoryOptions(segment_bytes), story);
  EXPECT_TRUE(life.status.ok()) << life.status;
  EXPECT_TRUE(life.writer->Close().ok());
  return disk;
}

// Neither with one slot of the superblock rotten.
TEST(WalCorruptionTest, NothingIsMissingAfterALifeThatEndedInGoodOrder) {
  const std::vector<Batch> story = ManyEntries();
  const auto disk = Closed(story, 64 * kSectorBytes);
  for (const int rotten : {-1, 0, 1}) {
    SCOPED_TRACE(rotten);
    const auto base = disk->Clone();
    if (rotten >= 0) {
      base->FlipBit(
          kSuperblockPath,
          8 * (static_cast<uint64_t>(rotten) * kSuperblockSlotBytes + 100));
    }
    ExpectRecovers(*base->Clone(), story, story.size());
    for (uint64_t lsn = 1; lsn <= 20; ++lsn) {
      const auto bad = base->Clone();
      Zero(*bad, kFirstSegment, FrameOffset(lsn), FrameOffset(21) + kPage);
      ExpectRefused(*bad, absl::StrCat("offset ", FrameOffset(lsn)));
    }
  }
}

TEST(WalCorruptionTest, AFrameBehindAnEndInGoodOrderIsRefused) {
  const std::vector<Batch> story = FiveEntries();
  ModelDisk disk;
  Life life =
      Live(disk, StoryOptions(kOneSegment), {story.begin(), story.begin() + 4});
  ASSERT_TRUE(life.status.ok()) << life.status;
  ASSERT_TRUE(life.writer->Close().ok());
  const std::vector<std::byte> closed = BytesOfSuperblock(disk);
  WalBatch batch;
  batch.Add(story[4].front(), life.writer->tails());
  ASSERT_TRUE(life.writer->Append(batch).ok());
  SetSuperblock(disk, closed);
  ExpectRefused(disk,
                "0000000000000001.wal offset 2560: frame 5 of group 1: a frame "
                "behind the end of the log; the last life ended in good order "
                "with frame 4");
}

// The next life was published, wrote, and then its slot rotted: the one that is
// left says that all had ended in good order, and is of another life.
TEST(WalCorruptionTest, AnOldEndInGoodOrderDoesNotEndTheLifeAfterIt) {
  const std::vector<Batch> story = FiveEntries();
  const std::vector<Batch> before(story.begin(), story.begin() + 3);
  const auto disk = Closed(before, kOneSegment);
  const std::vector<std::byte> closed = BytesOfSuperblock(*disk);
  ASSERT_TRUE(Live(*disk, StoryOptions(kOneSegment), story, 3).status.ok());
  SetSuperblock(*disk, closed);
  ExpectRecovers(*disk, story, 5);
}

// ---- folding

// The boot that folded was published, wrote, and then its slot rotted: the one
// that is left lists the segments that were folded, which are still there.
TEST(WalCorruptionTest, ARottenSlotDoesNotBringBackWhatWasFolded) {
  const std::vector<Batch> story = FiveEntries();
  ModelDisk disk;
  std::vector<std::byte> before;
  for (size_t life = 1; life <= story.size(); ++life) {
    before = life > 1 ? BytesOfSuperblock(disk) : before;
    const std::vector<Batch> until(
        story.begin(), story.begin() + static_cast<ptrdiff_t>(life));
    const Life lived = Live(disk, StoryOptions(kOneSegment), until, life - 1);
    ASSERT_TRUE(lived.status.ok()) << lived.status;
    if (life == 1) continue;
    const auto bad = disk.Clone();
    SetSuperblock(*bad, before);
    ExpectRecovers(*bad, story, life);
  }
}

// A segment says in its header what it had from the beginning: none of that can
// pass for a torn tail, not even before anybody listed it.
TEST(WalCorruptionTest, WhatABootFoldedIsNeverATornTail) {
  const std::vector<Batch> story = FiveEntries();
  const auto disk = Written(story, kOneSegment, /*sealed=*/false);
  const std::vector<std::byte> before = BytesOfSuperblock(*disk);
  ASSERT_TRUE(Recover(*disk).status.ok());
  SetSuperblock(*disk, before);
  for (uint64_t offset = kSegmentHeaderBytes;
       offset < disk->FileBytes("0000000000000002.wal");
       offset += kSectorBytes) {
    const auto bad = disk->Clone();
    bad->FlipBit("0000000000000002.wal", 8 * (offset + 20));
    const Life life = Recover(*bad);
    if (life.status.ok()) {
      EXPECT_EQ(Describe(life.recovered->groups), StateAfter(story, 5));
      EXPECT_GT(offset, kSegmentHeaderBytes);
    } else {
      EXPECT_TRUE(absl::IsDataLoss(life.status)) << life.status;
    }
  }
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
