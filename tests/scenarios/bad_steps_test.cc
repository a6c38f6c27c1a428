// Mistakes in the steps of a scenario file. See bad_files_test.cc.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

// "<...>" in an error stands for a list that grows.
struct BadStep {
  const char* what;
  std::string steps;  // Behind "name: x\nsteps:\n".
  std::string error;
};

void ExpectErrors(const std::vector<BadStep>& table) {
  for (const BadStep& bad : table) {
    const absl::StatusOr<Scenario> scenario =
        ParseScenario(absl::StrCat("name: x\nsteps:\n", bad.steps), "f");
    const std::string error =
        scenario.ok() ? "no error" : std::string(scenario.status().message());
    const size_t list = bad.error.find("<...>");
    if (list == std::string::npos) {
      EXPECT_EQ(error, bad.error) << bad.what;
    } else {
      EXPECT_TRUE(absl::StartsWith(error, bad.error.substr(0, list)) &&
                  absl::EndsWith(error, bad.error.substr(list + 5)))
          << bad.what << ": " << error;
    }
    EXPECT_EQ(error.find('\n'), std::string::npos) << bad.what;
  }
}

TEST(BadStepsTest, ActsAndTheirTargets) {
  ExpectErrors({
      {"no act", "- {at: 2s}\n",
       "f:3:3: expected an act: one of isolate, <...>; or until, assert, "
       "never, "
       "write, read"},
      {"a slip in an act", "- {at: 2s, isolat: leader}\n",
       "f:3:12: unknown key 'isolat' in a step; did you mean 'isolate'?"},
      {"two acts", "- {at: 2s, crash: n1, pause: n1}\n",
       "f:3:30: expected one act, not both 'crash' and 'pause'"},
      {"an act without a target", "- {at: 2s, crash: }\n",
       "f:3:19: expected a text"},
      {"an empty target", "- {at: 2s, crash: []}\n",
       "f:3:19: expected a target"},
      {"a node that is not there", "- {at: 2s, crash: n4}\n",
       "f:3:19: expected a node from n1 to n3, not 'n4'"},
      {"no node", "- {at: 2s, crash: n0}\n",
       "f:3:19: expected a node from n1 to n3, not 'n0'"},
      {"an unknown target", "- {at: 2s, crash: ladder}\n",
       "f:3:19: expected n1 to n3, leader, <...>, not 'ladder'"},
      {"a span of what has none", "- {at: 2s, heal: all, for: 1s}\n",
       "f:3:28: 'heal' has no duration"},
      {"healing of something", "- {at: 2s, heal: n1}\n",
       "f:3:18: expected all, or one of {act: NAME}, {link: {from: n1, to: "
       "n2}}, {node: n1}, {disk: n1}"},
      {"a node in two groups", "- {at: 2s, partition: [[n1], [n1, n2]]}\n",
       "f:3:31: n1 is in two groups"},
      {"one group", "- {at: 2s, partition: [[n1, n2, n3]]}\n",
       "f:3:23: expected groups of nodes such as [[n1, n2], [n3]] or "
       "[[leader], rest]"},
      {"a cut with one end", "- {at: 2s, cut: {from: n1}}\n",
       "f:3:17: a cut needs 'to'"},
      {"a disk's knob on a link",
       "- {at: 2s, link: {from: n1, to: n2, knobs: {disk.stall: 1%}}}\n",
       "f:3:45: unknown knob 'disk.stall'; expected one of: network.bandwidth, "
       "<...>"},
      {"a list of nothing", "- crash\n",
       "f:3:3: expected a step: a map of keys"},
      {"no list", "  at: 2s\n", "f:3:3: expected a list of at most 1000 steps"},
  });
}

TEST(BadStepsTest, Times) {
  ExpectErrors({
      {"no time", "- {crash: n1}\n",
       "f:3:3: a step needs 'at' or 'after', unless it follows one that takes "
       "time (until, write, read)"},
      {"two times", "- {at: 2s, after: 1s, crash: n1}\n",
       "f:3:19: expected 'at' or 'after', not both"},
      {"after the end", "- {at: 22s, crash: n1}\n",
       "f:3:3: a step at 22s is too late: the quiet phase begins at 22s"},
      {"after the end, step by step",
       "- {at: 20s, crash: n1}\n- {after: 3s, heal: all}\n",
       "f:4:3: a step that may come as late as 23s is too late: the quiet "
       "phase begins at 22s"},
      {"it may take too long", "- {at: 20s, until: leader, within: 5s}\n",
       "f:3:3: a step that may take until 25s is too late: the quiet phase "
       "begins at 22s"},
      {"back in time",
       "- {at: 5s, until: leader, within: 1s}\n- {at: 4s, crash: n1}\n",
       "f:4:3: a step at 4s stands behind one that may not be done before 6s"},
      {"before the waiting may be over",
       "- {at: 5s, until: leader, within: 2s}\n- {at: 6s, crash: n1}\n",
       "f:4:3: a step at 6s stands behind one that may not be done before 7s"},
      {"a watch beyond the run", "- {at: 20s, never: leader, for: 13s}\n",
       "f:3:3: a step that watches until 33s is too late: the run ends at "
       "32s"},
  });
}

TEST(BadStepsTest, Conditions) {
  const std::string deep = "- {at: 2s, assert: &a {not: *a}}\n";
  ExpectErrors({
      {"no bound", "- {at: 2s, until: leader}\n",
       "f:3:3: a step needs 'within'"},
      {"a bound of nothing", "- {at: 2s, until: leader, within: 0s}\n",
       "f:3:35: expected a span above 0"},
      {"an else of another kind",
       "- {at: 2s, until: leader, within: 1s, else: cry}\n",
       "f:3:45: expected skip"},
      {"a slip in a condition", "- {at: 2s, assert: leadr}\n",
       "f:3:20: unknown condition 'leadr'; did you mean 'leader'?"},
      {"a slip in a condition with a value",
       "- {at: 2s, assert: {comitted: 1}}\n",
       "f:3:21: unknown condition 'comitted'; did you mean 'committed'?"},
      {"a condition without its value", "- {at: 2s, assert: committed}\n",
       "f:3:20: the condition 'committed' needs a value: {committed: ...}"},
      {"two conditions", "- {at: 2s, assert: {committed: 1, down: n1}}\n",
       "f:3:20: expected one condition such as leader or {committed: 10}"},
      {"another node", "- {at: 2s, assert: {leader: n9}}\n",
       "f:3:29: expected a node from n1 to n3, not 'n9'"},
      {"a node twice", "- {at: 2s, assert: {running: [n1, n1]}}\n",
       "f:3:35: n1 stands here twice"},
      {"no condition", "- {at: 2s, assert: {any_of: []}}\n",
       "f:3:29: expected a list of conditions"},
      {"a condition in itself", deep,
       "f:3:20: expected conditions at most 8 deep, and at most 100 of them"},
      {"an unknown rare state",
       "- {at: 2s, assert: {reached: raft.vote_spit}}\n",
       "f:3:30: unknown rare state 'raft.vote_spit'; did you mean "
       "'raft.vote_split'?"},
      {"no fault", "- {at: 2s, assert: {struck: crash}}\n",
       "f:3:29: expected a fault as reports name it, such as nemesis.crash or "
       "net.frame_lost, not 'crash'"},
      {"a watch without its span", "- {at: 2s, never: leader}\n",
       "f:3:3: a step needs 'for'"},
      {"an act and a demand", "- {at: 2s, assert: leader, crash: n1}\n",
       "f:3:3: expected one of 'assert' and 'crash', not both"},
      {"a demand and a wait",
       "- {at: 2s, until: leader, within: 1s, assert: leader}\n",
       "f:3:47: expected one of 'until' and 'assert', not both"},
  });
}

TEST(BadStepsTest, OperationsOfTheScriptedClient) {
  ExpectErrors({
      {"no key", "- {at: 2s, read: {via: n1}}\n", "f:3:18: a read needs 'key'"},
      {"no value", "- {at: 2s, write: {key: x}}\n",
       "f:3:19: a write needs 'value'"},
      {"an empty key", "- {at: 2s, read: {key: ''}}\n",
       "f:3:24: expected a text of 1 to 256 bytes"},
      {"a value expected of a write",
       "- {at: 2s, write: {key: x, value: v, expect: v}}\n",
       "f:3:46: expected done, nil, refused or unknown of a write, not 'v'"},
      {"by way of nobody", "- {at: 2s, read: {key: x, via: ladder}}\n",
       "f:3:32: expected n1 to n3, leader, <...>, not 'ladder'"},
      {"no outcome", "- {at: 2s, read: {key: x, expect: []}}\n",
       "f:3:35: expected an outcome"},
      {"no patience", "- {at: 2s, read: {key: x, within: 0s}}\n",
       "f:3:35: expected a span above 0"},
  });
}

}  // namespace
}  // namespace scenarios
