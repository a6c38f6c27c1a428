// Every mistake in a scenario file is one line that says where it is, what is
// wrong and what was expected. The table is the specification.

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "scenarios/scenario_file.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

struct BadFile {
  const char* what;
  std::string text;  // Behind "name: x\n", unless it begins with "!".
  std::string error;
};

std::string ErrorOf(const BadFile& bad) {
  const std::string text = bad.text[0] == '!'
                               ? bad.text.substr(1)
                               : absl::StrCat("name: x\n", bad.text);
  const absl::StatusOr<Scenario> scenario = ParseScenario(text, "f.yaml");
  if (scenario.ok()) return "no error";
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(scenario.status().message());
}

void ExpectErrors(const std::vector<BadFile>& table) {
  for (const BadFile& bad : table) {
    EXPECT_EQ(ErrorOf(bad), bad.error) << bad.what;
  }
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(BadFilesTest, WhatIsNoScenarioAtAll) {
  ExpectErrors({
      {"an empty file", "!", "f.yaml: there is nothing in it"},
      {"only a comment", "!# nothing\n", "f.yaml: there is nothing in it"},
      {"a list", "!- name: x\n",
       "f.yaml:1:1: expected a scenario: a map of keys"},
      {"a text", "!name\n", "f.yaml:1:1: expected a scenario: a map of keys"},
      {"two documents", "---\nname: y\n",
       "f.yaml:2:1: expected one document, not two"},
      {"a tab that indents", "cluster:\n\tnodes: 3\n",
       "f.yaml:3:1: expected spaces: a tab does not indent"},
      {"no UTF-8", "description: \xC3(\n",
       "f.yaml:2:14: expected UTF-8, not the byte 0xc3"},
      {"a control character", std::string("description: \x01\n"),
       "f.yaml:2:14: expected text, not the character 0x01"},
      {"a bracket that stays open", "steps: [\n",
       "f.yaml:3:1: end of sequence flow not found"},
      {"a bad indentation", "cluster:\n  nodes: 3\n segment: 1\n",
       "f.yaml:4:2: end of map not found"},
      {"an alias without its anchor", "cluster: *mine\n",
       "f.yaml:2:10: the referenced anchor is not defined"},
      {"too deep", "steps: " + Repeated("[", 2000),
       "f.yaml:2:1: it is nested too deep"},
      {"too large", Repeated("# padding\n", 30'000),
       "f.yaml: expected at most 262144 bytes, not 300008"},
      {"far too many keys", Repeated("k: 1\n", 1'500),
       "f.yaml:1:1: expected a scenario of at most 1000 keys"},
  });
}

TEST(BadFilesTest, KeysThatAreNotThereOrTwice) {
  ExpectErrors({
      {"no name", "!description: x\n", "f.yaml:1:1: a scenario needs 'name'"},
      {"a name with capitals", "!name: My Scenario\n",
       "f.yaml:1:7: expected a name of a-z, 0-9 and '-'"},
      {"a key twice", "swarm: true\nswarm: false\n",
       "f.yaml:3:1: 'swarm' stands here twice"},
      {"a slip in a key", "wrokload: {clients: 1}\n",
       "f.yaml:2:1: unknown key 'wrokload' in a scenario; did you mean "
       "'workload'?"},
      {"a slip further down", "cluster: {node: 3}\n",
       "f.yaml:2:11: unknown key 'node' in the cluster; did you mean 'nodes'?"},
      {"a key that is nothing", "phases: {dinner: 3s}\n",
       "f.yaml:2:10: unknown key 'dinner' in the phases; expected one of: "
       "warm_up, chaos, quiet"},
      {"a key that is a list", "[a, b]: 1\n",
       "f.yaml:2:1: expected a plain key"},
  });
}

TEST(BadFilesTest, ValuesOfTheWrongKind) {
  ExpectErrors({
      {"apples", "phases: {chaos: 5 apples}\n",
       "f.yaml:2:17: expected a duration such as 5ms or 1.5s, not '5 apples'"},
      {"no unit", "workload: {interval: 20}\n",
       "f.yaml:2:22: expected a duration such as 5ms or 1.5s, not '20'"},
      {"a negative span", "phases: {chaos: -5s}\n",
       "f.yaml:2:17: expected a duration such as 5ms or 1.5s, not '-5s'"},
      {"a span beyond a day", "phases: {chaos: 100h}\n",
       "f.yaml:2:17: expected a duration of at most 24h, not '100h'"},
      {"a range upside down", "cluster: {election_timeout: 300ms..150ms}\n",
       "f.yaml:2:29: expected a range from low to high, not '300ms..150ms'"},
      {"too many nodes", "cluster: {nodes: 12}\n",
       "f.yaml:2:18: expected a number from 1 to 9, not 12"},
      {"a giant number", "cluster: {nodes: 99999999999999999999}\n",
       "f.yaml:2:18: expected a whole number such as 64 or 256KiB, not "
       "'99999999999999999999'"},
      {"a list for a number", "workload: {keys: [3]}\n",
       "f.yaml:2:18: expected a text"},
      {"a word for a flag", "swarm: maybe\n",
       "f.yaml:2:8: expected true or false"},
      {"a text for a map", "cluster: three\n",
       "f.yaml:2:10: expected the cluster: a map of keys"},
      {"a heartbeat above the timeout", "cluster: {heartbeat: 1s}\n",
       "f.yaml:2:10: expected a heartbeat above 0 and below the election "
       "timeout"},
      {"one account", "workload: {bank: {accounts: 1}}\n",
       "f.yaml:2:29: expected a number from 2 to 1000, not 1"},
      {"leases that never were", "workload: {leases: {lasts: 0ms..1s}}\n",
       "f.yaml:2:20: expected an interval above 0, and to last 1ms or more"},
      {"a mix of nothing", "workload: {mix: {get: 0}}\n",
       "f.yaml:2:17: expected at least one share above 0"},
      {"a quoted line break", "swarm: \"a\\nb\"\n",
       "f.yaml:2:8: expected true or false"},
      {"a line break in a duration", "phases: {chaos: \"a\\nb\"}\n",
       "f.yaml:2:17: expected a duration such as 5ms or 1.5s, not 'a\\x0ab'"},
      {"demands beyond the quiet",
       "phases: {quiet: 2s}\n"
       "demands: {leader_within: 3s}\n",
       "f.yaml:3:10: expected demands within the quiet phase (2s)"},
      {"an answer when the clients have gone",
       "phases: {quiet: 8s}\n"
       "demands: {redis_within: 4500ms}\n",
       "f.yaml:3:10: expected redis_within to be half of the quiet phase, or "
       "less"},
  });
}

TEST(BadFilesTest, KnobsAndRareStates) {
  ExpectErrors({
      {"a slip in a knob", "faults: {network.frame_los: 1%}\n",
       "f.yaml:2:10: unknown knob 'network.frame_los'; did you mean "
       "'network.frame_loss'?"},
      {"a negative probability", "faults: {network.frame_loss: -1%}\n",
       "f.yaml:2:30: expected a probability such as 1%, 0.05% or 200ppm, at "
       "most 100%, not '-1%'"},
      {"more than always", "faults: {network.frame_loss: 101%}\n",
       "f.yaml:2:30: expected a probability such as 1%, 0.05% or 200ppm, at "
       "most 100%, not '101%'"},
      {"a probability for a latency", "environment: {network.latency: 1%}\n",
       "f.yaml:2:32: expected a duration such as 5ms or 1.5s, not '1%'"},
      {"a knob twice", "faults: {network.reset: 1%, network.reset: 2%}\n",
       "f.yaml:2:29: 'network.reset' stands here twice"},
      {"an unknown rare state", "must_reach: [raft.vote_splt]\n",
       "f.yaml:2:14: unknown rare state 'raft.vote_splt'; did you mean "
       "'raft.vote_split'?"},
      {"rare states without a list", "must_reach: raft.vote_split\n",
       "f.yaml:2:13: expected a list of names"},
  });
}

TEST(BadFilesTest, StrikesOfChaos) {
  ExpectErrors({
      {"chaos without strikes", "chaos: {mean_gap: 1s}\n",
       "f.yaml:2:8: the chaos needs 'strikes'"},
      {"no strike at all", "chaos: {strikes: []}\n",
       "f.yaml:2:18: expected a list of strikes"},
      {"a strike without its span", "chaos: {strikes: [{crash: any}]}\n",
       "f.yaml:2:19: a strike needs 'for'"},
      {"what cannot last", "chaos: {strikes: [{heal: all, for: 1s}]}\n",
       "f.yaml:2:19: 'heal' has no duration: not for chaos"},
      {"a slip in an act", "chaos: {strikes: [{crush: any, for: 1s}]}\n",
       "f.yaml:2:20: unknown key 'crush' in a strike; did you mean 'crash'?"},
  });
}

// Whatever somebody types over the largest example there is: a scenario, or one
// line with the place.
TEST(BadFilesTest, EveryDamagedFileIsReadWithoutHarm) {
  std::ifstream in(TWINRAFT_SOURCE_DIR "/scenarios/README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  const std::string all = readme.str();
  const size_t begin = all.find("```yaml\n") + 8;
  const std::string example = all.substr(begin, all.find("```", begin) - begin);
  ASSERT_GT(example.size(), 1000u);
  const std::string typed = "{}[]:,-*&!|>'\"%@#\n\t 09azAZ._";
  runtime::Random dice(7);
  size_t refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string text = example;
    for (uint64_t change = dice.Below(3); change < 3; ++change) {
      const size_t at = dice.Below(text.size());
      const size_t length = dice.Below(4);
      const size_t letter = dice.Below(typed.size());
      text.replace(at, length, 1, typed[letter]);
    }
    const absl::StatusOr<Scenario> scenario = ParseScenario(text, "f.yaml");
    if (scenario.ok()) continue;
    ++refused;
    const std::string error(scenario.status().message());
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    EXPECT_EQ(error.find("f.yaml:"), 0u) << error;
  }
  EXPECT_GT(refused, 300u);
}

}  // namespace
}  // namespace scenarios
