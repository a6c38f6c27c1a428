#include "sim/world.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"

namespace sim {
namespace {

// Fibers that sleep for drawn spans, for ever: enough of a guest to tell one
// schedule from another.
void Wander(Process& process) {
  runtime::FiberGroup group(process.network_executor());
  for (int i = 0; i < 3; ++i) {
    group.Spawn("wanderer", [&process, i] {
      runtime::Random dice =
          process.Stream("wander").Fork("fiber", uint64_t(i));
      for (;;) {
        const absl::Duration nap =
            dice.Between(absl::Microseconds(10), absl::Microseconds(200));
        process.network_executor().SleepFor(nap).IgnoreError();
        runtime::Note("wander.step", {{"fiber", i}});
      }
    });
  }
  group.Join().IgnoreError();
}

Digest RunWanderers(uint64_t seed, const Knobs& knobs = {}) {
  World world({.seed = seed, .knobs = knobs});
  for (const char* name : {"a", "b"}) world.Boot(world.AddHost(name), Wander);
  world.RunFor(absl::Milliseconds(100));
  EXPECT_GT(world.events(), 1000u);
  return world.digest();
}

TEST(WorldTest, TheSameSeedGivesTheSameRun) {
  const Digest first = RunWanderers(7);
  const Digest second = RunWanderers(7);
  EXPECT_EQ(first.value(), second.value());
  EXPECT_TRUE(first == second);
}

TEST(WorldTest, AnotherSeedGivesAnotherRun) {
  EXPECT_NE(RunWanderers(7).value(), RunWanderers(8).value());
}

TEST(WorldTest, TimeJumpsToTheEndOfTheRun) {
  World world({});
  world.RunFor(absl::Seconds(5));
  EXPECT_EQ(world.now(), 5'000'000'000);
  EXPECT_FALSE(world.Step());
}

}  // namespace
}  // namespace sim
