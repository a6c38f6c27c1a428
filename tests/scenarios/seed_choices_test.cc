#include "scenarios/seed_choices.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

Scenario Parse(absl::string_view text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "test.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(absl::StrCat("name: x\n", text), "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

constexpr absl::string_view kOpen = R"(
name: open
cluster: {nodes: [3, 5..7], pace: 1..3, segment_bytes: 16KiB..64KiB}
schedule: [random, fifo, {pct: 2}]
ending: [quiet, core]
)";

TEST(SeedChoicesTest, ASeedMakesEveryChoiceAndSaysWhich) {
  std::vector<std::string> printed;
  const Scenario made = WithChoicesMade(Parse(kOpen), 7, &printed);
  EXPECT_EQ(made.choices.schedules.size(), 1u);
  EXPECT_EQ(made.choices.endings.size(), 1u);
  EXPECT_TRUE(made.choices.nodes.empty());
  EXPECT_THAT(
      printed,
      testing::ElementsAre(
          absl::StrCat("cluster.nodes = ", made.cluster.nodes),
          testing::StartsWith("cluster.pace = "),
          absl::StrCat("cluster.segment_bytes = ", made.cluster.segment_bytes),
          absl::StrCat("schedule = ",
                       made.choices.schedules.front().ToString()),
          absl::StrCat("ending = ", EndingName(made.choices.endings.front()))));
}

TEST(SeedChoicesTest, OverManySeedsEveryChoiceIsMade) {
  const Scenario open = Parse(kOpen);
  std::set<uint32_t> nodes;
  std::set<std::string> schedules;
  std::set<std::string> endings;
  std::set<absl::Duration> heartbeats;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    std::vector<std::string> printed;
    const Scenario made = WithChoicesMade(open, seed, &printed);
    nodes.insert(made.cluster.nodes);
    schedules.insert(made.choices.schedules.front().ToString());
    endings.insert(EndingName(made.choices.endings.front()));
    heartbeats.insert(made.cluster.heartbeat_interval);
    EXPECT_GE(made.cluster.segment_bytes, 16u << 10);
    EXPECT_LE(made.cluster.segment_bytes, 64u << 10);
    EXPECT_EQ(made.cluster.segment_bytes % 4096, 0u);
  }
  EXPECT_EQ(nodes, (std::set<uint32_t>{3, 5, 6, 7}));
  EXPECT_EQ(schedules, (std::set<std::string>{"fifo", "pct 2", "random"}));
  EXPECT_EQ(endings, (std::set<std::string>{"core", "quiet"}));
  EXPECT_EQ(heartbeats.size(), 3u);
}

TEST(SeedChoicesTest, OneChoiceMoreLeavesTheOthersAsTheyWere) {
  const Scenario open = Parse(kOpen);
  Scenario narrow = open;
  narrow.choices.schedules.clear();
  narrow.choices.pace = {1, 1};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<std::string> printed;
    const Scenario a = WithChoicesMade(open, seed, &printed);
    const Scenario b = WithChoicesMade(narrow, seed, &printed);
    EXPECT_EQ(a.cluster.nodes, b.cluster.nodes);
    EXPECT_EQ(a.cluster.segment_bytes, b.cluster.segment_bytes);
    EXPECT_EQ(a.choices.endings, b.choices.endings);
    EXPECT_EQ(b.choices.schedules.front().ToString(), "random");
  }
}

TEST(SeedChoicesTest, ActsNameNoNodeThatASeedMayNotHave) {
  EXPECT_EQ(ErrorOf("cluster: {nodes: 3..5}\nsteps: [{at: 1s, crash: n4}]\n"),
            "f:3:25: expected a node from n1 to n3, not 'n4'");
}

TEST(SeedChoicesTest, WhatIsNoChoiceIsAnErrorWithItsPlace) {
  EXPECT_EQ(ErrorOf("schedule: [random, lifo]\n"),
            "f:2:20: expected random, fifo or {pct: DEPTH}, not 'lifo'");
  EXPECT_EQ(ErrorOf("schedule: []\n"),
            "f:2:11: expected a list of 1 to 16 choices");
  EXPECT_EQ(ErrorOf("ending: loud\n"),
            "f:2:9: expected quiet or core, not 'loud'");
  EXPECT_EQ(ErrorOf("cluster: {nodes: [3, 12]}\n"),
            "f:2:22: expected a number from 1 to 9, not 12");
  EXPECT_EQ(ErrorOf("cluster: {pace: 0..2}\n"),
            "f:2:17: expected a pace from 1 to 20");
}

}  // namespace
}  // namespace scenarios
