#include "raft/stage_times.h"

#include "gtest/gtest.h"

namespace raft {
namespace {

runtime::Instant At(int64_t nanos) {
  return runtime::Instant::FromNanos(nanos);
}

TEST(StageClockTest, TellsWhenTheLogPassedAnIndex) {
  StageClock clock;
  EXPECT_EQ(clock.Durable(Index(1)), std::nullopt);
  clock.OnDurable(Index(3), At(10));
  clock.OnDurable(Index(3), At(11));  // Had been reached before.
  clock.OnDurable(Index(7), At(20));
  clock.OnCommitted(Index(5), At(30));
  EXPECT_EQ(clock.Durable(Index(1)), At(10));
  EXPECT_EQ(clock.Durable(Index(3)), At(10));
  EXPECT_EQ(clock.Durable(Index(4)), At(20));
  EXPECT_EQ(clock.Durable(Index(8)), std::nullopt);
  EXPECT_EQ(clock.Committed(Index(5)), At(30));
}

TEST(StageClockTest, WhatNobodyAsksForIsBounded) {
  StageClock clock;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    clock.OnCommitted(Index(i), At(static_cast<int64_t>(i)));
  }
  // The oldest steps are gone: the answer is the first that is left.
  EXPECT_GT(*clock.Committed(Index(1)), At(90'000));
  EXPECT_EQ(clock.Committed(Index(99'999)), At(99'999));
}

}  // namespace
}  // namespace raft
