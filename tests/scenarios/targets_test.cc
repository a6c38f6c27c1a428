// Whom an act may strike: how that is written, and what is refused because it
// can strike nobody.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/scenario_file.h"
#include "tests/scenarios/network_acts_fixture.h"

namespace scenarios {
namespace {

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "f");
  return scenario.ok() ? "no error" : std::string(scenario.status().message());
}

// Of a step on line 3.
std::string StepError(absl::string_view act, absl::string_view nodes = "3") {
  return ErrorOf(absl::StrCat("{name: x, cluster: {nodes: ", nodes,
                              "},\nsteps: [\n{at: 1s, ", act, "}]}"));
}

// Of a strike on line 3.
std::string StrikeError(absl::string_view act, absl::string_view nodes = "3",
                        absl::string_view chaos = "") {
  return ErrorOf(absl::StrCat("{name: x, cluster: {nodes: ", nodes,
                              "},\nchaos: {", chaos, "strikes: [\n{", act,
                              ", for: 1s}]}}"));
}

struct Case {
  std::string act;
  std::string error;
};

// ------------------------------------------------------------------- lists

TEST(TargetListTest, ABareListSaysWhatToWriteInstead) {
  EXPECT_EQ(StepError("isolate: [leader, n2]"),
            "f:3:19: expected {one_of: [leader, n2]} for one of them, drawn "
            "when it strikes, or {all_of: [leader, n2]} for all of them, not a "
            "bare list");
  EXPECT_EQ(StepError("cut: {from: [n1, n2], to: n3}").substr(0, 40),
            "f:3:22: expected {one_of: [n1, n2]} for ");
  EXPECT_EQ(ErrorOf("{name: x, steps: [\n{at: 1s, write: {key: a, value: b, "
                    "via: [n1, n2]}}]}")
                .substr(0, 40),
            "f:2:41: expected {one_of: [n1, n2]} for ");
  EXPECT_EQ(StepError("isolate: []"), "f:3:19: expected a target");
}

TEST(TargetListTest, MistakesInWhatReplacesItAreNamed) {
  EXPECT_EQ(StepError("isolate: {one_of: n1}"),
            "f:3:28: expected a list of targets");
  EXPECT_EQ(StepError("isolate: {all_of: []}"),
            "f:3:28: expected a list of targets");
  EXPECT_EQ(StepError("isolate: {one_of: [n1], all_of: [n2]}"),
            "f:3:19: expected all_of or one_of");
  EXPECT_EQ(StepError("isolate: {on_of: [n1]}"),
            "f:3:20: unknown key 'on_of' in a target; did you mean 'one_of'?");
  EXPECT_EQ(StepError("isolate: {one_of: [n1, n9]}"),
            "f:3:33: expected a node from n1 to n3, not 'n9'");
  EXPECT_EQ(StepError("isolate: {all_of: [n1, {one_of: [n2]}]}"),
            "f:3:33: expected a text");
  EXPECT_EQ(StepError("isolate: {one_of: [{all_of: [n1, n2]}, leader]}"),
            "no error");
}

// ------------------------------------------------------------- who it means

TEST_F(NetworkActsTest, AllOfThemAreStruckAtOnce) {
  Begin("isolate: {all_of: [n1, n2]}, for: 1s");
  RunTo(absl::Milliseconds(1500));
  EXPECT_EQ(Cuts().size(), 12u) << "two against three, both ways";
  EXPECT_FALSE(IsCut(0, 1));
  EXPECT_TRUE(IsCut(0, 2));
  EXPECT_TRUE(IsCut(1, 2));
}

TEST_F(NetworkActsTest, OneOfThemIsDrawn) {
  std::set<std::set<Link>> seen;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Begin("isolate: {one_of: [n1, n2]}, for: 1s", seed);
    RunTo(absl::Milliseconds(1500));
    EXPECT_EQ(Cuts().size(), 8u) << "one against four, both ways";
    EXPECT_TRUE(IsCut(0, 1));
    seen.insert(Cuts());
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(NetworkActsTest, OneOfThemMayBeSeveralNodes) {
  std::set<size_t> sizes;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Begin("isolate: {one_of: [{all_of: [n1, n2]}, n3]}, for: 1s", seed);
    RunTo(absl::Milliseconds(1500));
    sizes.insert(Cuts().size());
  }
  EXPECT_EQ(sizes, (std::set<size_t>{8u, 12u}));
}

// -------------------------------------------------------- who can be nobody

TEST(InertActTest, WhatCanStrikeNobodyIsRefusedInItsLine) {
  const std::vector<Case> cases = {
      {"ring: all",
       "f:3:16: 'ring' strikes nobody among 3 nodes: each is a neighbour of "
       "all "
       "others"},
      {"isolate: all",
       "f:3:19: 'isolate: all' strikes nobody among 3 nodes: there is nobody "
       "else to be cut off from"},
      {"isolate: {all_of: [n1, n2, n3]}",
       "f:3:19: 'isolate: {all_of: [n1, n2, n3]}' strikes nobody among 3 "
       "nodes: "
       "there is nobody else to be cut off from"},
      {"split: all",
       "f:3:17: 'split: all' strikes nobody among 3 nodes: there is nobody "
       "else "
       "to be cut off from"},
      {"bridge: majority",
       "f:3:18: 'bridge: majority' strikes nobody among 3 nodes: a bridge "
       "takes "
       "two others that see only it"},
      {"cut: {from: n2, to: n2}",
       "f:3:15: 'cut: n2' strikes nobody among 3 nodes: there is no way from a "
       "node to itself"},
      {"cut: {from: {one_of: [n2, n1]}, to: n1}",
       "f:3:15: 'cut: n1' strikes nobody among 3 nodes: there is no way from a "
       "node to itself"},
      {"flap: {from: leader, to: {one_of: [leader]}}",
       "f:3:16: 'flap: leader' strikes nobody among 3 nodes: there is no way "
       "from a node to itself"},
      {"transfer: leader",
       "f:3:20: 'transfer: leader' strikes nobody among 3 nodes: the leader "
       "leads already"},
      {"heal: {link: {from: n1, to: n1}}",
       "f:3:16: 'heal: n1' strikes nobody among 3 nodes: there is no way from "
       "a "
       "node to itself"},
      {"partition: [[all], rest]",
       "f:3:21: 'partition: rest' strikes nobody among 3 nodes: nobody is "
       "left"},
      {"partition: [[n1, leader], [n2, n3], [majority]]",
       "f:3:21: 'partition' strikes nobody among 3 nodes: its groups take 5 "
       "nodes"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(StepError(one.act), one.error) << one.act;
  }
}

TEST(InertActTest, EveryNumberOfNodesThatASeedMayHaveIsJudged) {
  EXPECT_EQ(
      StepError("ring: all", "[5, 3]"),
      "f:3:16: 'ring' strikes nobody among 3 nodes: each is a neighbour of "
      "all others");
  EXPECT_EQ(StepError("ring: all", "4..7"), "no error");
  EXPECT_EQ(StepError("crash: minority", "2..3"),
            "f:3:17: 'crash: minority' strikes nobody among 2 nodes: nobody is "
            "that");
  EXPECT_EQ(StepError("crash: follower", "1"),
            "f:3:17: 'crash: follower' strikes nobody among 1 node: nobody is "
            "that");
  EXPECT_EQ(
      StepError("wipe: n1", "2"),
      "f:3:16: 'wipe: n1' strikes nobody among 2 nodes: within the atlas a "
      "minority may lose what it acknowledged, and nobody is one");
}

TEST(InertActTest, ChaosStrikesNoMoreThanItMay) {
  EXPECT_EQ(StrikeError("crash: all"),
            "f:3:9: 'crash: all' strikes nobody among 3 nodes: it takes 3, and "
            "chaos strikes at most 1 at the same time (struck_max)");
  EXPECT_EQ(StrikeError("cut: {from: all, to: majority}", "5"),
            "f:3:7: 'cut: all' strikes nobody among 5 nodes: it takes 3, and "
            "chaos strikes at most 2 at the same time (struck_max)");
  EXPECT_EQ(StrikeError("crash: {one_of: [leader, majority]}").substr(0, 40),
            "f:3:9: 'crash: majority' strikes nobody ");
  EXPECT_EQ(StrikeError("crash: all", "3", "struck_max: 3, "), "no error");
  EXPECT_EQ(StrikeError("crash: some"), "no error");
  EXPECT_EQ(StrikeError("filter: {from: all, to: all, drop: 1%}"), "no error");
  EXPECT_EQ(StrikeError("cut: {from: any, to: all}"), "no error");
  EXPECT_EQ(StrikeError("cut: {from: all, to: leader}"), "no error")
      << "it strikes the leader";
}

TEST(InertActTest, WhatDependsOnTheRunIsNoMistake) {
  for (const char* act :
       {"crash: candidate", "isolate: old_leader", "cut: {from: any, to: any}",
        "isolate: some", "transfer: n1", "bridge: leader",
        "partition: [[leader], [n1]]", "partition: [[n1], [c1]]"}) {
    EXPECT_EQ(StepError(act), "no error") << act;
  }
}

}  // namespace
}  // namespace scenarios
