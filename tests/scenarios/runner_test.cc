// Whole runs: the harness works, its runs repeat themselves, and it notices
// when the cluster does not do what it must.

#include "scenarios/runner.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "scenarios/recorded_run.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_library.h"
#include "scenarios/tape_codec.h"
#include "sim/divergence.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

Scenario Parse(absl::string_view text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "test.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

// Short, but with something of everything.
Scenario Busy() {
  return Parse(R"(
name: busy
phases: {warm_up: 500ms, chaos: 3s, quiet: 3s}
workload: {clients: 2, interval: 10ms, keys: 4}
environment: {network.latency: 200us..2ms}
faults: {network.frame_loss: 2%, disk.writeback: 10%, disk.torn_sector: 20%}
steps:
  - {at: 1s, isolate: leader, for: 500ms}
  - {at: 2s, power_off: all, for: 50ms..200ms}
  - {at: 3s, crash: leader, for: 100ms}
demands: {leader_within: 1500ms, write_within: 1500ms}
)");
}

RunResult RunSeed(const Scenario& scenario, uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return RunScenario(scenario, options);
}

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

TEST(RunnerTest, ABusyRunPassesAndSaysWhatHappened) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const RunResult result = RunSeed(Busy(), seed);
    ASSERT_TRUE(result.passed()) << "seed " << seed << ": " << result.signature
                                 << ": " << result.message;
    EXPECT_GT(CountOf(result.counts, "client.answered"), 100u);
    EXPECT_GT(CountOf(result.counts, "check.promises"), 100u);
    EXPECT_EQ(CountOf(result.faults, "nemesis.isolate"), 1u);
    EXPECT_EQ(CountOf(result.faults, "nemesis.power_off"), 1u);
    EXPECT_GE(CountOf(result.counts, "node.boots"), 7u);
    EXPECT_EQ(result.virtual_time, absl::Milliseconds(6500));
    EXPECT_FALSE(result.expected_faults.empty());
  }
}

// n2's wall clock is seconds behind that of who took the last lease: it is 15
// ms before the end when n2, leading, removes it, and the others are not told
// of that commit any more.
TEST(RunnerTest, WhatIsCommittedInTheLastMomentNeedNotBeAppliedByAll) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  const absl::StatusOr<Scenario> scenario = library.Load("redis-no-leader");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const RunResult result = RunSeed(*scenario, 252072263);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

// The leader tells n1 to stand before the last answer to its pre-vote arrives.
TEST(RunnerTest, AnAnswerToAPreVoteMayComeToWhoStandsAlready) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  const absl::StatusOr<Scenario> scenario = library.Load("transfer-leader");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const RunResult result = RunSeed(*scenario, 140120826);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

// The ends of some clients' connections are lost: no server can know.
TEST(RunnerTest, AConnectionWhoseEndWasLostStandsAtRest) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  const absl::StatusOr<Scenario> scenario = library.Load("kitchen-sink");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const RunResult result = RunSeed(*scenario, 140120822);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

// A MiB had been written to each follower when the links became whole again; it
// went on at 64 KiB a second, and nothing was committed meanwhile.
TEST(RunnerTest, WhatIsUnderWayWhenALinkHealsIsNoSlowerThanIt) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  const absl::StatusOr<Scenario> scenario = library.Load("slow-quorum");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const RunResult result = RunSeed(*scenario, 21387127);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

TEST(RunnerTest, TheSameSeedIsTheSameRun) {
  const Scenario scenario = Busy();
  const auto run = [&](sim::TraceSink* trace) {
    sim::Digest digest;
    RunOptions options;
    options.seed = 7;
    options.trace = trace;
    options.digest = &digest;
    RunScenario(scenario, options);
    return digest;
  };
  const std::optional<sim::Divergence> divergence = sim::FindDivergence(run);
  EXPECT_FALSE(divergence.has_value()) << divergence->ToString();
}

TEST(RunnerTest, AnotherSeedIsAnotherRun) {
  EXPECT_NE(RunSeed(Busy(), 1).digest, RunSeed(Busy(), 2).digest);
}

TEST(RunnerTest, AnArtifactReplaysToTheSameDigest) {
  const Artifact artifact = RunRecorded(Busy(), 5);
  EXPECT_FALSE(artifact.result.last_events.empty());
  const absl::StatusOr<Artifact> back =
      ParseArtifact(FormatArtifact(artifact), "a");
  ASSERT_TRUE(back.ok()) << back.status();
  for (const bool lenient : {false, true}) {
    ReplayOptions options;
    options.lenient = lenient;
    const absl::StatusOr<Replayed> again = Replay(*back, options);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->difference.empty()) << again->difference.ToString();
    EXPECT_GT(again->from_tape, 1000u);
    EXPECT_EQ(again->from_dice, 0u);
    EXPECT_EQ(again->result.digest, artifact.result.digest);
    EXPECT_EQ(again->result.digest, RunSeed(Busy(), 5).digest);
  }
}

TEST(RunnerTest, ARunCanEndEarly) {
  RunOptions options;
  options.until = absl::Seconds(1);
  const RunResult result = RunScenario(Busy(), options);
  EXPECT_TRUE(result.passed()) << result.signature;
  EXPECT_EQ(result.virtual_time, absl::Seconds(1));
}

// An election timeout of minutes: nobody leads in time.
TEST(RunnerTest, AClusterThatDoesNotElectFailsTheLivenessDemand) {
  const RunResult result = RunSeed(Parse(R"(
name: sleepy
cluster: {election_timeout: 2m..3m}
phases: {warm_up: 100ms, chaos: 100ms, quiet: 5s}
workload: {clients: 0}
)"),
                                   1);
  EXPECT_EQ(result.signature, "liveness-leader");
}

// The device takes longer for one sync than a client has patience for a write.
TEST(RunnerTest, AClusterThatDoesNotWriteFailsTheLivenessDemand) {
  const RunResult result = RunSeed(Parse(R"(
name: stuck
cluster: {election_timeout: 10s..11s}
phases: {warm_up: 1s, chaos: 19s, quiet: 6s}
workload: {clients: 0}
environment: {disk.sync_latency: 700ms}
demands: {leader_within: 6s, write_within: 1s}
)"),
                                   1);
  EXPECT_EQ(result.signature, "liveness-write") << result.message;
}

TEST(RunnerTest, EveryScenarioThatShipsIsReadAndPassesAFirstSeed) {
  const ScenarioLibrary library(TWINRAFT_SOURCE_DIR "/scenarios/files");
  const absl::StatusOr<std::vector<Scenario>> all = library.LoadAll({"all"});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_GE(all->size(), 9u);
  for (const Scenario& scenario : *all) {
    EXPECT_FALSE(scenario.description.empty()) << scenario.name;
    RunOptions options;
    options.until = absl::Seconds(4);
    const RunResult result = RunScenario(scenario, options);
    EXPECT_TRUE(result.passed())
        << scenario.name << ": " << result.signature << result.message;
  }
}

TEST(TapeCodecTest, WhatWasWrittenIsReadBack) {
  sim::TapeRecord record;
  record.stream_names = {{5, "five"}, {~uint64_t{0}, "last"}};
  record.choices = {{5, 0, 10, 3},  {5, 1, 10, 4}, {9, 7, 0, ~uint64_t{0}},
                    {5, 2, 11, 10}, {9, 8, 0, 1},  {5, 9, 11, 0}};
  const std::string bytes = EncodeTape(record);
  const absl::StatusOr<sim::TapeRecord> back = DecodeTape(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->choices, record.choices);
  EXPECT_EQ(back->stream_names, record.stream_names);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeTape(bytes.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace scenarios
