#include "scenarios/scenario_file.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace scenarios {
namespace {

// The error of a file, without the name of the file.
std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "f");
  if (scenario.ok()) return "no error";
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(scenario.status().message());
}

TEST(ScenarioFileTest, ANameIsEnough) {
  const absl::StatusOr<Scenario> scenario = ParseScenario("name: calm\n", "f");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->name, "calm");
  EXPECT_EQ(scenario->cluster.nodes, 3u);
  EXPECT_FALSE(scenario->chaos.has_value());
}

TEST(ScenarioFileTest, EverythingCanBeSaid) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(R"(
name: all-of-it
description: Every key there is.
cluster: {nodes: 5, election_timeout: 100ms..200ms, heartbeat: 20ms,
          segment_bytes: 64KiB}
phases: {warm_up: 1s, chaos: 30s, quiet: 10s}
workload:
  clients: 3
  interval: 5ms
  keys: 4
  value_bytes: 64
  timeout: 500ms
  mix: {get: 1, set: 2, increment: 3, compare_and_set: 4}
environment: {network.latency: 1ms..5ms, disk.sync_latency: 1ms}
faults: {network.frame_loss: 0%..2.5%}
swarm: true
chaos:
  mean_gap: 2s
  struck_max: minority
  strikes:
    - {isolate: [leader, follower], for: 200ms..3s, weight: 2}
    - {power_off: any, for: 1s}
steps:
  - {at: 9s, heal: all}
  - {at: 2s, partition: [[n1, n2], [n3, n4, n5]], for: 1s}
  - {at: 3s, cut: {from: leader, to: all}}
  - {at: 4s, clock: {node: n2, drift: -200ppm}}
  - {at: 5s, cpu: {node: leader, factor: 10}, for: 1s}
  - {at: 6s, link: {from: n1, to: n2, knobs: {network.frame_loss: 50%}}}
  - {at: 7s, knobs: {disk.stall: 10ppm}}
  - {at: 8s, fail_sync: follower}
demands: {leader_within: 2s, write_within: 3s}
must_reach: [raft.split-vote]
)",
                                                          "f");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->cluster.nodes, 5u);
  EXPECT_EQ(scenario->cluster.segment_bytes, 65536u);
  EXPECT_EQ(scenario->phases.End(), absl::Seconds(41));
  EXPECT_EQ(scenario->workload.mix.compare_and_set, 4u);
  ASSERT_EQ(scenario->faults.size(), 1u);
  EXPECT_EQ(scenario->faults[0].ToString(),
            "network.frame_loss = 0%..25000ppm");
  ASSERT_EQ(scenario->chaos->strikes.size(), 2u);
  EXPECT_EQ(scenario->chaos->strikes[0].lasts.high, absl::Seconds(3));
  ASSERT_EQ(scenario->steps.size(), 8u);
  EXPECT_STREQ(ActName(scenario->steps.front().act), "partition");
  EXPECT_STREQ(ActName(scenario->steps.back().act), "heal");
  EXPECT_EQ(std::get<ClockDrift>(scenario->steps[2].act).parts_per_million,
            -200);
  EXPECT_EQ(scenario->must_reach.front(), "raft.split-vote");
}

TEST(ScenarioFileTest, ErrorsNameLineColumnAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf("name: x\nclusterr: 1\n"),
            "f:2:1: unknown key 'clusterr' in a scenario; expected one of: "
            "name, description, cluster, phases, workload, environment, "
            "faults, swarm, chaos, steps, demands, must_reach");
  EXPECT_EQ(ErrorOf("name: x\nname: y\n"), "f:2:1: 'name' stands here twice");
  EXPECT_EQ(ErrorOf("description: x\n"), "f:1:1: a scenario needs 'name'");
  EXPECT_EQ(ErrorOf("name: X y\n"),
            "f:1:7: expected a name of a-z, 0-9 and '-'");
  EXPECT_EQ(ErrorOf("name: x\nphases: {chaos: 5 apples}\n"),
            "f:2:17: expected a duration such as 5ms or 1.5s, not '5 apples'");
  EXPECT_EQ(ErrorOf("name: x\nsteps:\n  - {at: 2s, crash: n4}\n"),
            "f:3:21: expected a node from n1 to n3, not 'n4'");
  EXPECT_EQ(ErrorOf("name: x\nsteps:\n  - {at: 22s, crash: n1}\n"),
            "f:3:5: a step at 22s is too late: the quiet phase begins at 22s");
  EXPECT_EQ(ErrorOf("name: x\nsteps:\n  - {at: 2s, heal: all, for: 1s}\n"),
            "f:3:30: 'heal' has no duration");
  EXPECT_EQ(ErrorOf("name: x\nfaults: {network.frame_loss: 101%}\n"),
            "f:2:30: expected a probability such as 1%, 0.05% or 200ppm, at "
            "most 100%, not '101%'");
  EXPECT_EQ(ErrorOf("name: x\nsteps: [{at: 1s, crash: n1, pause: n1}]\n"),
            "f:2:36: expected one act, not both 'crash' and 'pause'");
  EXPECT_EQ(
      ErrorOf("name: x\nsteps: [{at: 1s, partition: [[n1], [n1, n2]]}]\n"),
      "f:2:37: n1 is in two groups");
  EXPECT_EQ(ErrorOf("name: x\nswarm: maybe\n"),
            "f:2:8: expected true or false");
  EXPECT_EQ(ErrorOf("name: x\nchaos: {strikes: [{heal: all, for: 1s}]}\n"),
            "f:2:19: 'heal' has no duration: not for chaos");
}

TEST(ScenarioFileTest, WhatIsNoYamlIsAnErrorWithItsPlace) {
  EXPECT_EQ(ErrorOf("name: [x\n").substr(0, 4), "f:2:");
  EXPECT_NE(ErrorOf(""), "no error");
  EXPECT_NE(ErrorOf("- 1\n- 2\n"), "no error");
  EXPECT_NE(ErrorOf("{{{{: : :"), "no error");
  EXPECT_NE(ErrorOf("name: *nobody\n"), "no error");
}

TEST(ScenarioFileTest, HugeFilesAreRefusedUnread) {
  const std::string huge(kScenarioBytesMax + 1, '#');
  EXPECT_NE(ErrorOf(huge).find("expected at most"), std::string::npos);
}

// Every prefix of a good file is either good or an error; none may crash.
TEST(ScenarioFileTest, EveryPrefixIsReadWithoutHarm) {
  const std::string text =
      "name: x\ncluster: {nodes: 3}\nfaults: {network.frame_loss: 1%}\n"
      "steps:\n  - {at: 2s, partition: [[n1], [n2]], for: 1s}\n"
      "chaos: {strikes: [{crash: [leader, n2], for: 1s..2s}]}\n";
  ASSERT_EQ(ErrorOf(text), "no error");
  for (size_t size = 0; size < text.size(); ++size) {
    ErrorOf(absl::string_view(text).substr(0, size));
  }
}

}  // namespace
}  // namespace scenarios
