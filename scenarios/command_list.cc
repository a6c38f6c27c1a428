#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/rare_states.h"
#include "scenarios/scenario_library.h"
#include "scenarios/text_record.h"

namespace scenarios {

int UsageError(const absl::Status& status) {
  std::fprintf(stderr, "raft_sim: %s\n", std::string(status.message()).c_str());
  return kExitUsage;
}

namespace {

constexpr size_t kColumns = 78;

// On one line: its first sentence, cut off where a terminal ends.
std::string OneLine(absl::string_view description) {
  const size_t end = description.find(". ");
  std::string line(absl::StripAsciiWhitespace(
      end == absl::string_view::npos ? description
                                     : description.substr(0, end + 1)));
  if (line.size() > kColumns) line = line.substr(0, kColumns - 3) + "...";
  return line;
}

void PrintText(const Scenario& scenario) {
  std::printf("%-24s %u nodes, %s\n    %s\n", scenario.name.c_str(),
              scenario.cluster.nodes,
              absl::FormatDuration(scenario.phases.End()).c_str(),
              OneLine(scenario.description).c_str());
  if (scenario.must_reach.empty()) return;
  std::printf("    must reach, in %u seeds: %s\n", scenario.must_reach_seeds,
              absl::StrJoin(scenario.must_reach, ", ").c_str());
}

void PrintJson(const Scenario& scenario) {
  const std::string must_reach = absl::StrJoin(
      scenario.must_reach, ",", [](std::string* out, const std::string& name) {
        absl::StrAppend(out, JsonQuoted(name));
      });
  std::printf(
      "{\"name\":%s,\"description\":%s,\"nodes\":%u,"
      "\"virtual_ns\":%lld,\"must_reach\":[%s],\"must_reach_seeds\":%u}\n",
      JsonQuoted(scenario.name).c_str(),
      JsonQuoted(scenario.description).c_str(), scenario.cluster.nodes,
      static_cast<long long>(absl::ToInt64Nanoseconds(scenario.phases.End())),
      must_reach.c_str(), scenario.must_reach_seeds);
}

void PrintStates(bool as_json) {
  for (const RareState& state : RareStates()) {
    if (as_json) {
      std::printf("{\"state\":%s,\"meaning\":%s}\n",
                  JsonQuoted(state.name).c_str(),
                  JsonQuoted(state.meaning).c_str());
    } else {
      std::printf("%s\n    %s\n", std::string(state.name).c_str(),
                  std::string(state.meaning).c_str());
    }
  }
}

}  // namespace

int ListCommand(const std::vector<std::string>& words) {
  CommandLine line(words, {"json", "states"}, {"scenarios"});
  std::string directory;
  line.Text("scenarios", &directory);
  if (!line.positional().empty()) line.Fail("list takes no scenarios");
  if (!line.status().ok()) return UsageError(line.status());
  if (line.Has("states")) {
    PrintStates(line.Has("json"));
    return kExitPassed;
  }
  const ScenarioLibrary library(directory);
  const absl::StatusOr<std::vector<Scenario>> all = library.LoadAll({"all"});
  if (!all.ok()) return UsageError(all.status());
  for (const Scenario& scenario : *all) {
    if (line.Has("json")) {
      PrintJson(scenario);
    } else {
      PrintText(scenario);
    }
  }
  return kExitPassed;
}

}  // namespace scenarios
