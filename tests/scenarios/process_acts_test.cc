// Acts on processes and clocks, and targets by role, in whole short runs.

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/roles.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

Scenario WithSteps(absl::string_view steps, absl::string_view more = "") {
  const absl::StatusOr<Scenario> scenario = ParseScenario(
      absl::StrCat("name: x\nphases: {warm_up: 1s, chaos: 4s, quiet: 6s}\n",
                   more, "steps:\n", steps),
      "f");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *scenario;
}

std::string ErrorOf(absl::string_view step) {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(absl::StrCat("name: x\nsteps:\n  - ", step, "\n"), "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

RunResult Passed(const Scenario& scenario, uint64_t seed = 1) {
  RunOptions options;
  options.seed = seed;
  RunResult result = RunScenario(scenario, options);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
  return result;
}

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

TEST(ProcessActsTest, ACrashLoopKillsAgainAndAgainAndEnds) {
  const RunResult result = Passed(WithSteps(
      "  - {at: 1s, crash_loop: {node: n2, up: 10ms..50ms, down: 10ms..50ms}, "
      "for: 2s}\n"));
  EXPECT_EQ(CountOf(result.faults, "nemesis.crash_loop"), 1u);
  const uint64_t crashes = CountOf(result.faults, "process.loop_crash");
  EXPECT_GE(crashes, 20u);
  EXPECT_LE(crashes, 100u);
  EXPECT_LE(CountOf(result.counts, "node.boots"), 3 + crashes);
}

TEST(ProcessActsTest, ATransferMakesTheTargetLead) {
  const RunResult result =
      Passed(WithSteps("  - {at: 2s, until: leader, within: 2s}\n"
                       "  - {transfer: n2}\n"
                       "  - {until: {leader: n2}, within: 200ms}\n"
                       "  - {transfer: n3}\n"
                       "  - {until: {leader: n3}, within: 200ms}\n"
                       "  - {transfer: n3}\n"));
  EXPECT_GE(CountOf(result.faults, "nemesis.transfer"), 1u);
  EXPECT_GE(CountOf(result.faults, "nemesis.struck_nobody"), 1u)
      << "it leads already";
}

// The one who leads hands over first: nobody has to wait for a timeout.
TEST(ProcessActsTest, ANodeThatIsStoppedHandsOverAndEnds) {
  const RunResult result =
      Passed(WithSteps("  - {at: 2s, until: leader, within: 2s}\n"
                       "  - {stop: leader, for: 1s}\n"
                       "  - {until: new_leader, within: 140ms}\n"));
  EXPECT_EQ(CountOf(result.faults, "nemesis.stop"), 1u);
  EXPECT_EQ(CountOf(result.counts, "node.boots"), 4u);
}

TEST(ProcessActsTest, ANodeThatIsStoppedStaysDownUntilItIsStarted) {
  const RunResult result =
      Passed(WithSteps("  - {at: 2s, stop: n2}\n"
                       "  - {after: 1s, stop: n2}\n"  // Nobody is there.
                       "  - {after: 500ms, restart: n2}\n"
                       "  - {after: 500ms, stop: n2}\n"));
  EXPECT_EQ(CountOf(result.faults, "nemesis.stop"), 2u);
  EXPECT_EQ(CountOf(result.faults, "nemesis.struck_nobody"), 1u);
  // The healing starts it once more.
  EXPECT_EQ(CountOf(result.counts, "node.boots"), 5u);
}

TEST(ProcessActsTest, ANodeThatIsKilledWhileItStopsIsNoMystery) {
  (void)Passed(
      WithSteps("  - {at: 2s, disk: {node: n2, stuck: true}}\n"
                "  - {after: 10ms, stop: n2}\n"
                "  - {after: 300ms, crash: n2, for: 100ms}\n"));
}

TEST(ProcessActsTest, ARollingRestartStopsOneAfterTheOther) {
  const RunResult result =
      Passed(WithSteps("  - {at: 1500ms, rolling_restart: all}\n"));
  EXPECT_EQ(CountOf(result.faults, "process.rolling_stop"), 3u);
  EXPECT_EQ(CountOf(result.counts, "node.boots"), 6u);
}

TEST(ProcessActsTest, AClockThatDriftsSmoothlyTakesManySteps) {
  const RunResult at_once = Passed(WithSteps(
      "  - {at: 1s, clock: {node: n1, drift: 2000ppm, jump: -1h}, for: 2s}\n"));
  EXPECT_EQ(CountOf(at_once.faults, "clock.drift"), 1u);
  EXPECT_EQ(CountOf(at_once.faults, "clock.jump"), 1u);
  const RunResult smooth = Passed(WithSteps(
      "  - {at: 1s, clock: {node: n1, drift: -5%, over: 1s}, for: 2s}\n"
      "  - {at: 1s, clock: {node: n2, jump: 2s}}\n",
      ""));
  EXPECT_EQ(CountOf(smooth.faults, "clock.drift"), 20u);
}

TEST(ProcessActsTest, AnActThatIsUndoneEarlyDriftsNoFurther) {
  const RunResult result = Passed(WithSteps(
      "  - {at: 1s, clock: {node: n1, drift: 200ppm, over: 2s}, for: 1s}\n"));
  const uint64_t steps = CountOf(result.faults, "clock.drift");
  EXPECT_GE(steps, 9u);
  EXPECT_LE(steps, 10u);
}

TEST(ProcessActsTest, FaultsOfTheChaosPhaseReachTheHosts) {
  const RunResult result = Passed(WithSteps(
      "  - {at: 3s, crash: all, for: 1ms}\n",
      "faults: {process.cpu_factor: 2..20, process.clock_drift_max: 300ppm, "
      "process.crash_at_suspend: 2000ppm, process.crash_in_recovery: 90%}\n"));
  EXPECT_EQ(CountOf(result.faults, "cpu.slow_host"), 3u);
  EXPECT_EQ(CountOf(result.faults, "clock.drift"), 3u);
  EXPECT_GE(CountOf(result.faults, "process.crash_at_suspend"), 1u);
  EXPECT_GE(CountOf(result.faults, "process.crash_in_recovery"), 1u);
}

TEST(ProcessActsTest, MistakesHaveAPlaceAndSayWhatWasExpected) {
  EXPECT_EQ(ErrorOf("{at: 2s, clock: {node: n1}}"),
            "f:3:21: expected a drift or a jump");
  EXPECT_EQ(ErrorOf("{at: 2s, clock: {node: n1, jump: soon}}"),
            "f:3:38: expected a duration such as 5ms or 1.5s, not 'soon'");
  EXPECT_EQ(
      ErrorOf("{at: 2s, crash_loop: {node: n1, up: 0, down: 0}, for: 1s}"),
      "f:3:26: expected an up or a down above 0");
  EXPECT_EQ(ErrorOf("{at: 2s, crash: boss}"),
            "f:3:21: expected n1 to n3, leader, follower, any, minority, "
            "majority, all, some, old_leader, candidate, longest_log, "
            "shortest_log, longest_follower, not 'boss'");
}

// Runs three nodes; n1 is cut off while the others work.
class RolesTest : public testing::Test {
 protected:
  RolesTest() : world_({.seed = 5}), cluster_(world_, ClusterShape()) {
    cluster_.BootAllThatAreDown();
    world_.RunFor(absl::Seconds(2));
  }

  void KillLeader() {
    cluster_.Kill(cluster_.leader());
    world_.RunFor(absl::Seconds(2));
  }

  sim::World world_;
  Cluster cluster_;
};

TEST_F(RolesTest, TheOldLeaderIsTheOneBeforeThePresent) {
  EXPECT_EQ(OldLeader(cluster_), 0u);
  const uint32_t first = cluster_.leader();
  ASSERT_NE(first, 0u);
  KillLeader();
  const uint32_t second = cluster_.leader();
  ASSERT_NE(second, 0u);
  EXPECT_NE(second, first);
  EXPECT_EQ(OldLeader(cluster_), first);
}

TEST_F(RolesTest, WhoeverCannotReachAMajorityIsACandidate) {
  EXPECT_EQ(Candidate(cluster_), 0u);
  KillLeader();
  KillLeader();
  const uint32_t last = Candidate(cluster_);
  ASSERT_NE(last, 0u);
  EXPECT_TRUE(cluster_.running(last));
}

TEST_F(RolesTest, LogsAreComparedAmongThoseThatRun) {
  const uint32_t leader = cluster_.leader();
  const uint32_t late = leader == 1 ? 2 : 1;
  cluster_.Kill(late);
  KillLeader();  // Nobody leads: nothing new can be committed.
  cluster_.Boot(leader);
  world_.RunFor(absl::Seconds(2));  // A new term, with an entry of its own.
  EXPECT_NE(LongestLog(cluster_), late);
  EXPECT_NE(LongestLog(cluster_), 0u);
  EXPECT_NE(LongestLog(cluster_, LongestLog(cluster_)), LongestLog(cluster_));
  cluster_.Boot(late);
  // It is up, and has not heard of anything yet.
  while (cluster_.View(late) == nullptr) world_.Step();
  EXPECT_EQ(ShortestLog(cluster_), late);
}

}  // namespace
}  // namespace scenarios
