#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "sim/sim_file.h"

namespace sim {
namespace {

using Content = std::vector<std::byte>;

constexpr size_t kSector = persist::kSectorBytes;

void Ignore(uint64_t, std::span<const std::byte>) {}

Content Fill(size_t size, uint8_t value) {
  return Content(size, std::byte{value});
}

std::byte Cached(const SimFile& file, uint64_t at) {
  std::byte byte{};
  file.Read(at, {&byte, 1});
  return byte;
}

std::byte Durable(const SimFile& file, uint64_t at) {
  std::byte byte{};
  file.ReadDurable(at, {&byte, 1});
  return byte;
}

std::byte Sound(const SimFile& file, uint64_t at) {
  std::byte byte{};
  file.ReadSound(at, {&byte, 1});
  return byte;
}

// Two sectors at rest, full of ones.
void FillAtRest(SimFile& file) {
  file.Write(0, Fill(2 * kSector, 1));
  file.Sync(Ignore);
}

void PowerOff(SimFile& file, CrashLayout layout) {
  runtime::Random dice(1);
  file.PowerOff(layout, 0, dice, Ignore);
}

TEST(SimFileDamageTest, AFlippedBitShowsToAllButTheSoundViewAndCanBeMended) {
  SimFile file(1);
  FillAtRest(file);
  file.Flip(5, Fill(1, 0x80));
  EXPECT_EQ(Cached(file, 5), std::byte{0x81});
  EXPECT_EQ(Durable(file, 5), std::byte{0x81});
  EXPECT_EQ(Sound(file, 5), std::byte{1});
  EXPECT_EQ(Cached(file, 6), std::byte{1});
  file.Mend(0);
  EXPECT_EQ(Cached(file, 5), std::byte{1});
  EXPECT_EQ(Durable(file, 5), std::byte{1});
  EXPECT_TRUE(file.damage().empty());
}

TEST(SimFileDamageTest, FlippingTwiceMends) {
  SimFile file(1);
  FillAtRest(file);
  file.Flip(kSector - 1, Fill(2, 0x80));
  EXPECT_EQ(file.damage().sectors().size(), 2u);
  file.Flip(kSector - 1, Fill(2, 0x80));
  EXPECT_TRUE(file.damage().empty());
}

TEST(SimFileDamageTest, WhatTheCacheHasHidesTheMediumUntilThePowerFails) {
  SimFile file(1);
  FillAtRest(file);
  file.Write(0, Fill(kSector, 2));
  file.Flip(5, Fill(1, 0x80));
  EXPECT_EQ(Cached(file, 5), std::byte{2});
  EXPECT_EQ(Durable(file, 5), std::byte{0x81});
  PowerOff(file, CrashLayout::kNothing);
  EXPECT_EQ(Cached(file, 5), std::byte{0x81});
}

TEST(SimFileDamageTest, AWriteThatReachesTheMediumMendsTheSector) {
  SimFile file(1);
  FillAtRest(file);
  file.Flip(5, Fill(1, 0x80));
  file.Write(0, Fill(kSector, 2));
  EXPECT_FALSE(file.damage().empty());
  file.Sync(Ignore);
  EXPECT_TRUE(file.damage().empty());
  EXPECT_EQ(Durable(file, 5), std::byte{2});
}

TEST(SimFileDamageTest, AWriteOfHalfASectorKeepsTheRotOfTheOtherHalf) {
  SimFile file(1);
  FillAtRest(file);
  file.Flip(400, Fill(1, 0x80));
  file.Write(0, Fill(kSector / 2, 2));
  file.Sync(Ignore);
  EXPECT_EQ(Durable(file, 400), std::byte{0x81});
  EXPECT_EQ(Durable(file, 0), std::byte{2});
}

TEST(SimFileDamageTest, APowerFailureBringsTheRottenSectorBack) {
  SimFile file(1);
  FillAtRest(file);
  file.Flip(400, Fill(1, 0x80));
  file.Write(0, Fill(kSector / 2, 2));
  PowerOff(file, CrashLayout::kNothing);
  EXPECT_EQ(Durable(file, 400), std::byte{0x81});
  EXPECT_EQ(Durable(file, 0), std::byte{1});
  file.Mend(0);
  EXPECT_EQ(Durable(file, 400), std::byte{1});
}

TEST(SimFileDamageTest, AnUnreadableSectorFailsUntilItIsWrittenWhole) {
  SimFile file(1);
  FillAtRest(file);
  file.MakeUnreadable(1);
  EXPECT_FALSE(file.ReadFails(0, kSector));
  EXPECT_TRUE(file.ReadFails(kSector - 1, 2));
  EXPECT_TRUE(file.WriteFails(kSector + 1, kSector));
  EXPECT_FALSE(file.WriteFails(kSector, kSector));
  EXPECT_EQ(Durable(file, kSector), std::byte{0});
  EXPECT_EQ(Sound(file, kSector), std::byte{1});
  file.Write(kSector, Fill(kSector, 3));
  EXPECT_FALSE(file.ReadFails(kSector, 1));
  file.Sync(Ignore);
  EXPECT_TRUE(file.damage().empty());
}

TEST(SimFileDamageTest, APhantomWriteIsThereUntilThePowerFails) {
  SimFile file(1);
  FillAtRest(file);
  file.Write(kSector, Fill(kSector, 2));
  file.MakePhantom(1);
  file.Sync(Ignore);
  file.Sync(Ignore);
  EXPECT_EQ(Cached(file, kSector), std::byte{2});
  EXPECT_EQ(Sound(file, kSector), std::byte{2});
  EXPECT_EQ(Durable(file, kSector), std::byte{1});
  runtime::Random dice(1);
  const CrashTally tally =
      file.PowerOff(CrashLayout::kEverything, 0, dice, Ignore);
  EXPECT_EQ(tally.phantoms_lost, 1u);
  EXPECT_EQ(Cached(file, kSector), std::byte{1});
  EXPECT_TRUE(file.damage().sectors().at(1).lost);
}

TEST(SimFileDamageTest, APhantomThatWasWrittenAfterAllIsDurable) {
  SimFile file(1);
  FillAtRest(file);
  file.Write(kSector, Fill(kSector, 2));
  file.MakePhantom(1);
  file.Sync(Ignore);
  ASSERT_EQ(file.Phantoms(), std::vector<uint64_t>{1});
  file.WritePhantom(1, Ignore);
  EXPECT_EQ(Durable(file, kSector), std::byte{2});
  EXPECT_FALSE(file.has_unsynced());
}

TEST(SimFileDamageTest, AFailedSyncDoesNotTellOfAPhantom) {
  SimFile file(1);
  FillAtRest(file);
  file.Write(kSector, Fill(kSector, 2));
  file.MakePhantom(1);
  file.Sync(Ignore);
  file.Write(0, Fill(kSector, 3));
  file.FailSync();
  EXPECT_EQ(Sound(file, kSector), std::byte{2});
  EXPECT_EQ(Sound(file, 0), std::byte{1});
}

TEST(SimFileDamageTest, TheBytesBeforeTheLastWriteAreKeptIfAskedFor) {
  SimFile file(1);
  file.KeepPrevious();
  FillAtRest(file);
  EXPECT_EQ(file.Previous(0)[0], std::byte{0});
  file.Write(0, Fill(kSector, 2));
  EXPECT_EQ(file.Previous(0)[0], std::byte{0});
  file.Sync(Ignore);
  EXPECT_EQ(file.Previous(0)[0], std::byte{1});
}

// Old, new, a new front, an old front and garbage: all of them, and nothing
// else.
TEST(SimFileDamageTest, ATornSectorIsMixedOrGarbage) {
  int new_fronts = 0;
  int old_fronts = 0;
  int garbage = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SimFile file(1);
    FillAtRest(file);
    file.Write(0, Fill(kSector, 2));
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    file.PowerOff(CrashLayout::kNothing, 1'000'000, dice, Ignore);
    const std::byte front = Cached(file, 0);
    const std::byte back = Cached(file, kSector - 1);
    const bool is_new_front = front == std::byte{2} && back == std::byte{1};
    const bool is_old_front = front == std::byte{1} && back == std::byte{2};
    new_fronts += is_new_front ? 1 : 0;
    old_fronts += is_old_front ? 1 : 0;
    garbage += is_new_front || is_old_front ? 0 : 1;
  }
  EXPECT_GT(new_fronts, 30);
  EXPECT_GT(old_fronts, 30);
  EXPECT_GT(garbage, 30);
}

}  // namespace
}  // namespace sim
