// A replay that is not the recorded run says at once where, with both sides.

#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/exact_replay.h"
#include "scenarios/recorded_run.h"
#include "scenarios/run_outline.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/tape_codec.h"
#include "sim/world.h"

namespace scenarios {
namespace {

using testing::HasSubstr;

Artifact Recorded() {
  absl::StatusOr<Scenario> scenario = ParseScenario(R"(
name: busy
phases: {warm_up: 500ms, chaos: 1s, quiet: 2s}
workload: {clients: 2, interval: 10ms, keys: 4}
faults: {network.frame_loss: 2%}
steps:
  - {at: 1s, isolate: leader, for: 300ms}
demands: {leader_within: 1s, write_within: 1s}
)",
                                                    "busy.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return RunRecorded(*scenario, 5);
}

Replayed ReplayOf(const Artifact& artifact, const ReplayOptions& options = {}) {
  absl::StatusOr<Replayed> replayed = Replay(artifact, options);
  EXPECT_TRUE(replayed.ok()) << replayed.status();
  return *std::move(replayed);
}

TEST(ReplayTest, AChangedChoiceEndsTheRunAtItsEventWithBothSides) {
  Artifact artifact = Recorded();
  absl::StatusOr<sim::TapeRecord> tape = DecodeTape(artifact.tape);
  ASSERT_TRUE(tape.ok());
  ASSERT_GT(tape->choices.size(), 1000u);
  tape->choices.erase(tape->choices.begin() + 500);
  artifact.tape = EncodeTape(*tape);
  const Replayed replayed = ReplayOf(artifact);
  EXPECT_THAT(replayed.difference.ToString(),
              HasSubstr("the first that differs"));
  EXPECT_THAT(replayed.difference.ToString(), HasSubstr("\n  in ["));
  EXPECT_THAT(replayed.difference.ToString(), HasSubstr("\n  choice 500 was "));
  EXPECT_THAT(replayed.difference.ToString(), HasSubstr("; now "));
  EXPECT_EQ(replayed.result.signature, "tape");
  EXPECT_LT(replayed.result.events, artifact.result.events / 2);
}

// The program has changed, but draws what it drew: the outline notices.
TEST(ReplayTest, AnEventThatDiffersIsNamedThoughTheTapeFits) {
  Artifact artifact = Recorded();
  absl::StatusOr<RunOutline> outline = DecodeOutline(artifact.outline);
  ASSERT_TRUE(outline.ok()) << outline.status();
  const size_t line = outline->lines.size() - 200;
  ++outline->lines[line].digest;
  artifact.outline = EncodeOutline(*outline);
  const Replayed replayed = ReplayOf(artifact);
  EXPECT_THAT(replayed.difference.ToString(),
              HasSubstr(absl::StrCat("event ", outline->lines[line].event,
                                     ", the first that differs")));
  EXPECT_THAT(
      replayed.difference.ToString(),
      HasSubstr("\n  recorded: " + outline->BeginningOf(outline->lines[line])));
  EXPECT_THAT(replayed.difference.ToString(), HasSubstr("\n  now:      ["));
  EXPECT_EQ(replayed.result.signature, "tape");
}

TEST(ReplayTest, ARunThatEndsBeforeTheRecordedOneSaysHowThatWentOn) {
  Artifact artifact = Recorded();
  absl::StatusOr<RunOutline> outline = DecodeOutline(artifact.outline);
  ASSERT_TRUE(outline.ok());
  RunOutline::Line more = outline->lines.back();
  ++more.event;
  outline->lines.push_back(more);
  artifact.outline = EncodeOutline(*outline);
  EXPECT_THAT(ReplayOf(artifact).difference.ToString(),
              HasSubstr("now:      (nothing more)"));
}

TEST(ReplayTest, AnotherVerdictOfTheSameRunIsADifference) {
  Artifact artifact = Recorded();
  artifact.result.signature = "election-safety";
  EXPECT_THAT(ReplayOf(artifact).difference.ToString(),
              HasSubstr("recorded election-"));
}

TEST(ReplayTest, APartOfTheRecordedRunIsNoDifference) {
  const Artifact artifact = Recorded();
  ReplayOptions options;
  options.until = absl::Seconds(1);
  const Replayed replayed = ReplayOf(artifact, options);
  EXPECT_TRUE(replayed.difference.empty());
  EXPECT_EQ(replayed.result.virtual_time, absl::Seconds(1));
}

TEST(ReplayTest, ALenientOneGoesOnAndCountsWhoChose) {
  Artifact artifact = Recorded();
  absl::StatusOr<sim::TapeRecord> tape = DecodeTape(artifact.tape);
  ASSERT_TRUE(tape.ok());
  tape->choices.resize(tape->choices.size() / 2);
  artifact.tape = EncodeTape(*tape);
  ReplayOptions options;
  options.lenient = true;
  const Replayed replayed = ReplayOf(artifact, options);
  EXPECT_TRUE(replayed.difference.empty());
  EXPECT_EQ(replayed.from_tape, tape->choices.size());
  EXPECT_GT(replayed.from_dice, 1000u);
  // The seed still decides what the tape does not.
  EXPECT_EQ(replayed.result.digest, artifact.result.digest);
}

TEST(ReplayTest, ATraceDoesNotChangeTheRun) {
  const Artifact artifact = Recorded();
  std::ostringstream text;
  sim::TextTrace trace(text, sim::TraceLevel::kSchedule);
  ReplayOptions options;
  options.trace = &trace;
  EXPECT_TRUE(ReplayOf(artifact, options).difference.empty());
  EXPECT_THAT(text.str(), HasSubstr(" client.told id="));
}

TEST(RunOutlineTest, WhatWasWrittenIsReadBack) {
  RunOutline outline;
  outline.subjects = {"n1 slice", "- action"};
  outline.lines = {
      {.at = 0, .event = 0, .subject = 1, .digest = 0xffff},
      {.at = 1'000'000'000, .event = 3, .subject = 0, .digest = 1}};
  const std::string bytes = EncodeOutline(outline);
  const absl::StatusOr<RunOutline> back = DecodeOutline(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->subjects, outline.subjects);
  EXPECT_EQ(back->lines, outline.lines);
  EXPECT_EQ(back->BeginningOf(back->lines[1]), "[  1.000000s] n1 slice");
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeOutline(bytes.substr(0, size)).ok()) << size;
  }
}

TEST(RunOutlineTest, ALineAboutNothingIsRefused) {
  RunOutline outline;
  outline.subjects = {"n1 slice"};
  outline.lines = {{.at = 0, .event = 0, .subject = 1, .digest = 0}};
  EXPECT_FALSE(DecodeOutline(EncodeOutline(outline)).ok());
}

}  // namespace
}  // namespace scenarios
