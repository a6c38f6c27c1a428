#include "sim/priority_schedule.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "sim/world.h"

namespace sim {
namespace {

size_t Identity(size_t i) { return i; }

// Which of three threads, all of them always ready, runs at each step.
std::vector<size_t> Turns(uint64_t seed, uint32_t depth, uint32_t steps,
                          size_t count) {
  PrioritySchedule schedule(runtime::Random(seed), depth, steps);
  std::vector<size_t> turns;
  for (size_t i = 0; i < count; ++i) {
    turns.push_back(schedule.Pick(3, Identity));
  }
  return turns;
}

size_t Switches(const std::vector<size_t>& turns) {
  size_t switches = 0;
  for (size_t i = 1; i < turns.size(); ++i) {
    if (turns[i] != turns[i - 1]) ++switches;
  }
  return switches;
}

TEST(PriorityScheduleTest, AtDepthOneTheHighestAlwaysRuns) {
  std::set<size_t> first;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const std::vector<size_t> turns = Turns(seed, 1, 100, 100);
    EXPECT_EQ(Switches(turns), 0u) << "seed " << seed;
    first.insert(turns.front());
  }
  EXPECT_EQ(first.size(), 3u) << "the seed decides who is highest";
}

TEST(PriorityScheduleTest, AWindowHasAsManyChangesAsItsDepthSays) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PrioritySchedule schedule(runtime::Random(seed), 4, 100);
    for (int i = 0; i < 100; ++i) schedule.Pick(3, Identity);
    EXPECT_EQ(schedule.changes(), 3u) << "seed " << seed;
    for (int i = 0; i < 100; ++i) schedule.Pick(3, Identity);
    EXPECT_EQ(schedule.changes(), 6u) << "seed " << seed;
  }
}

TEST(PriorityScheduleTest, WhoFallsRunsAgainOnlyWhenNobodyElseCan) {
  PrioritySchedule schedule(runtime::Random(5), 2, 50);
  size_t fallen = 2;
  for (int step = 0; step < 50; ++step) {
    const uint64_t changes = schedule.changes();
    const size_t picked = schedule.Pick(2, Identity);
    if (schedule.changes() != changes) fallen = 1 - picked;
    if (fallen != 2) {
      EXPECT_NE(picked, fallen);
    }
  }
  ASSERT_NE(fallen, 2u);
}

TEST(PriorityScheduleTest, AThreadThatIsAloneRuns) {
  PrioritySchedule schedule(runtime::Random(1), 3, 10);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(schedule.Pick(1, Identity), 0u);
}

// A bug of depth 2 that a uniform choice hardly ever finds: thread 1 must run a
// hundred times in a row while thread 0 waits, after thread 0 has run once.
TEST(PriorityScheduleTest, FindsWhatAUniformChoiceDoesNot) {
  const auto is_bug = [](const std::vector<size_t>& turns) {
    return turns[0] == 0 && Switches(turns) == 1 && turns[1] == 1;
  };
  int by_priority = 0;
  int by_dice = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    PrioritySchedule schedule(runtime::Random(seed), 2, 101);
    runtime::Random dice(seed);
    std::vector<size_t> priorities;
    std::vector<size_t> uniform;
    for (int i = 0; i < 101; ++i) {
      priorities.push_back(schedule.Pick(2, Identity));
      uniform.push_back(dice.Below(2));
    }
    by_priority += is_bug(priorities) ? 1 : 0;
    by_dice += is_bug(uniform) ? 1 : 0;
  }
  // 1 / (n * k^(d-1)) = 1 / 202 of the seeds.
  EXPECT_GE(by_priority, 5);
  EXPECT_EQ(by_dice, 0);
}

// Which fibers of a process run, step by step, while all are ready.
std::vector<int> FiberTurns(uint64_t seed, uint32_t depth) {
  Knobs knobs;
  knobs.process.schedule = Schedule::kPct;
  knobs.process.pct_depth = depth;
  knobs.process.pct_steps = 60;
  World world({.seed = seed, .knobs = knobs});
  std::vector<int> turns;
  world.Boot(world.AddHost("a"), [&turns](Process& process) {
    runtime::FiberGroup group(process.network_executor());
    for (int fiber = 0; fiber < 3; ++fiber) {
      group.Spawn("fiber", [&turns, &process, fiber] {
        for (int i = 0; i < 10; ++i) {
          turns.push_back(fiber);
          process.network_executor().Yield();
        }
      });
    }
    group.Join().IgnoreError();
  });
  world.RunFor(absl::Milliseconds(10));
  const FaultCounts faults = world.fault_counts();
  if (depth > 1) {
    EXPECT_EQ(faults.by_kind.size(), 1u);
    EXPECT_EQ(faults.by_kind.front().first, "schedule.priority_changed");
  } else {
    EXPECT_TRUE(faults.by_kind.empty());
  }
  return turns;
}

TEST(PriorityScheduleTest, AnExecutorObeysIt) {
  const std::vector<int> strict = FiberTurns(3, 1);
  ASSERT_EQ(strict.size(), 30u);
  for (size_t i = 0; i < strict.size(); ++i) {
    EXPECT_EQ(strict[i], strict[i / 10 * 10]) << "one after the other";
  }
  EXPECT_EQ(FiberTurns(3, 5), FiberTurns(3, 5));
  EXPECT_NE(FiberTurns(3, 5), FiberTurns(4, 5));
}

}  // namespace
}  // namespace sim
