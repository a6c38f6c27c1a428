#include <cstdio>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/scenario_library.h"

namespace scenarios {

int CheckCommand(const std::vector<std::string>& words) {
  CommandLine line(words, {}, {"scenarios"});
  std::string directory;
  line.Text("scenarios", &directory);
  if (line.positional().empty()) {
    line.Fail("check needs scenarios, by name or path, or all");
  }
  if (!line.status().ok()) return UsageError(line.status());
  const ScenarioLibrary library(directory);
  std::vector<std::string> names;
  for (const std::string& word : line.positional()) {
    if (word != "all") {
      names.push_back(word);
      continue;
    }
    const std::vector<std::string> all = library.Names();
    names.insert(names.end(), all.begin(), all.end());
  }
  int exit_code = kExitPassed;
  for (const std::string& name : names) {
    const absl::StatusOr<Scenario> scenario = library.Load(name);
    if (!scenario.ok()) {
      // Nothing in front: editors find "file:line:column".
      std::fprintf(stderr, "%s\n",
                   std::string(scenario.status().message()).c_str());
      exit_code = kExitUsage;
      continue;
    }
    std::printf("%s: good: %u nodes, %s, %zu step%s\n", name.c_str(),
                scenario->cluster.nodes,
                absl::FormatDuration(scenario->phases.End()).c_str(),
                scenario->steps.size(), scenario->steps.size() == 1 ? "" : "s");
  }
  return exit_code;
}

}  // namespace scenarios
