#include <cstdio>

#include "absl/strings/str_cat.h"

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/scenario_library.h"
#include "scenarios/text_record.h"

namespace scenarios {

int UsageError(const absl::Status& status) {
  std::fprintf(stderr, "raft_sim: %s\n", std::string(status.message()).c_str());
  return kExitUsage;
}

int ListCommand(const std::vector<std::string>& words) {
  CommandLine line(words, {"json"}, {"scenarios"});
  std::string directory;
  line.Text("scenarios", &directory);
  if (!line.positional().empty()) line.Fail("list takes no scenarios");
  if (!line.status().ok()) return UsageError(line.status());
  const ScenarioLibrary library(directory);
  const absl::StatusOr<std::vector<Scenario>> all = library.LoadAll({"all"});
  if (!all.ok()) return UsageError(all.status());
  for (const Scenario& scenario : *all) {
    if (line.Has("json")) {
      std::printf(
          "{\"name\":%s,\"description\":%s,\"nodes\":%u,"
          "\"virtual_ns\":%lld}\n",
          JsonQuoted(scenario.name).c_str(),
          JsonQuoted(scenario.description).c_str(), scenario.cluster.nodes,
          static_cast<long long>(
              absl::ToInt64Nanoseconds(scenario.phases.End())));
    } else {
      std::printf("%-20s %u nodes, %s\n    %s\n", scenario.name.c_str(),
                  scenario.cluster.nodes,
                  absl::FormatDuration(scenario.phases.End()).c_str(),
                  scenario.description.c_str());
    }
  }
  return kExitPassed;
}

}  // namespace scenarios
