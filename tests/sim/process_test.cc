// The life of a process: boot, pause, exit, crash, kill; and what a dead one
// must not do any more.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "sim/world.h"

namespace sim {
namespace {

using runtime::Executor;
using runtime::FiberGroup;

// Sets a flag when it is destroyed.
struct Flag {
  explicit Flag(bool& set) : set_(set) {}
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  ~Flag() { set_ = true; }
  bool& set_;
};

// A world of one host, and what its processes ended with.
class ProcessTest : public testing::Test {
 protected:
  struct Exit {
    int code = 0;
    std::string why;
    friend bool operator==(const Exit&, const Exit&) = default;
  };

  explicit ProcessTest(Knobs knobs = {})
      : world_({.seed = 1, .knobs = knobs}), host_(world_.AddHost("a")) {
    world_.SetExitHandler([this](HostId, int code, const std::string& why) {
      exits_.push_back({code, why});
    });
  }

  void RunMs(int64_t milliseconds) {
    world_.RunFor(absl::Milliseconds(milliseconds));
  }

  World world_;
  HostId host_;
  std::vector<Exit> exits_;
};

void SleepMs(Process& process, int64_t milliseconds) {
  process.network_executor()
      .SleepFor(absl::Milliseconds(milliseconds))
      .IgnoreError();
}

TEST_F(ProcessTest, ABodyThatReturnsHasExited) {
  world_.Boot(host_, [](Process& process) { SleepMs(process, 5); });
  RunMs(4);
  EXPECT_TRUE(world_.running(host_));
  RunMs(2);
  EXPECT_FALSE(world_.running(host_));
  EXPECT_EQ(exits_, (std::vector<Exit>{{0, "returned"}}));
}

TEST_F(ProcessTest, AKillUnwindsEveryFiberAndRunsNothingElse) {
  bool root_gone = false;
  bool child_gone = false;
  bool woke = false;
  world_.Boot(host_, [&](Process& process) {
    const Flag root(root_gone);
    FiberGroup group(process.storage_executor());
    group.Spawn("child", [&] {
      const Flag child(child_gone);
      process.storage_executor().Park();
      woke = true;
    });
    SleepMs(process, 1000);
    woke = true;
  });
  RunMs(10);
  EXPECT_FALSE(root_gone);
  world_.Kill(host_);
  EXPECT_TRUE(root_gone);
  EXPECT_TRUE(child_gone);
  EXPECT_FALSE(world_.running(host_));
  RunMs(2000);
  EXPECT_FALSE(woke);
  EXPECT_TRUE(exits_.empty());
}

TEST_F(ProcessTest, WhatADeadProcessPostedNeverRuns) {
  auto held = std::make_shared<int>(0);
  bool ran = false;
  world_.knobs().process.post_delay_min = absl::Milliseconds(5);
  world_.knobs().process.post_delay_max = absl::Milliseconds(5);
  world_.Boot(host_, [&](Process& process) {
    process.storage_executor().Post([&ran, held] { ran = true; });
    SleepMs(process, 1000);
  });
  RunMs(2);
  EXPECT_EQ(held.use_count(), 2);
  world_.Kill(host_);
  EXPECT_EQ(held.use_count(), 1);
  RunMs(100);
  EXPECT_FALSE(ran);
}

TEST_F(ProcessTest, ADestructorOfADyingFiberReachesNobody) {
  bool ran = false;
  struct Poster {
    Executor& executor;
    bool& ran;
    ~Poster() {
      executor.Post([&flag = ran] { flag = true; });
    }
  };
  world_.Boot(host_, [&](Process& process) {
    const Poster poster{process.storage_executor(), ran};
    SleepMs(process, 1000);
  });
  RunMs(10);
  world_.Kill(host_);
  RunMs(100);
  EXPECT_FALSE(ran);
}

TEST_F(ProcessTest, PostsArriveInTheOrderOfTheirPoster) {
  std::vector<int> arrived;
  world_.Boot(host_, [&](Process& process) {
    for (int i = 0; i < 100; ++i) {
      process.storage_executor().Post([&arrived, i] { arrived.push_back(i); });
      process.network_executor().Yield();
    }
    SleepMs(process, 1000);
  });
  RunMs(10);
  ASSERT_EQ(arrived.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(arrived[static_cast<size_t>(i)], i);
}

TEST_F(ProcessTest, APausedProcessDoesNothingUntilItIsResumed) {
  int steps = 0;
  int tasks = 0;
  world_.Boot(host_, [&](Process& process) {
    for (;;) {
      SleepMs(process, 1);
      ++steps;
      process.storage_executor().Post([&tasks] { ++tasks; });
    }
  });
  RunMs(20);
  const int steps_before = steps;
  const int tasks_before = tasks;
  EXPECT_GT(steps_before, 10);

  world_.Pause(host_);
  EXPECT_TRUE(world_.paused(host_));
  RunMs(20);
  EXPECT_EQ(steps, steps_before);
  EXPECT_EQ(tasks, tasks_before);

  world_.Resume(host_);
  RunMs(20);
  EXPECT_GT(steps, steps_before + 10);
  EXPECT_GE(tasks, steps - 1);
}

TEST_F(ProcessTest, TasksUnderWayWaitOutThePause) {
  std::vector<int> arrived;
  world_.Boot(host_, [&](Process& process) {
    for (int i = 0; i < 5; ++i) {
      process.storage_executor().Post([&arrived, i] { arrived.push_back(i); });
    }
    SleepMs(process, 1000);
  });
  ASSERT_TRUE(world_.Step());  // The root fiber has posted.
  world_.Pause(host_);
  RunMs(5);
  EXPECT_TRUE(arrived.empty());
  world_.Resume(host_);
  RunMs(5);
  EXPECT_EQ(arrived, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(ProcessTest, AKilledProcessLeavesNoPauseBehind) {
  world_.Boot(host_, [](Process& process) { SleepMs(process, 1000); });
  RunMs(1);
  world_.Pause(host_);
  world_.Kill(host_);
  EXPECT_FALSE(world_.paused(host_));
  bool ran = false;
  world_.Boot(host_, [&ran](Process&) { ran = true; });
  RunMs(1);
  EXPECT_TRUE(ran);
}

TEST_F(ProcessTest, ExitEndsTheProcessAtOnceFromAnyFiber) {
  bool unwound = false;
  bool went_on = false;
  world_.Boot(host_, [&](Process& process) {
    const Flag root(unwound);
    FiberGroup group(process.storage_executor());
    group.Spawn("quitter", [&] {
      process.storage_executor().SleepFor(absl::Milliseconds(3)).IgnoreError();
      process.Exit(7, "cannot go on");
    });
    for (;;) {
      SleepMs(process, 2);
      if (process.network_executor().Now() == runtime::Instant()) break;
      went_on = went_on || !exits_.empty();
    }
  });
  RunMs(100);
  EXPECT_EQ(exits_, (std::vector<Exit>{{7, "cannot go on"}}));
  EXPECT_TRUE(unwound);
  EXPECT_FALSE(went_on);
}

TEST_F(ProcessTest, ACancelledFiberCanExitToo) {
  world_.Boot(host_, [](Process& process) {
    FiberGroup group(process.network_executor());
    group.Cancel();
    group.Spawn("quitter", [&process] { process.Exit(3, "cancelled"); });
    group.Join().IgnoreError();
  });
  RunMs(1);
  EXPECT_EQ(exits_, (std::vector<Exit>{{3, "cancelled"}}));
}

TEST_F(ProcessTest, TheExitHandlerMayBootAgain) {
  std::vector<uint64_t> boots;
  const auto body = [&](Process& process) {
    boots.push_back(process.boot());
    SleepMs(process, 1);
  };
  world_.SetExitHandler([&](HostId host, int, const std::string&) {
    if (world_.boots(host) < 3) world_.Boot(host, body);
  });
  world_.Boot(host_, body);
  RunMs(100);
  EXPECT_EQ(boots, (std::vector<uint64_t>{1, 2, 3}));
}

TEST_F(ProcessTest, AKillIsFasterThanAPendingExit) {
  world_.Boot(host_, [](Process& process) { process.Exit(1, "late"); });
  ASSERT_TRUE(world_.Step());
  EXPECT_TRUE(world_.running(host_));
  world_.Kill(host_);
  world_.Boot(host_, [](Process& process) { SleepMs(process, 1000); });
  RunMs(10);
  EXPECT_TRUE(exits_.empty());
  EXPECT_TRUE(world_.running(host_));
}

TEST_F(ProcessTest, ACrashFromInsideNeverReturnsAndUnwinds) {
  bool unwound = false;
  bool went_on = false;
  world_.Boot(host_, [&](Process& process) {
    const Flag flag(unwound);
    SleepMs(process, 1);
    world_.CrashFromInside(process.host());
    went_on = true;
  });
  RunMs(10);
  EXPECT_TRUE(unwound);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(exits_, (std::vector<Exit>{{kExitCrashed, "crash"}}));
}

TEST_F(ProcessTest, AfterAPowerFailureTheClockBeginsAnew) {
  const runtime::Instant before = world_.clock(host_).Now();
  const absl::Time wall = world_.clock(host_).WallNow();
  world_.Boot(host_, [&](Process& process) {
    world_.CrashFromInside(process.host(), Crash::kPower);
  });
  RunMs(1);
  EXPECT_EQ(exits_.size(), 1u);
  EXPECT_NE(world_.clock(host_).Now(), before + absl::Milliseconds(1));
  EXPECT_EQ(world_.clock(host_).WallNow(), wall + absl::Milliseconds(1));
}

TEST_F(ProcessTest, EachBootHasStreamsOfItsOwn) {
  std::vector<uint64_t> draws;
  for (int boot = 0; boot < 2; ++boot) {
    world_.Boot(host_, [&](Process& process) {
      draws.push_back(process.Stream("x").Next());
    });
    RunMs(1);
  }
  ASSERT_EQ(draws.size(), 2u);
  EXPECT_NE(draws[0], draws[1]);
}

// How many times a fiber that only yields runs in one millisecond.
int YieldsPerMs(uint32_t cpu_factor) {
  World world({.seed = 1});
  const HostId host = world.AddHost("a");
  int yields = 0;
  world.Boot(host, [&yields](Process& process) {
    for (;; ++yields) process.network_executor().Yield();
  });
  world.SetCpuFactor(host, cpu_factor);
  world.RunFor(absl::Milliseconds(1));
  return yields;
}

TEST(CpuTest, RunningCostsTimeAndMoreOfItOnASlowHost) {
  const int fast = YieldsPerMs(1);
  EXPECT_GT(fast, 100);  // 1 to 10 us each.
  EXPECT_LT(fast, 1000);
  const int slow = YieldsPerMs(10);
  EXPECT_GT(slow, fast / 15);
  EXPECT_LT(slow, fast / 7);
}

TEST(DriftTest, AFastClockWakesItsFibersEarly) {
  World world({.seed = 1});
  const HostId host = world.AddHost("a");
  std::optional<Time> woke;
  world.Boot(host, [&](Process& process) {
    process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    woke = world.now();
  });
  world.RunFor(absl::Milliseconds(1));
  // The wake is armed already; the new rate brings it forward.
  world.SetClockDrift(host, 250'000);
  world.RunFor(absl::Seconds(2));
  ASSERT_TRUE(woke.has_value());
  EXPECT_GT(*woke, 790'000'000);
  EXPECT_LT(*woke, 810'000'000);
}

TEST(DriftTest, ASlowClockWakesItsFibersLate) {
  World world({.seed = 1});
  const HostId host = world.AddHost("a");
  std::optional<Time> woke;
  world.Boot(host, [&](Process& process) {
    process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    woke = world.now();
  });
  world.RunFor(absl::Milliseconds(1));
  world.SetClockDrift(host, -200'000);
  world.RunFor(absl::Seconds(2));
  ASSERT_TRUE(woke.has_value());
  EXPECT_GT(*woke, 1'240'000'000);
  EXPECT_LT(*woke, 1'260'000'000);
}

TEST(DriftTest, HostsDrawTheirDriftFromTheKnob) {
  Knobs knobs;
  knobs.process.clock_drift_max_ppm = 500;
  World world({.seed = 1, .knobs = knobs});
  bool differ = false;
  std::optional<absl::Duration> first;
  for (int i = 0; i < 4; ++i) {
    const HostId host = world.AddHost("h");
    world.Boot(host, [](Process&) {});
    const runtime::Instant before = world.clock(host).Now();
    world.RunFor(absl::Seconds(1));
    const absl::Duration second = world.clock(host).Now() - before;
    EXPECT_LE(absl::AbsDuration(second - absl::Seconds(1)),
              absl::Microseconds(500));
    if (!first.has_value()) first = second;
    differ = differ || second != *first;
  }
  EXPECT_TRUE(differ);
}

TEST(FailureTest, AFailedCheckOnAFiberFailsTheWorld) {
  World world({.seed = 1});
  int others = 0;
  const HostId other = world.AddHost("b");
  world.Boot(other, [&others](Process& process) {
    for (;; ++others) SleepMs(process, 1);
  });
  world.Boot(world.AddHost("a"), [](Process& process) {
    SleepMs(process, 10);
    const int three = 3;
    CHECK_EQ(three, 4, "the evidence");
  });
  world.RunFor(absl::Seconds(1));
  ASSERT_TRUE(world.failure().has_value());
  EXPECT_EQ(world.failure()->check, "CHECK process_test.cc");
  EXPECT_THAT(world.failure()->message, testing::HasSubstr("3 vs 4"));
  EXPECT_THAT(world.failure()->message, testing::HasSubstr("the evidence"));
  EXPECT_GE(world.failure()->at, 10'000'000);
  EXPECT_LT(world.now(), 20'000'000);
  EXPECT_FALSE(world.Step());
  EXPECT_LT(others, 20);
}

TEST(FailureTest, TheFirstFailureCounts) {
  World world({.seed = 1});
  world.At(1, EventClass::kDriver, [&] {
    world.Fail("first", "a");
    world.Fail("second", "b");
  });
  world.At(2, EventClass::kDriver, [&] { world.Fail("third", "c"); });
  world.RunFor(absl::Seconds(1));
  ASSERT_TRUE(world.failure().has_value());
  EXPECT_EQ(world.failure()->check, "first");
  EXPECT_EQ(world.failure()->event, 0u);
  EXPECT_EQ(world.now(), 1);
}

TEST(FailureDeathTest, ACheckOutsideOfFibersAbortsWithTheSeed) {
  EXPECT_DEATH(
      {
        World world({.seed = 77});
        world.At(1, EventClass::kDriver, [] { CHECK(false, "by a driver"); });
        world.RunFor(absl::Seconds(1));
      },
      "seed 77");
}

TEST(FailureTest, AProcessMayNotKillItsNeighbour) {
  World world({.seed = 1});
  const HostId victim = world.AddHost("b");
  world.Boot(world.AddHost("a"), [&](Process&) { world.Kill(victim); });
  world.RunFor(absl::Seconds(1));
  EXPECT_TRUE(world.failure().has_value());
}

}  // namespace
}  // namespace sim
