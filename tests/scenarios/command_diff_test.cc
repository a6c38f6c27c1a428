// `raft_sim diff`: where a recorded run and this program part.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/artifact.h"
#include "scenarios/commands.h"
#include "scenarios/recorded_run.h"
#include "scenarios/run_outline.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_library.h"
#include "scenarios/tape_codec.h"
#include "sim/tape.h"

namespace scenarios {
namespace {

using testing::HasSubstr;
using testing::Not;

// A run that fails, as it was recorded.
Artifact Recorded() {
  absl::StatusOr<Scenario> scenario = ParseScenario(R"(
name: hopeless
phases: {warm_up: 500ms, chaos: 1500ms, quiet: 2s}
workload: {clients: 2, interval: 10ms, keys: 4}
steps:
  - {at: 1s, until: {committed: 1000000}, within: 500ms}
demands: {leader_within: 1s, write_within: 1s}
)",
                                                    "hopeless.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return RunRecorded(*scenario, 3);
}

struct Printed {
  int exit_code = 0;
  std::string text;
};

Printed DiffOf(const Artifact& artifact,
               const std::vector<std::string>& options = {}) {
  const std::string path = absl::StrCat(testing::TempDir(), "diff.artifact");
  EXPECT_TRUE(WriteWholeFile(path, FormatArtifact(artifact)).ok());
  std::vector<std::string> words = {path};
  words.insert(words.end(), options.begin(), options.end());
  testing::internal::CaptureStdout();
  Printed printed;
  printed.exit_code = DiffCommand(words);
  printed.text = testing::internal::GetCapturedStdout();
  return printed;
}

size_t LinesThatBegin(const std::string& text, absl::string_view mark) {
  size_t count = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StartsWith(line, mark)) ++count;
  }
  return count;
}

TEST(DiffTest, TheSameProgramFailsAsItDid) {
  const Printed printed = DiffOf(Recorded());
  EXPECT_EQ(printed.exit_code, kExitFailed);
  EXPECT_THAT(printed.text, HasSubstr("hopeless seed 3, recorded: until\n"));
  EXPECT_THAT(printed.text, HasSubstr("the same, to its end: failed\n"));
}

// As a program does that no longer draws what it drew.
TEST(DiffTest, AChoiceThatDiffersIsShownWithWhatFollowsOnBothSides) {
  Artifact artifact = Recorded();
  absl::StatusOr<sim::TapeRecord> tape = DecodeTape(artifact.tape);
  ASSERT_TRUE(tape.ok());
  tape->choices.erase(tape->choices.begin() + 500);
  artifact.tape = EncodeTape(*tape);
  const Printed printed = DiffOf(artifact, {"--context", "3"});
  EXPECT_EQ(printed.exit_code, kExitNotDeterministic);
  EXPECT_THAT(printed.text, HasSubstr("where they part\n  ["));
  EXPECT_THAT(printed.text, HasSubstr("\n! choice 500 was "));
  EXPECT_EQ(LinesThatBegin(printed.text, "- ["), 4u) << printed.text;
  EXPECT_EQ(LinesThatBegin(printed.text, "+ ["), 4u) << printed.text;
}

// As a program does that draws the same and does something else with it.
TEST(DiffTest, AnEventThatDiffersStandsInItsContext) {
  Artifact artifact = Recorded();
  absl::StatusOr<RunOutline> outline = DecodeOutline(artifact.outline);
  ASSERT_TRUE(outline.ok()) << outline.status();
  const size_t line = outline->lines.size() / 2;
  ++outline->lines[line].digest;
  artifact.outline = EncodeOutline(*outline);
  const Printed printed = DiffOf(artifact, {"--context", "5"});
  EXPECT_EQ(printed.exit_code, kExitNotDeterministic);
  EXPECT_THAT(printed.text, HasSubstr(absl::StrCat("the same up to event ",
                                                   outline->lines[line].event,
                                                   ", where they part\n")));
  EXPECT_EQ(LinesThatBegin(printed.text, "  ["), 6u) << printed.text;
  EXPECT_EQ(LinesThatBegin(printed.text, "- ["), 6u) << printed.text;
  EXPECT_EQ(LinesThatBegin(printed.text, "+ ["), 6u) << printed.text;
  EXPECT_THAT(printed.text, Not(HasSubstr("\n! ")));
  EXPECT_THAT(printed.text,
              HasSubstr("\n- " + outline->BeginningOf(outline->lines[line])));
}

TEST(DiffTest, AnotherBuildIsNamed) {
  Artifact artifact = Recorded();
  artifact.build = "a build of last year";
  EXPECT_THAT(DiffOf(artifact).text,
              HasSubstr("  recorded by a build of last year\n  this is "));
}

TEST(DiffTest, WhatItIsAskedMustMakeSense) {
  EXPECT_EQ(DiffCommand({}), kExitUsage);
  EXPECT_EQ(DiffCommand({"a", "b"}), kExitUsage);
  EXPECT_EQ(DiffCommand({"/nowhere.artifact"}), kExitUsage);
  EXPECT_EQ(DiffCommand({"x", "--context", "0"}), kExitUsage);
}

}  // namespace
}  // namespace scenarios
