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
          segment_bytes: 64KiB, uncommitted_bytes: 1MiB, sessions_max: 7,
          stores_under_way: 5, store_bytes_under_way: 4KiB, leader_wait: 1s,
          parked_max: 3, request_timeout: 2s}
phases: {warm_up: 1s, chaos: 30s, quiet: 10s}
workload:
  clients: 3
  interval: 5ms
  keys: 4
  value_bytes: 64
  timeout: 500ms
  renew_session: 2.5%
  pipeline: 4
  mix: {get: 1, set: 2, increment: 3, compare_and_set: 4}
  bank: {clients: 6, accounts: 9, interval: 7ms}
  leases: {clients: 5, keys: 8, interval: 6ms, lasts: 10ms..2s}
  watches: {clients: 4, interval: 9ms, lasts: 15ms..1s, pause_max: 70ms}
environment: {network.latency: 1ms..5ms, disk.sync_latency: 1ms}
faults: {network.frame_loss: 0%..2.5%}
swarm: true
chaos:
  mean_gap: 2s
  struck_max: minority
  strikes:
    - {isolate: {one_of: [leader, follower]}, for: 200ms..3s, weight: 2}
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
must_reach: [raft.vote_split]
)",
                                                          "f");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->cluster.nodes, 5u);
  EXPECT_EQ(scenario->cluster.segment_bytes, 65536u);
  EXPECT_EQ(scenario->cluster.uncommitted_bytes, 1u << 20);
  EXPECT_EQ(scenario->cluster.sessions_max, 7u);
  EXPECT_EQ(scenario->cluster.stores_under_way, 5u);
  EXPECT_EQ(scenario->cluster.store_bytes_under_way, 4096u);
  EXPECT_EQ(scenario->phases.End(), absl::Seconds(41));
  EXPECT_EQ(scenario->workload.mix.compare_and_set, 4u);
  EXPECT_EQ(scenario->workload.renew_session_ppm, 25'000u);
  EXPECT_EQ(scenario->workload.pipeline, 4u);
  EXPECT_EQ(scenario->cluster.leader_wait, absl::Seconds(1));
  EXPECT_EQ(scenario->cluster.parked_max, 3u);
  EXPECT_EQ(scenario->cluster.request_timeout, absl::Seconds(2));
  EXPECT_EQ(scenario->workload.bank.clients, 6u);
  EXPECT_EQ(scenario->workload.bank.accounts, 9u);
  EXPECT_EQ(scenario->workload.watches.clients, 4u);
  EXPECT_EQ(scenario->workload.watches.interval, absl::Milliseconds(9));
  EXPECT_EQ(scenario->workload.watches.lasts.high, absl::Seconds(1));
  EXPECT_EQ(scenario->workload.watches.pause_max, absl::Milliseconds(70));
  EXPECT_EQ(scenario->workload.leases.clients, 5u);
  EXPECT_EQ(scenario->workload.leases.keys, 8u);
  EXPECT_EQ(scenario->workload.leases.lasts.low, absl::Milliseconds(10));
  ASSERT_EQ(scenario->faults.size(), 1u);
  EXPECT_EQ(scenario->faults[0].ToString(),
            "network.frame_loss = 0%..25000ppm");
  ASSERT_EQ(scenario->chaos->strikes.size(), 2u);
  EXPECT_EQ(scenario->chaos->strikes[0].lasts.high, absl::Seconds(3));
  ASSERT_EQ(scenario->steps.size(), 8u);
  EXPECT_STREQ(ActName(std::get<Act>(scenario->steps.front().deed)),
               "partition");
  EXPECT_STREQ(ActName(std::get<Act>(scenario->steps.back().deed)), "heal");
  EXPECT_EQ(
      std::get<SkewClock>(std::get<Act>(scenario->steps[2].deed)).drift_ppm,
      -200);
  EXPECT_EQ(scenario->must_reach.front(), "raft.vote_split");
}

// Every prefix of a good file is either good or an error; none may crash.
TEST(ScenarioFileTest, EveryPrefixIsReadWithoutHarm) {
  const std::string text =
      "name: x\ncluster: {nodes: 3}\nfaults: {network.frame_loss: 1%}\n"
      "steps:\n  - {at: 2s, partition: [[n1], [n2]], for: 1s}\n"
      "chaos: {strikes: [{crash: {one_of: [leader, n2]}, for: 1s..2s}]}\n";
  ASSERT_EQ(ErrorOf(text), "no error");
  for (size_t size = 0; size < text.size(); ++size) {
    ErrorOf(absl::string_view(text).substr(0, size));
  }
}

}  // namespace
}  // namespace scenarios
