// Processes that the knobs end, and hosts that the knobs make slow or late.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "sim/world.h"

namespace sim {
namespace {

uint64_t CountOf(const World& world, const std::string& kind) {
  for (const auto& [name, count] : world.fault_counts().by_kind) {
    if (name == kind) return count;
  }
  return 0;
}

// Sleeps a thousand times, a microsecond each, and counts.
struct Sleeper {
  int slept = 0;
  void operator()(Process& process) {
    for (int i = 0; i < 1000; ++i) {
      process.network_executor().SleepFor(absl::Microseconds(1)).IgnoreError();
      ++slept;
    }
  }
};

TEST(ProcessFaultTest, AProcessCrashesBetweenTwoSlices) {
  int crashed = 0;
  int lost_power = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Knobs knobs;
    knobs.process.crash_at_suspend_ppm = 5'000;
    World world({.seed = seed, .knobs = knobs});
    const HostId host = world.AddHost("a");
    world.SetExitHandler([&](HostId, int code, const std::string& why) {
      if (code != kExitCrashed) return;
      ++crashed;
      lost_power += why == "power failure" ? 1 : 0;
    });
    Sleeper sleeper;
    world.Boot(host, [&](Process& process) { sleeper(process); });
    world.RunFor(absl::Seconds(1));
    EXPECT_FALSE(world.running(host));
    EXPECT_EQ(CountOf(world, "process.crash_at_suspend"),
              sleeper.slept < 1000 ? 1u : 0u);
  }
  EXPECT_GT(crashed, 40);
  EXPECT_GT(lost_power, 5);
  EXPECT_LT(lost_power, crashed);
}

TEST(ProcessFaultTest, ABootIsCutShort) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Knobs knobs;
    knobs.process.crash_in_recovery_ppm = 1'000'000;
    World world({.seed = seed, .knobs = knobs});
    const HostId host = world.AddHost("a");
    Sleeper sleeper;
    world.Boot(host, [&](Process& process) { sleeper(process); });
    world.RunFor(absl::Seconds(1));
    EXPECT_LT(sleeper.slept, int{kRecoverySuspensions});
    EXPECT_EQ(CountOf(world, "process.crash_in_recovery"), 1u);
  }
}

TEST(ProcessFaultTest, WhenTheKnobIsOffAgainNoBootIsCutShort) {
  Knobs knobs;
  knobs.process.crash_in_recovery_ppm = 1'000'000;
  World world({.seed = 1, .knobs = knobs});
  const HostId host = world.AddHost("a");
  Sleeper sleeper;
  world.Boot(host, [&](Process& process) { sleeper(process); });
  world.knobs().process.crash_in_recovery_ppm = 0;
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(sleeper.slept, 1000);
}

TEST(ProcessFaultTest, ASparedHostDoesNotCrash) {
  Knobs knobs;
  knobs.process.crash_at_suspend_ppm = 1'000'000;
  knobs.process.crash_in_recovery_ppm = 1'000'000;
  World world({.seed = 1, .knobs = knobs});
  const HostId host = world.AddHost("a");
  world.SpareFromCrashes(host);
  Sleeper sleeper;
  world.Boot(host, [&](Process& process) { sleeper(process); });
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(sleeper.slept, 1000);
  EXPECT_TRUE(world.fault_counts().by_kind.empty());
}

TEST(ProcessFaultTest, WithoutMemoryAProcessEndsBeforeItsCall) {
  int ended = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Knobs knobs;
    knobs.process.allocation_failure_ppm = 200'000;
    World world({.seed = seed, .knobs = knobs});
    const HostId host = world.AddHost("a");
    int code = 0;
    int calls = 0;
    world.SetExitHandler(
        [&](HostId, int why_code, const std::string&) { code = why_code; });
    world.Boot(host, [&](Process& process) {
      while (calls < 50) {
        ASSERT_TRUE(
            process.disk().CreateDirectory("d" + std::to_string(calls)).ok());
        ++calls;
      }
    });
    world.RunFor(absl::Seconds(1));
    const uint64_t struck = CountOf(world, "process.allocation_failure");
    EXPECT_EQ(struck, calls < 50 ? 1u : 0u);
    if (struck == 0) continue;
    ++ended;
    EXPECT_EQ(code, kExitOutOfMemory);
    // The call that was not made has had no effect.
    world.knobs().process.allocation_failure_ppm = 0;
    world.Boot(host, [&](Process& process) {
      const auto names = process.disk().List("");
      ASSERT_TRUE(names.ok());
      EXPECT_EQ(names->size(), static_cast<size_t>(calls));
    });
    world.RunFor(absl::Seconds(1));
  }
  EXPECT_GE(ended, 18);
}

// How long a host takes for a thousand turns of one fiber.
Time TimeOfWork(World& world, HostId host) {
  Time done = 0;
  const Time begin = world.now();
  world.Boot(host, [&](Process& process) {
    for (int i = 0; i < 1000; ++i) process.network_executor().Yield();
    done = world.now();
  });
  world.RunFor(absl::Seconds(10));
  return done - begin;
}

TEST(ProcessFaultTest, EveryHostDrawsHowSlowItIs) {
  Knobs knobs;
  knobs.process.cpu_factor_min = 1;
  knobs.process.cpu_factor_max = 20;
  knobs.process.cpu_cost_min = absl::Microseconds(1);
  knobs.process.cpu_cost_max = absl::Microseconds(1);
  World world({.seed = 2, .knobs = knobs});
  uint64_t slow = 0;
  std::vector<uint32_t> factors;
  for (const char* name : {"a", "b", "c", "d"}) {
    const HostId host = world.AddHost(name);
    const Time took = TimeOfWork(world, host);
    factors.push_back(world.drawn_cpu_factor(host));
    slow += factors.back() > 1 ? 1 : 0;
    EXPECT_EQ(took, int64_t{factors.back()} * 1'000'000);
  }
  EXPECT_FALSE(factors[0] == factors[1] && factors[1] == factors[2]);
  EXPECT_EQ(CountOf(world, "cpu.slow_host"), slow);
}

TEST(ProcessFaultTest, AFactorThatIsSetLiesOverTheDrawnOne) {
  Knobs knobs;
  knobs.process.cpu_factor_min = 3;
  knobs.process.cpu_factor_max = 3;
  knobs.process.cpu_cost_min = absl::Microseconds(1);
  knobs.process.cpu_cost_max = absl::Microseconds(1);
  World world({.seed = 2, .knobs = knobs});
  const HostId host = world.AddHost("a");
  world.SetCpuFactor(host, 5);
  EXPECT_EQ(TimeOfWork(world, host), 15'000'000);
  world.SetCpuFactor(host, 1);
  EXPECT_EQ(TimeOfWork(world, host), 3'000'000);
}

TEST(ProcessFaultTest, AHostDrawsItsDriftAnewAndKeepsWhatWasSet) {
  World world({.seed = 3});
  const HostId host = world.AddHost("a");
  world.Boot(host, [](Process&) {});
  world.knobs().process.clock_drift_max_ppm = 400;
  world.DrawClockDrift(host);
  const int32_t drawn = world.drawn_clock_drift_ppm(host);
  EXPECT_NE(drawn, 0);
  EXPECT_EQ(CountOf(world, "clock.drift"), 1u);
  world.SetClockDrift(host, 100'000);
  const runtime::Instant before = world.clock(host).Now();
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(absl::ToInt64Nanoseconds(world.clock(host).Now() - before),
            1'000'000'000 + int64_t{1000} * (100'000 + drawn));
  world.knobs().process.clock_drift_max_ppm = 0;
  world.DrawClockDrift(host);
  EXPECT_EQ(world.drawn_clock_drift_ppm(host), 0);
}

}  // namespace
}  // namespace sim
