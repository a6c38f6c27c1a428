#include "scenarios/story.h"

#include <variant>

#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

constexpr Phases kShort{.warm_up = absl::Seconds(1),
                        .chaos = absl::Seconds(8),
                        .quiet = absl::Seconds(6)};

TEST(StoryTest, AStoryRunsLikeAFile) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const RunResult result = Story("cut-off-leader")
                                 .Lasts(kShort)
                                 .Faults("network.frame_loss", "1%")
                                 .At(absl::Seconds(2))
                                 .Isolate(Leader())
                                 .Until(NewLeader())
                                 .Within(absl::Seconds(2))
                                 .Write("x", "one")
                                 .Expect(Expectation::Kind::kDone)
                                 .Heal()
                                 .Read("x")
                                 .ExpectValue("one")
                                 .Run(seed);
    EXPECT_TRUE(result.passed())
        << "seed " << seed << ": " << result.signature << result.message;
  }
}

TEST(StoryTest, AStoryAndAFileThatSayTheSameAreTheSameRun) {
  const absl::StatusOr<Scenario> file = ParseScenario(R"(
name: same
cluster: {nodes: 5}
phases: {warm_up: 1s, chaos: 8s, quiet: 6s}
environment: {network.latency: 1ms..2ms}
swarm: true
faults: {network.frame_duplicate: 1%}
steps:
  - {at: 2s, crash: leader, for: 100ms..1s}
  - {after: 200ms, never: {down: n1}, for: 0s}
  - {after: 100ms, write: {key: x, value: v, within: 500ms}}
  - {until: {committed_more: 5}, within: 1s, else: skip}
  - {at: 5s, partition: [[n1, n2], [n3, n4, n5]], for: 500ms}
)",
                                                      "f");
  ASSERT_TRUE(file.ok()) << file.status();
  Story story("same");
  story.Nodes(5)
      .Lasts(kShort)
      .Environment("network.latency", "1ms..2ms")
      .Faults("network.frame_duplicate", "1%")
      .Swarm()
      .At(absl::Seconds(2))
      .Crash(Leader())
      .For(absl::Milliseconds(100), absl::Seconds(1))
      .After(absl::Milliseconds(200))
      .Never(Down({1}))
      .For(absl::ZeroDuration())
      .After(absl::Milliseconds(100))
      .Write("x", "v")
      .Within(absl::Milliseconds(500))
      .Until(CommittedMore(5))
      .Within(absl::Seconds(1))
      .OrSkip()
      .At(absl::Seconds(5))
      .Partition({{1, 2}, {3, 4, 5}})
      .For(absl::Milliseconds(500));
  const RunResult told = story.Run(2);
  RunOptions options;
  options.seed = 2;
  const RunResult read = RunScenario(*file, options);
  EXPECT_EQ(told.signature, read.signature);
  EXPECT_EQ(told.digest, read.digest);
}

TEST(StoryTest, AFailureNamesTheStep) {
  const RunResult result = Story("wrong")
                               .Lasts(kShort)
                               .At(absl::Seconds(1))
                               .Heal()
                               .Assert(TermAbove(1000))
                               .Run(1);
  EXPECT_EQ(result.signature, "assert");
  EXPECT_EQ(result.message.find("step 2: assert {term_above: 1000} is not so"),
            0u)
      << result.message;
}

TEST(StoryDeathTest, WhatMakesNoSenseIsRefused) {
  EXPECT_DEATH(Story("x").For(absl::Seconds(1)), "no step was told");
  EXPECT_DEATH(Story("x").Heal().For(absl::Seconds(1)), "it has no duration");
  EXPECT_DEATH(Story("x").Crash(Leader()).Via(Leader()), "not of this step");
  EXPECT_DEATH(Story("x").Faults("network.wind", "1%"), "no such knob");
  EXPECT_DEATH(Story("x").At(absl::Hours(1)).Heal().Build(), "is too late");
}

}  // namespace
}  // namespace scenarios
