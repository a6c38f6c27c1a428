// Steps that are told several times.

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

absl::StatusOr<Scenario> Read(absl::string_view steps) {
  return ParseScenario(absl::StrCat("name: x\nsteps:\n", steps), "f");
}

std::string ErrorOf(absl::string_view steps) {
  const absl::StatusOr<Scenario> scenario = Read(steps);
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

std::vector<absl::Duration> TimesOf(absl::string_view steps) {
  const absl::StatusOr<Scenario> scenario = Read(steps);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  std::vector<absl::Duration> times;
  if (!scenario.ok()) return times;
  for (const Step& step : scenario->steps) times.push_back(step.at);
  return times;
}

TEST(RepeatedStepsTest, AnActComesAgainAtItsTimes) {
  EXPECT_EQ(TimesOf("- {at: 3s, isolate: leader, for: 100ms, repeat: {times: "
                    "3, every: 2s}}\n- {at: 4s, heal: all}\n"),
            (std::vector<absl::Duration>{absl::Seconds(3), absl::Seconds(4),
                                         absl::Seconds(5), absl::Seconds(7)}));
}

// Behind a step that takes time, and each behind the one before.
TEST(RepeatedStepsTest, ARelativeActFollowsItself) {
  EXPECT_EQ(
      TimesOf("- {until: leader, within: 2s}\n- {after: 1s, crash: leader, "
              "for: 100ms, repeat: {times: 3, every: 500ms}}\n"),
      (std::vector<absl::Duration>{absl::ZeroDuration(), absl::Seconds(1),
                                   absl::Milliseconds(500),
                                   absl::Milliseconds(500)}));
}

TEST(RepeatedStepsTest, AStoryIsToldAgain) {
  const absl::StatusOr<Scenario> scenario = Read(
      "- {at: 2s, until: leader, within: 2s}\n"
      "- repeat:\n"
      "    times: 3\n"
      "    steps:\n"
      "      - {after: 700ms, pause: leader, for: 600ms}\n"
      "      - {until: new_leader, within: 2s}\n"
      "      - {write: {key: a, value: b, within: 1s}}\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  ASSERT_EQ(scenario->steps.size(), 10u);
  for (size_t i = 1; i < 10; ++i) EXPECT_TRUE(scenario->steps[i].relative);
  EXPECT_TRUE(std::holds_alternative<Operation>(scenario->steps[9].deed));
  EXPECT_EQ(scenario->steps[4].place, "f:7:9");
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = RunScenario(*scenario, options);
    EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
  }
}

TEST(RepeatedStepsTest, MistakesAreNamed) {
  EXPECT_EQ(ErrorOf("- {at: 1s, crash: n1, repeat: {times: 2}}\n"),
            "f:3:31: a repetition needs 'every'");
  EXPECT_EQ(ErrorOf("- {at: 1s, crash: n1, repeat: {times: 0, every: 1s}}\n"),
            "f:3:39: expected a number from 1 to 1000, not 0");
  EXPECT_EQ(ErrorOf("- {at: 1s, crash: n1, repeat: {times: 2, every: 0s}}\n"),
            "f:3:31: expected an 'every' above 0");
  EXPECT_EQ(ErrorOf("- {at: 1s, assert: leader, repeat: {times: 2, every: "
                    "1s}}\n"),
            "f:3:36: only an act repeats by itself; a list of steps does as "
            "{repeat: {times: 3, steps: [...]}}");
  EXPECT_EQ(ErrorOf("- {at: 1s, crash: n1, repeat: {times: 30, every: 1s}}\n"),
            "f:3:3: a step at 22s is too late: the quiet phase begins at 22s");
  EXPECT_EQ(ErrorOf("- {repeat: {times: 2, steps: [{at: 1s, crash: n1}]}}\n"),
            "f:3:31: a step that is told several times has no 'at': expected "
            "'after'");
  EXPECT_EQ(ErrorOf("- {repeat: {times: 2, steps: [{repeat: {times: 2, steps: "
                    "[{after: 1s, crash: n1}]}}]}}\n"),
            "f:3:31: a repetition in a repetition");
  EXPECT_EQ(ErrorOf("- {repeat: {times: 600, steps: [{after: 1ms, crash: n1}, "
                    "{after: 1ms, heal: all}]}}\n"),
            "f:3:33: expected at most 1000 steps, with all repetitions");
}

}  // namespace
}  // namespace scenarios
