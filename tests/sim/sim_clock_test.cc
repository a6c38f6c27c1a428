#include "sim/sim_clock.h"

#include "gtest/gtest.h"

#include "runtime/random.h"

namespace sim {
namespace {

using runtime::Instant;

TEST(SimClockTest, RunsWithTheWorldFromItsOrigin) {
  Time world = 1000;
  SimClock clock(world, Instant::FromNanos(50));
  EXPECT_EQ(clock.Now(), Instant::FromNanos(50));
  world += 10;
  EXPECT_EQ(clock.Now(), Instant::FromNanos(60));
}

TEST(SimClockTest, IsAheadOfTheWorldWhileItsHostComputes) {
  Time world = 1000;
  SimClock clock(world, Instant::FromNanos(50));
  clock.Work(30);
  clock.Work(5);
  EXPECT_EQ(clock.Now(), Instant::FromNanos(85));
  EXPECT_EQ(clock.TakeWorked(), 35);
  EXPECT_EQ(clock.Now(), Instant::FromNanos(50));
}

TEST(SimClockTest, GainsAndLosesByItsDrift) {
  Time world = 0;
  SimClock clock(world, Instant());
  clock.SetDrift(500);
  world += 1'000'000'000;
  EXPECT_EQ(clock.Now().nanos(), 1'000'500'000);
  clock.SetDrift(-200'000);
  world += 1'000'000'000;
  EXPECT_EQ(clock.Now().nanos(), 1'800'500'000);
}

TEST(SimClockTest, DriftsForAYearWithoutOverflow) {
  Time world = 0;
  SimClock clock(world, Instant());
  clock.SetDrift(100);
  world = int64_t{365} * 24 * 3600 * 1'000'000'000;
  EXPECT_EQ(clock.Now().nanos(), world + world / 10'000);
}

// For random drifts: the answer is the first moment that is late enough.
TEST(SimClockTest, TheWorldTimeOfAnInstantIsTheFirstThatReachesIt) {
  constexpr uint64_t kSeed = 3;
  SCOPED_TRACE(kSeed);
  runtime::Random dice(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    Time world = dice.Between(0, int64_t{1} << 50);
    SimClock clock(world, Instant::FromNanos(dice.Between(0, 1 << 30)));
    clock.SetDrift(static_cast<int32_t>(
        dice.Between(-SimClock::kDriftMaxPpm, SimClock::kDriftMaxPpm)));
    world += dice.Between(0, int64_t{1} << 40);
    const int64_t wait = dice.Between(1, int64_t{1} << dice.Between(1, 50));
    const Instant wanted = clock.Now() + absl::Nanoseconds(wait);

    const Time at = clock.WorldTimeOf(wanted);
    ASSERT_GE(at, world);
    const Time before = world;
    world = at;
    ASSERT_GE(clock.Now(), wanted) << i;
    if (at > before) {
      world = at - 1;
      ASSERT_LT(clock.Now(), wanted) << i;
    }
  }
}

TEST(SimClockTest, WhatIsBeyondTheEndOfTimeNeverComes) {
  Time world = 5;
  SimClock clock(world, Instant());
  clock.SetDrift(-SimClock::kDriftMaxPpm);
  EXPECT_EQ(clock.WorldTimeOf(Instant::FromNanos(kNever - 1)), kNever);
  EXPECT_EQ(clock.WorldTimeOf(Instant()), 5);
}

TEST(SimClockTest, TheWallJumpsAndTheMonotonicClockDoesNot) {
  Time world = 0;
  SimClock clock(world, Instant());
  const absl::Time wall = clock.WallNow();
  const Instant now = clock.Now();
  clock.JumpWall(-absl::Hours(1));
  EXPECT_EQ(clock.WallNow(), wall - absl::Hours(1));
  EXPECT_EQ(clock.Now(), now);
}

TEST(SimClockTest, ARestartBeginsAnewButForTheWall) {
  Time world = 0;
  SimClock clock(world, Instant::FromNanos(7'000));
  world = 3'000;
  const absl::Time wall = clock.WallNow();
  clock.Restart(Instant::FromNanos(10));
  EXPECT_EQ(clock.Now(), Instant::FromNanos(10));
  EXPECT_EQ(clock.WallNow(), wall);
}

}  // namespace
}  // namespace sim
