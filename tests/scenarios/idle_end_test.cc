#include "scenarios/idle_end.h"

#include <functional>
#include <optional>

#include "gtest/gtest.h"

#include "sim/world.h"

namespace scenarios {
namespace {

// Runs a world of nothing but ticks, so far apart, to the end of a scenario.
std::string FailureWithTicksEvery(absl::Duration gap) {
  Scenario scenario;
  scenario.phases = {.warm_up = absl::ZeroDuration(),
                     .chaos = absl::Seconds(1),
                     .quiet = absl::Seconds(1)};
  sim::World world({.seed = 1});
  IdleEnd idle(world, scenario);
  idle.Start();
  std::function<void()> tick = [&] {
    world.At(world.now() + absl::ToInt64Nanoseconds(gap),
             sim::EventClass::kDriver, tick);
  };
  tick();
  world.RunUntil(absl::ToInt64Nanoseconds(scenario.phases.End()));
  const std::optional<sim::Failure>& failure = world.failure();
  return failure.has_value() ? failure->check : "";
}

TEST(IdleEndTest, ATickNowAndThenIsNoWork) {
  EXPECT_EQ(FailureWithTicksEvery(absl::Milliseconds(1)), "");
}

TEST(IdleEndTest, ABusyLoopIsCaught) {
  EXPECT_EQ(FailureWithTicksEvery(absl::Microseconds(10)), "busy-when-idle");
}

TEST(IdleEndTest, MoreNodesAndFasterHeartbeatsMayDoMore) {
  ClusterShape shape;
  const absl::Duration span = absl::Seconds(1);
  const uint64_t few = IdleEventsMax(shape, span);
  shape.nodes += 2;
  const uint64_t more = IdleEventsMax(shape, span);
  EXPECT_GT(more, few);
  shape.heartbeat_interval = shape.heartbeat_interval / 2;
  EXPECT_GT(IdleEventsMax(shape, span), more);
}

}  // namespace
}  // namespace scenarios
