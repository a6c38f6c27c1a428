// Partitions by role and with clients in them, and what heals before its time.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "tests/scenarios/network_acts_fixture.h"

namespace scenarios {
namespace {

class PartitionActsTest : public NetworkActsTest {
 protected:
  // With nodes that run, so that there are roles.
  void BeginBooted(absl::string_view act, uint64_t seed = 1) {
    Begin(act, seed);
    cluster_->BootAllThatAreDown();
  }
  // Of the nodes: who can be spoken to by host `from`, itself too.
  std::set<uint32_t> Reached(uint32_t from) const {
    std::set<uint32_t> reached;
    for (uint32_t to = 0; to < 5; ++to) {
      if (!IsCut(from, to)) reached.insert(to);
    }
    return reached;
  }
};

// ------------------------------------------------------------------- roles

TEST_F(PartitionActsTest, TheLeaderIsAloneAndTheRestTogether) {
  BeginBooted("partition: [[leader], rest], for: 1s");
  RunTo(absl::Milliseconds(999));
  const uint32_t leader = cluster_->leader();
  ASSERT_NE(leader, 0u);
  RunTo(absl::Milliseconds(1001));
  EXPECT_EQ(Cuts().size(), 8u) << "one against four, both ways";
  EXPECT_EQ(Reached(leader - 1), std::set<uint32_t>{leader - 1});
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(PartitionActsTest, ALeaderIsInAMajorityOrInAMinority) {
  for (const auto& [act, size] :
       {std::pair<const char*, size_t>{"{majority_with: leader}", 3u},
        {"{minority_with: leader}", 2u}}) {
    std::set<std::set<uint32_t>> groups;
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      BeginBooted(absl::StrCat("partition: [", act, ", rest], for: 1s"), seed);
      RunTo(absl::Milliseconds(999));
      const uint32_t leader = cluster_->leader();
      ASSERT_NE(leader, 0u);
      RunTo(absl::Milliseconds(1001));
      const std::set<uint32_t> group = Reached(leader - 1);
      EXPECT_EQ(group.size(), size) << act;
      for (const uint32_t node : group) EXPECT_EQ(Reached(node), group);
      groups.insert(group);
    }
    EXPECT_GT(groups.size(), 1u) << "who else is drawn";
  }
}

// A list is all of these, and nobody is drawn twice.
TEST_F(PartitionActsTest, TwoFollowersAreTwo) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    BeginBooted("partition: [[follower, follower], [leader], rest]", seed);
    RunTo(absl::Milliseconds(1001));
    const uint32_t leader = cluster_->leader();
    std::multiset<size_t> sizes;
    for (uint32_t node = 0; node < 5; ++node) {
      sizes.insert(Reached(node).size());
    }
    EXPECT_EQ(sizes, (std::multiset<size_t>{1, 2, 2, 2, 2}));
    EXPECT_EQ(Reached(leader - 1).size(), 1u);
  }
}

TEST_F(PartitionActsTest, NobodyInARoleIsNoPartition) {
  Begin("partition: [[old_leader], rest], for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_TRUE(Cuts().empty());
  EXPECT_EQ(Count("nemesis.struck_nobody"), 1u);
}

// ----------------------------------------------------------------- clients

// Hosts 5 and 6 are c1 and c2.
TEST_F(PartitionActsTest, ClientsAreInTheGroupsInWhichTheyStand) {
  Begin("partition: [[n1, c1], rest], for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Reached(5), std::set<uint32_t>{0});
  EXPECT_EQ(Reached(6).size(), 5u) << "who is in no group speaks to all";
  EXPECT_TRUE(IsCut(5, 1));
  EXPECT_TRUE(IsCut(1, 5));
  EXPECT_FALSE(IsCut(5, 6));
  RunTo(absl::Seconds(3));
  EXPECT_TRUE(Cuts().empty());
}

TEST_F(PartitionActsTest, OneClientIsCutFromNodes) {
  Begin("cut_clients: {nodes: all, clients: c2}, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts().size(), 10u) << "five nodes, both ways";
  EXPECT_TRUE(Reached(6).empty());
  EXPECT_EQ(Reached(5).size(), 5u);
  Begin("cut_clients: {nodes: n1, clients: [c1, c2], lost: answers}");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts(), (std::set<Link>{{0, 5}, {0, 6}}));
}

// ----------------------------------------------------------------- healing

TEST_F(PartitionActsTest, OneOfTwoPartitionsHealsByItsName) {
  Begin(
      "partition: [[n1], rest], as: west}\n"
      "  - {at: 2s, partition: [[n5], rest], as: east}\n"
      "  - {at: 3s, heal: {act: west}");
  RunTo(absl::Milliseconds(2500));
  EXPECT_EQ(Cuts().size(), 14u);
  RunTo(absl::Milliseconds(3500));
  EXPECT_EQ(Cuts().size(), 8u) << "n5 is still alone, from n1 too";
  EXPECT_EQ(Reached(4), std::set<uint32_t>{4});
  EXPECT_EQ(Count("nemesis.heal"), 1u);
}

// Its time is over later, when another holds the same links: those stay.
TEST_F(PartitionActsTest, WhatHasHealedIsNotHealedAgainByItsTime) {
  Begin(
      "isolate: n1, for: 2s, as: first}\n"
      "  - {at: 2s, heal: {act: first}}\n"
      "  - {at: 2500ms, isolate: n1, for: 5s}\n"
      "  - {at: 2600ms, heal: {act: first}");
  RunTo(absl::Milliseconds(2200));
  EXPECT_TRUE(Cuts().empty());
  RunTo(absl::Milliseconds(4000));
  EXPECT_EQ(Cuts().size(), 8u);
  EXPECT_EQ(Count("nemesis.struck_nobody"), 1u) << "there was nothing to heal";
}

TEST_F(PartitionActsTest, AnActThatBeganAfterAHealingOutlivesThoseBeforeIt) {
  Begin(
      "isolate: n1, for: 2s}\n"
      "  - {at: 1500ms, heal: all}\n"
      "  - {at: 2s, isolate: n1, for: 5s");
  RunTo(absl::Milliseconds(1700));
  EXPECT_TRUE(Cuts().empty());
  RunTo(absl::Milliseconds(4000));
  EXPECT_EQ(Cuts().size(), 8u) << "the first was healed before its time";
}

TEST_F(PartitionActsTest, OneWayOfOneLinkHeals) {
  Begin(
      "isolate: n1}\n"
      "  - {at: 2s, heal: {link: {from: n1, to: n2}}");
  RunTo(absl::Milliseconds(2500));
  EXPECT_EQ(Cuts().size(), 7u);
  EXPECT_FALSE(IsCut(0, 1));
  EXPECT_TRUE(IsCut(1, 0));
}

TEST_F(PartitionActsTest, OneNodeHealsOnAllItsLinks) {
  Begin(
      "partition: [[n1], [n2], [n3, n4, n5]]}\n"
      "  - {at: 1500ms, clog: n1}\n"
      "  - {at: 2s, heal: {node: n1}");
  RunTo(absl::Milliseconds(2500));
  EXPECT_EQ(Reached(0).size(), 5u);
  EXPECT_TRUE(Clogs().empty());
  EXPECT_EQ(Cuts().size(), 6u) << "n2 is still cut off from three";
}

uint64_t CountOf(const Counts& counts, absl::string_view name) {
  for (const auto& [kind, count] : counts) {
    if (kind == name) return count;
  }
  return 0;
}

TEST(HealRunTest, OneDiskHealsAndThatOfTheOthersDoesNot) {
  const Scenario scenario = Parse(
      "name: x\nphases: {warm_up: 1s, chaos: 6s, quiet: 6s}\nsteps:\n"
      "  - {at: 1s, disk: {node: all, stuck: true}}\n"
      "  - {at: 2s, heal: {disk: n1}}\n"
      "  - {at: 3s, assert: no_leader}\n"
      "  - {at: 4s, heal: {disk: n2}}\n"
      "  - {until: leader, within: 2500ms}\n");
  const RunResult result = RunScenario(scenario, {});
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

TEST(HealRunTest, APauseOfANameEndsByIt) {
  const Scenario scenario = Parse(
      "name: x\nphases: {warm_up: 1s, chaos: 6s, quiet: 6s}\nsteps:\n"
      "  - {at: 1s, pause: majority, as: nap}\n"
      "  - {at: 3s, heal: {act: nap}}\n"
      "  - {until: {answered_more: 10}, within: 2s}\n");
  const RunResult result = RunScenario(scenario, {});
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
  EXPECT_EQ(CountOf(result.faults, "nemesis.heal"), 1u);
}

// -------------------------------------------------------- a disk and a role

TEST(DiskRoleTest, TheTroubleIsAlwaysWithWhoeverLeads) {
  const Scenario scenario = Parse(
      "name: x\nphases: {warm_up: 1s, chaos: 8s, quiet: 6s}\nsteps:\n"
      "  - {at: 2s, disk: {node: leader, follows: true, stuck: true}, for: "
      "5s}\n"
      "  - {at: 7500ms, until: {answered_more: 5}, within: 1s}\n");
  const RunResult result = RunScenario(scenario, {});
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
  // Who leads is stuck and steps down; so does the next one.
  EXPECT_GE(CountOf(result.faults, "disk.follows_role"), 2u);
  EXPECT_EQ(CountOf(result.faults, "nemesis.disk"), 1u);
}

// ------------------------------------------------------------------ mistakes

std::string ErrorOf(absl::string_view steps) {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(absl::StrCat("name: x\nsteps:\n", steps), "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

TEST(PartitionFileTest, MistakesAreNamed) {
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [[leader], [leader]]}\n"),
            "f:3:35: leader is in two groups");
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [[n1], rest, rest]}\n"),
            "f:3:36: rest stands here twice");
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [[n1], others]}\n"),
            "f:3:30: expected a group of nodes such as [n1, n2], or rest, not "
            "'others'");
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [{most_with: n1}, rest]}\n"),
            "f:3:25: unknown key 'most_with' in a group; expected one of: "
            "majority_with, minority_with");
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [[n1, c9], rest]}\n"),
            "f:3:29: expected a client: script, c1 to c2, not 'c9'");
  EXPECT_EQ(ErrorOf("- {at: 1s, partition: [[n1], []]}\n"),
            "f:3:30: expected a group of nodes such as [n1, n2]");
}

TEST(PartitionFileTest, WhatHealsIsThere) {
  EXPECT_EQ(ErrorOf("- {at: 1s, heal: {act: west}}\n"),
            "f:3:3: no act is named 'west' (as: west)");
  EXPECT_EQ(ErrorOf("- {at: 1s, heal: {act: a, node: n1}}\n"),
            "f:3:18: expected one thing that heals");
  EXPECT_EQ(ErrorOf("- {at: 1s, heal: {lnk: {from: n1, to: n2}}}\n"),
            "f:3:19: unknown key 'lnk' in a healing; did you mean 'link'?");
  EXPECT_EQ(ErrorOf("- {at: 1s, restart: n1, as: me}\n"),
            "f:3:29: only an act that lasts has a name, to be healed by");
  EXPECT_EQ(ErrorOf("- {at: 1s, disk: {node: follower, follows: true, stuck: "
                    "true}}\n"),
            "f:3:25: a disk follows leader, old_leader, candidate, "
            "longest_log, shortest_log or longest_follower");
}

}  // namespace
}  // namespace scenarios
