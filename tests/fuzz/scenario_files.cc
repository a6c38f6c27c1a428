// Any text as a scenario file: a scenario, or one line that says what is wrong.

#include <string>

#include "absl/strings/match.h"

#include "runtime/bytes.h"
#include "runtime/check.h"
#include "scenarios/scenario_file.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void RunScenarioFiles(Input input) {
  const absl::StatusOr<scenarios::Scenario> scenario =
      scenarios::ParseScenario(runtime::AsText(input), "fuzz.yaml");
  if (scenario.ok()) {
    CHECK(!scenario->name.empty());
    CHECK(scenario->phases.End() > absl::ZeroDuration());
    return;
  }
  const absl::string_view message = scenario.status().message();
  CHECK(absl::StartsWith(message, "fuzz.yaml:"), message);
  CHECK(!absl::StrContains(message, '\n'), message);
}

}  // namespace fuzz
