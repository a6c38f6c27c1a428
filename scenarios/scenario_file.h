// Scenarios as YAML files. scenarios/README.md shows one with every key;
// scenarios/files/ holds those that ship.
//
// Errors are one line: "file:line:column: what is wrong and what was expected".

#ifndef SCENARIOS_SCENARIO_FILE_H_
#define SCENARIOS_SCENARIO_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "scenarios/scenario.h"

namespace scenarios {

inline constexpr size_t kScenarioBytesMax = 256 << 10;
inline constexpr size_t kStepsMax = 1000;

// `file` is only a name for errors.
// Errors: INVALID_ARGUMENT.
absl::StatusOr<Scenario> ParseScenario(absl::string_view text,
                                       absl::string_view file);

}  // namespace scenarios

#endif  // SCENARIOS_SCENARIO_FILE_H_
