// Steps that wait, demand and ask.

#include "scenarios/storyteller.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

RunResult RunSteps(absl::string_view steps, uint64_t seed) {
  const std::string text = absl::StrCat(
      "name: t\nphases: {warm_up: 1s, chaos: 11s, quiet: 4s}\n"
      "workload: {clients: 1, interval: 20ms, keys: 2}\n"
      "demands: {leader_within: 2s, write_within: 2s}\nsteps:\n",
      steps);
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "t.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  if (!scenario.ok()) return {};
  RunOptions options;
  options.seed = seed;
  return RunScenario(*scenario, options);
}

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

void ExpectPasses(absl::string_view steps) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const RunResult result = RunSteps(steps, seed);
    EXPECT_TRUE(result.passed()) << "seed " << seed << ": " << result.signature
                                 << ": " << result.message;
  }
}

void ExpectFails(absl::string_view steps, absl::string_view signature,
                 absl::string_view part_of_message) {
  const RunResult result = RunSteps(steps, 1);
  EXPECT_EQ(result.signature, signature) << result.message;
  EXPECT_TRUE(absl::StrContains(result.message, part_of_message))
      << result.message;
}

TEST(StorytellerTest, AStoryGoesOnWhenWhatItWaitsForHasCome) {
  ExpectPasses(R"(
  - {until: leader, within: 1s}
  - {at: 2s, isolate: leader}
  - {until: new_leader, within: 2s}
  - {after: 100ms, assert: {term_above: 1}}
  - {until: {committed_more: 10}, within: 1s}
  - {heal: all}
  - {until: {applied_equal: all}, within: 2s}
)");
}

TEST(StorytellerTest, ConditionsSeeNodesCountersFaultsAndRareStates) {
  ExpectPasses(R"(
  - {at: 1s, assert: {all_of: [leader, {running: all}, {not: {down: n1}}]}}
  - {at: 1500ms, crash: n2}
  - {assert: {down: n2}}
  - {assert: {struck: nemesis.crash}}
  - {assert: {not: {running: [n1, n2]}}}
  - {until: {any_of: [{leader: n1}, {leader: n3}]}, within: 2s}
  - {assert: {leader_not: n2}}
  - {until: {answered_more: 5}, within: 2s}
  - {after: 0s, restart: n2}
  - {until: {running: n2}, within: 1s}
  - {after: 0s, isolate: leader, for: 1s}
  - {until: {reached: raft.step_down_no_quorum}, within: 2s}
)");
}

TEST(StorytellerTest, WhatDoesNotComeInTimeIsAFailure) {
  ExpectFails("  - {at: 2s, until: {committed: 100000}, within: 500ms}\n",
              "until",
              "t.yaml:6:5: until {committed: 100000}: not within 500ms: n1 ");
}

TEST(StorytellerTest, WhatDoesNotComeMayBeSkippedUpToTheNextStepOfItsOwnTime) {
  const RunResult result = RunSteps(R"(
  - {at: 2s, until: no_leader, within: 300ms, else: skip}
  - {assert: no_leader}
  - {after: 100ms, crash: all}
  - {at: 3s, isolate: n1, for: 100ms}
)",
                                    1);
  EXPECT_TRUE(result.passed()) << result.message;
  EXPECT_EQ(CountOf(result.counts, "story.skipped"), 2u);
  EXPECT_EQ(CountOf(result.faults, "nemesis.isolate"), 1u);
  EXPECT_EQ(CountOf(result.faults, "nemesis.crash"), 0u);
}

TEST(StorytellerTest, WhatIsAssertedAndNotSoIsAFailure) {
  ExpectFails("  - {at: 2s, assert: {not: leader}}\n", "assert",
              "t.yaml:6:5: assert {not: leader} is not so: n1 ");
}

TEST(StorytellerTest, WhatIsForbiddenIsNoticedWhenItComes) {
  ExpectFails(R"(
  - {at: 2s, never: {down: n2}, for: 2s}
  - {at: 3s, crash: n2, for: 20ms}
)",
              "never", "t.yaml:7:5: never {down: n2}: it is so: n1 ");
  ExpectPasses(R"(
  - {at: 2s, never: {down: n2}, for: 500ms}
  - {at: 3s, crash: n2, for: 20ms}
)");
}

TEST(StorytellerTest, ScriptedOperationsAreAnsweredAndInTheHistory) {
  ExpectPasses(R"(
  - {until: leader, within: 1s}
  - {read: {key: x, expect: nil}}
  - {write: {key: x, value: one, expect: done}}
  - {read: {key: x, expect: one}}
  - {write: {key: x, value: two}}
  - {after: 1s, read: {key: x, expect: [one, two]}}
)");
}

TEST(StorytellerTest, ANodeThatHasNoQuorumAnswersNobody) {
  ExpectPasses(R"(
  - {at: 1500ms, partition: [[n1], [n2, n3]]}
  - {until: {leader_not: n1}, within: 3s}
  - {write: {key: x, value: v, via: n1, within: 300ms,
             expect: [refused, unknown]}}
  - {read: {key: x, via: n1, within: 300ms, expect: [refused, unknown]}}
  - {write: {key: x, value: w, within: 1s, expect: done}}
)");
}

TEST(StorytellerTest, WhoIsAskedMayBeARole) {
  ExpectPasses(R"(
  - {until: leader, within: 2s}
  - {write: {key: x, value: v, via: leader, expect: done}}
  - {read: {key: x, via: follower, within: 200ms, expect: refused}}
  - {read: {key: x, via: all, expect: v}}
  - {after: 0s, crash: all}
  - {read: {key: x, via: any, expect: refused}}
)");
}

TEST(StorytellerTest, AnUnexpectedOutcomeIsAFailure) {
  ExpectFails(R"(
  - {at: 2s, write: {key: x, value: v}}
  - {read: {key: x, expect: w}}
)",
              "expect",
              "t.yaml:8:5: read of x: expected w, but it is answered with v");
  ExpectFails("  - {at: 2s, write: {key: x, value: v, expect: refused}}\n",
              "expect", "write of x: expected refused, but it is answered");
}

TEST(StorytellerTest, ADeadCrewAnswersNobodyInTime) {
  ExpectPasses(R"(
  - {at: 2s, crash: all, for: 1s}
  - {after: 10ms, write: {key: x, value: v, within: 500ms, expect: refused}}
)");
}

TEST(StorytellerTest, ScriptedKeysAreThoseWrittenOnce) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(R"(
name: t
steps:
  - {write: {key: b, value: v}}
  - {write: {key: a, value: v}}
  - {write: {key: b, value: v}}
  - {read: {key: c}}
)",
                                                          "t.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(ScriptedKeys(*scenario), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace scenarios
