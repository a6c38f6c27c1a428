#include "persist/superblock.h"

#include <span>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/crc32c.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

Superblock MakeSuperblock(uint64_t incarnation) {
  Superblock superblock;
  superblock.cluster = runtime::ClusterId(7);
  superblock.node = runtime::NodeId(3);
  superblock.incarnation = runtime::Incarnation(incarnation);
  superblock.watermark = Lsn(40 + incarnation);
  superblock.identity = {.high = 0x1234, .low = incarnation};
  superblock.founding = 0xfeed + incarnation;
  superblock.stopped_clean = incarnation % 2 == 1;
  superblock.segments = {{.id = SegmentId(1), .first_lsn = Lsn(1), .salt = 8},
                         {.id = SegmentId(4), .first_lsn = Lsn(9), .salt = 6}};
  SuperblockGroup group;
  group.group = runtime::GroupId(1);
  group.head_index = Index(5);
  group.head_term = Term(2);
  group.hard_state = {
      .term = Term(3), .vote = runtime::NodeId(1), .commit = Index(6)};
  superblock.groups = {group};
  return superblock;
}

std::unique_ptr<SuperblockFile> MustOpen(ModelDisk& disk) {
  absl::StatusOr<std::unique_ptr<SuperblockFile>> file =
      SuperblockFile::Open(disk);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

TEST(SuperblockTest, ComesBackAndNoBitOfItMayFlip) {
  const Superblock superblock = MakeSuperblock(1);
  const std::vector<std::byte> good = EncodeSuperblock(superblock);
  const absl::StatusOr<Superblock> back = DecodeSuperblock(good);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, superblock);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::vector<std::byte> bad = good;
    bad[bit / 8] ^= std::byte{static_cast<uint8_t>(1u << (bit % 8))};
    EXPECT_FALSE(DecodeSuperblock(bad).ok()) << "bit " << bit;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    const std::vector<std::byte> part(
        good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(DecodeSuperblock(part).ok()) << size;
  }
}

// As a version wrote it that had `fixed_bytes` before the tables.
std::vector<std::byte> EncodeAsVersion(uint8_t version, size_t fixed_bytes,
                                       const Superblock& superblock) {
  constexpr size_t kFixedBytesNow = 104;
  std::vector<std::byte> old = EncodeSuperblock(superblock);
  const auto begin = old.begin();
  old.erase(begin + static_cast<std::ptrdiff_t>(fixed_bytes),
            begin + static_cast<std::ptrdiff_t>(kFixedBytesNow));
  old[8] = std::byte{version};
  old[12] = static_cast<std::byte>(old.size());
  old[13] = static_cast<std::byte>(old.size() >> 8);
  const uint32_t crc = runtime::Crc32c(std::span(old).first(old.size() - 4));
  for (size_t i = 0; i < 4; ++i) {
    old[old.size() - 4 + i] = static_cast<std::byte>(crc >> (8 * i));
  }
  return old;
}

// Directories of the versions before: what they had is read, and what they had
// not is none.
TEST(SuperblockTest, EarlierVersionsAreReadAndCarriedOver) {
  Superblock second = MakeSuperblock(1);
  const size_t size_now = EncodeSuperblock(second).size();
  second.founding = 0;
  Superblock first = second;
  first.identity = {};
  first.stopped_clean = false;
  for (const auto& [old, expected] :
       {std::pair(EncodeAsVersion(2, 96, second), second),
        std::pair(EncodeAsVersion(1, 72, first), first)}) {
    const absl::StatusOr<Superblock> back = DecodeSuperblock(old);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, expected);
    EXPECT_EQ(EncodeSuperblock(*back).size(), size_now);
  }
}

TEST(SuperblockTest, NewestSlotWins) {
  ModelDisk disk;
  ASSERT_TRUE(SuperblockFile::Create(disk, MakeSuperblock(1)).ok());
  for (uint64_t life = 2; life <= 5; ++life) {
    auto file = MustOpen(disk);
    EXPECT_EQ(file->newest().incarnation, runtime::Incarnation(life - 1));
    ASSERT_TRUE(file->Write(MakeSuperblock(life)).ok());
    EXPECT_EQ(file->older()->incarnation, runtime::Incarnation(life - 1));
  }
  EXPECT_EQ(MustOpen(disk)->newest().incarnation, runtime::Incarnation(5));
}

TEST(SuperblockTest, TornWriteLeavesTheOneBefore) {
  ModelDisk disk;
  ASSERT_TRUE(SuperblockFile::Create(disk, MakeSuperblock(1)).ok());
  auto file = MustOpen(disk);
  Superblock large = MakeSuperblock(2);
  for (uint64_t id = 5; id < 100; ++id) {
    large.segments.push_back(
        {.id = SegmentId(id), .first_lsn = Lsn(id), .salt = 1});
  }
  disk.DieAfter(1);  // The write happens, the sync does not.
  ASSERT_FALSE(file->Write(large).ok());
  const std::vector<size_t> all(disk.Choices().size(), 1);
  ASSERT_GT(all.size(), 3u);
  EXPECT_EQ(MustOpen(*disk.AfterPowerCut(all))->newest().incarnation,
            runtime::Incarnation(2));
  for (size_t lost = 0; lost < all.size(); ++lost) {
    std::vector<size_t> choices = all;
    choices[lost] = 0;
    EXPECT_EQ(MustOpen(*disk.AfterPowerCut(choices))->newest().incarnation,
              runtime::Incarnation(1))
        << "sector " << lost;
  }
}

TEST(SuperblockTest, TwoBadSlotsAreRefused) {
  ModelDisk disk;
  ASSERT_TRUE(SuperblockFile::Create(disk, MakeSuperblock(1)).ok());
  ASSERT_TRUE(MustOpen(disk)->Write(MakeSuperblock(2)).ok());
  disk.FlipBit(kSuperblockPath, 100);
  EXPECT_TRUE(MustOpen(disk)->newest().incarnation == runtime::Incarnation(1));
  disk.FlipBit(kSuperblockPath, kSuperblockSlotBytes * 8 + 100);
  const absl::Status refused = SuperblockFile::Open(disk).status();
  EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
}

TEST(SuperblockTest, MissingFileIsAFreshDisk) {
  ModelDisk disk;
  EXPECT_TRUE(absl::IsNotFound(SuperblockFile::Open(disk).status()));
}

TEST(SuperblockTest, TooManySegmentsAreRefusedBeforeAnythingIsWritten) {
  ModelDisk disk;
  ASSERT_TRUE(SuperblockFile::Create(disk, MakeSuperblock(1)).ok());
  auto file = MustOpen(disk);
  Superblock superblock = MakeSuperblock(2);
  superblock.segments.resize(kSuperblockSegmentsMax + 1);
  const uint64_t before = disk.changes();
  EXPECT_TRUE(absl::IsResourceExhausted(file->Write(superblock)));
  EXPECT_EQ(disk.changes(), before);
  superblock.segments.resize(kSuperblockSegmentsMax);
  superblock.groups.resize(kSuperblockGroupsMax);
  EXPECT_TRUE(file->Write(superblock).ok());
  EXPECT_EQ(MustOpen(disk)->newest().segments.size(), kSuperblockSegmentsMax);
}

}  // namespace
}  // namespace persist
