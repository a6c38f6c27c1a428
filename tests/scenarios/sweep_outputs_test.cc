// What a sweep leaves: its exit code, its canary, JUnit, mergeable lines.

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "scenarios/canary.h"
#include "scenarios/commands.h"
#include "scenarios/json_reader.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep.h"
#include "scenarios/sweep_junit.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

Scenario Short() {
  Scenario scenario;
  scenario.name = "short";
  scenario.phases = {.warm_up = absl::Milliseconds(500),
                     .chaos = absl::Milliseconds(500),
                     .quiet = absl::Seconds(3)};
  scenario.workload.keys = 2;
  scenario.demands = {.leader_within = absl::Seconds(1),
                      .write_within = absl::Seconds(1)};
  return scenario;
}

SweepSettings TwoSeeds() {
  SweepSettings settings;
  settings.scenarios = {Short()};
  settings.last_seed = 2;
  return settings;
}

std::string TemporaryPath(absl::string_view name) {
  return absl::StrCat(testing::TempDir(), "sweep_outputs_", name);
}

std::string ReadAll(const std::string& path) {
  return ReadWholeFile(path, 100 << 20).value_or("");
}

RunResult Failure(std::string signature, uint64_t seed) {
  RunResult result;
  result.scenario = "calm";
  result.seed = seed;
  result.outcome = RunResult::Outcome::kFailed;
  result.signature = std::move(signature);
  result.message = "two <leaders> & \"one\" term\n\x01 next \xff line";
  result.events = 100 - seed;
  return result;
}

TEST(CanaryTest, EverySeedOfItIsFound) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunResult result = RunCanary(seed);
    EXPECT_EQ(result.outcome, RunResult::Outcome::kFailed) << seed;
    EXPECT_LT(result.virtual_time, absl::Seconds(1)) << "not cheap: " << seed;
  }
}

TEST(CanaryTest, WithoutItsBugItPasses) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const RunResult result = RunHarmlessCanary(seed);
    EXPECT_TRUE(result.passed()) << result.signature << result.message;
  }
}

TEST(CanaryTest, ASweepInWhichItIsFoundIsGreen) {
  const SweepSettings settings = TwoSeeds();
  Sweep sweep(settings);
  EXPECT_EQ(sweep.Run(), kExitPassed);
  EXPECT_EQ(sweep.report().runs(), 2u) << "the canary is no seed";
  EXPECT_GT(sweep.report().canary().found, 0u);
}

// The scenario demands what a calm cluster never does.
TEST(SweepRunTest, WhatMustBeReachedIsAskedOfEnoughSeeds) {
  SweepSettings settings = TwoSeeds();
  settings.scenarios[0].must_reach = {"raft.step_down_disk_stuck"};
  {
    Sweep sweep(settings);
    EXPECT_EQ(sweep.Run(), kExitPassed) << "two seeds are not fifty";
  }
  settings.scenarios[0].must_reach_seeds = 2;
  {
    Sweep sweep(settings);
    EXPECT_EQ(sweep.Run(), kExitFailed);
    EXPECT_EQ(sweep.report().not_passed(), 0u);
  }
  settings.shards = 2;
  settings.shard = 1;
  settings.scenarios[0].must_reach_seeds = 1;
  Sweep shard(settings);
  EXPECT_EQ(shard.Run(), kExitPassed) << "judged when it is merged";
}

TEST(SweepRunTest, AShareOfTheSeedsRunsTwice) {
  SweepSettings settings = TwoSeeds();
  settings.last_seed = 40;
  settings.twice_ppm = 250'000;
  {
    Sweep sweep(settings);
    EXPECT_EQ(sweep.Run(), kExitPassed);
    EXPECT_GE(sweep.report().ran_twice(), 4u);
    EXPECT_LE(sweep.report().ran_twice(), 20u);
  }
  settings.last_seed = 2;
  settings.twice_ppm = 1;
  {
    Sweep sweep(settings);
    EXPECT_EQ(sweep.Run(), kExitPassed);
    EXPECT_EQ(sweep.report().ran_twice(), 1u) << "the first seed always does";
  }
  settings.twice_ppm = 0;
  Sweep none(settings);
  EXPECT_EQ(none.Run(), kExitPassed);
  EXPECT_EQ(none.report().ran_twice(), 0u);
}

TEST(CanaryTest, ASweepInWhichItSurvivesIsRed) {
  SweepSettings settings = TwoSeeds();
  settings.canary = RunHarmlessCanary;
  Sweep sweep(settings);
  EXPECT_EQ(sweep.Run(), kExitFailed);
  EXPECT_EQ(sweep.report().not_passed(), 0u);
  EXPECT_TRUE(absl::StrContains(sweep.report().ToText(absl::Seconds(1)),
                                "THE CANARY SURVIVED"));
}

TEST(SweepOutputsTest, WhatCannotBeWrittenIsSaidBeforeTheSweep) {
  EXPECT_EQ(
      RunCommand({"calm", "--scenarios", TWINRAFT_SOURCE_DIR "/scenarios/files",
                  "--junit", "/nowhere/at/all.xml"}),
      kExitUsage);
  EXPECT_EQ(
      RunCommand({"calm", "--scenarios", TWINRAFT_SOURCE_DIR "/scenarios/files",
                  "--artifacts", "/proc/nothing"}),
      kExitUsage);
}

TEST(SweepOutputsTest, JUnitHasASuiteForEachScenarioAndOneForTheCanary) {
  SweepReport report;
  RunResult passed;
  passed.scenario = "lossy";
  report.Add(passed);
  report.Add(passed);
  report.Add(Failure("log-matching", 7));
  report.Add(Failure("log-matching", 8));
  RunResult inconclusive = Failure("no-verdict", 9);
  inconclusive.outcome = RunResult::Outcome::kInconclusive;
  report.Add(inconclusive);
  report.AddCanary(Failure("promise-ledger", 1));
  const std::string xml = JUnitXml(report);
  EXPECT_TRUE(absl::StrContains(
      xml, "<testsuite name=\"calm\" tests=\"2\" failures=\"1\" errors=\"1\""))
      << xml;
  EXPECT_TRUE(absl::StrContains(xml, "name=\"2 of 2 seeds passed\"")) << xml;
  EXPECT_TRUE(absl::StrContains(
      xml,
      "<failure type=\"failed\" message=\"log-matching: two &lt;leaders&gt; "
      "&amp; &quot;one&quot; term\">2 seeds, first 8&#10;"))
      << xml;
  EXPECT_TRUE(absl::StrContains(
      xml, "? next ? line&#10;raft_sim replay --scenario calm --seed 8"))
      << xml;
  EXPECT_TRUE(absl::StrContains(xml,
                                "<testsuite name=\"canary\" tests=\"1\" "
                                "failures=\"0\""))
      << xml;
}

TEST(SweepOutputsTest, XmlKeepsLettersAndReplacesWhatItForbids) {
  EXPECT_EQ(XmlEscaped("a\xc3\xa4\xe2\x82\xac\tz"), "a\xc3\xa4\xe2\x82\xac\tz");
  EXPECT_EQ(XmlEscaped(absl::string_view("\0\x1f\xc3", 3)), "???");
  EXPECT_EQ(XmlEscaped("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(XmlEscaped("\xc0\xaf"), "??") << "overlong";
}

TEST(SweepOutputsTest, ASeedSurvivesItsLineOfJson) {
  RunResult result = Failure("quote \"\\\"", 18446744073709551615u);
  result.message = "tab\t newline\n";
  result.digest = ~uint64_t{0};
  result.counts = {{"client.answered", 7}};
  result.expected_faults = {"crash"};
  const absl::StatusOr<JsonValue> json = ParseJson(RunResultJson(result));
  ASSERT_TRUE(json.ok()) << json.status();
  const absl::StatusOr<RunResult> back = RunResultFromJson(*json);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(SerializeRunResult(*back), SerializeRunResult(result));
}

// The lines of one shard, as `raft_sim run --json` prints them.
std::string WriteShard(absl::string_view name,
                       const std::vector<RunResult>& results,
                       bool canary_found = true, uint64_t must_reach = 50) {
  SweepReport report;
  report.BeShard();
  report.MustReach("calm", {.states = {"raft.split"}, .seeds = must_reach});
  report.AddCanary(canary_found ? Failure("promise-ledger", 1) : RunResult());
  std::string text;
  for (const RunResult& result : results) {
    report.Add(result);
    absl::StrAppend(&text, RunResultJson(result), "\n");
  }
  absl::StrAppend(&text, report.ToJson(absl::Seconds(2)), "\n");
  const std::string path = TemporaryPath(name);
  EXPECT_TRUE(WriteWholeFile(path, text).ok());
  return path;
}

RunResult Passed(uint64_t seed) {
  RunResult result;
  result.scenario = "calm";
  result.seed = seed;
  return result;
}

TEST(MergeTest, ShardsBecomeOneReport) {
  const std::string a = WriteShard("a", {Passed(1), Passed(3)});
  const std::string b = WriteShard("b", {Passed(2), Failure("hang", 4)});
  const std::string junit = TemporaryPath("junit.xml");
  testing::internal::CaptureStdout();
  EXPECT_EQ(MergeCommand({a, b, "--json", "--junit", junit}), kExitFailed);
  const absl::StatusOr<JsonValue> report =
      ParseJson(testing::internal::GetCapturedStdout());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ((*report)["seeds"].Unsigned(), 4u);
  EXPECT_EQ((*report)["passed"].Unsigned(), 3u);
  EXPECT_EQ((*report)["canary"]["found"].Unsigned(), 2u);
  EXPECT_EQ((*report)["missed"].elements.size(), 1u);
  EXPECT_TRUE(absl::StrContains(ReadAll(junit), "name=\"hang\""));
}

// Neither shard has enough seeds to be asked; both together have.
TEST(MergeTest, WhatMustBeReachedIsJudgedOfAllShardsTogether) {
  const auto shard = [](absl::string_view name, uint64_t seed, bool reached) {
    RunResult result = Passed(seed);
    if (reached) result.reached = {{"raft.split", 1}};
    return WriteShard(name, {result}, true, 2);
  };
  const std::string junit = TemporaryPath("reach.xml");
  EXPECT_EQ(MergeCommand({shard("a", 1, false), "--junit", junit}),
            kExitPassed);
  testing::internal::CaptureStdout();
  EXPECT_EQ(MergeCommand({shard("a", 1, false), shard("b", 2, false), "--json",
                          "--junit", junit}),
            kExitFailed);
  const absl::StatusOr<JsonValue> report =
      ParseJson(testing::internal::GetCapturedStdout());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ((*report)["missed"].elements.size(), 1u);
  EXPECT_EQ((*report)["missed"].elements[0]["state"].text, "raft.split");
  EXPECT_TRUE((*report)["missed"].elements[0]["demanded"].True());
  EXPECT_TRUE(absl::StrContains(
      ReadAll(junit),
      "name=\"reaches raft.split\">\n      <failure type=\"not-reached\" "
      "message=\"calm: raft.split in none of 2 seeds\"/>"))
      << ReadAll(junit);
  EXPECT_EQ(MergeCommand({shard("a", 1, false), shard("b", 2, true)}),
            kExitPassed);
}

TEST(MergeTest, AReportOfAnotherVersionIsRefused) {
  const std::string path = WriteShard("a", {Passed(1)});
  std::string text = ReadAll(path);
  const size_t at = text.find("[{\"scenario\":\"calm\",\"states\"");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, text.find("}]", at) + 2 - at, "[\"raft.split\"]");
  ASSERT_TRUE(WriteWholeFile(path, text).ok());
  EXPECT_EQ(MergeCommand({path}), kExitUsage);
}

TEST(MergeTest, GreenShardsAreGreen) {
  EXPECT_EQ(MergeCommand(
                {WriteShard("a", {Passed(1)}), WriteShard("b", {Passed(2)})}),
            kExitPassed);
}

TEST(MergeTest, ACanaryThatSurvivedInOneShardMakesAllOfItRed) {
  EXPECT_EQ(MergeCommand({WriteShard("a", {Passed(1)}),
                          WriteShard("b", {Passed(2)}, false)}),
            kExitFailed);
}

TEST(MergeTest, ASeedCountsOnceAndAShardThatDidNotEndNotAtAll) {
  const std::string a = WriteShard("a", {Passed(1), Passed(2)});
  EXPECT_EQ(MergeCommand({a, a}), kExitUsage);
  const std::vector<std::string> lines = absl::StrSplit(ReadAll(a), '\n');
  const std::string cut = TemporaryPath("cut");
  ASSERT_TRUE(WriteWholeFile(cut, lines[0] + "\n" + lines[1] + "\n").ok());
  EXPECT_EQ(MergeCommand({cut}), kExitUsage);
  ASSERT_TRUE(WriteWholeFile(cut, lines[0] + "\n" + lines[2] + "\n").ok());
  EXPECT_EQ(MergeCommand({cut}), kExitUsage) << "a line is missing";
  ASSERT_TRUE(WriteWholeFile(cut, "").ok());
  EXPECT_EQ(MergeCommand({cut}), kExitUsage);
}

TEST(SweepProgressTest, ALineTellsHowFarHowFastAndHowLong) {
  EXPECT_EQ(
      ProgressLine(
          {.done = 40, .not_passed = 2, .virtual_time = absl::Seconds(2400)},
          100, absl::ZeroDuration(), absl::Seconds(4)),
      "[############..................] 40/100 seeds, 10.0 seeds/s, "
      "600:1, 2 not passed, 6s left");
  EXPECT_EQ(ProgressLine({.done = 7, .not_passed = 0, .virtual_time = {}}, 0,
                         absl::Seconds(60), absl::Seconds(30)),
            "[###############...............] 7 seeds, 0.2 seeds/s, 0:1, "
            "0 not passed, 30s left");
  EXPECT_EQ(ProgressLine({}, 10, absl::ZeroDuration(), absl::ZeroDuration()),
            "[..............................] 0/10 seeds, 0.0 seeds/s, 0:1, "
            "0 not passed");
}

}  // namespace
}  // namespace scenarios
