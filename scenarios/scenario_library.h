// Finds scenario files: by path, or by name among those that ship.

#ifndef SCENARIOS_SCENARIO_LIBRARY_H_
#define SCENARIOS_SCENARIO_LIBRARY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "scenarios/scenario.h"

namespace scenarios {

// Errors: NOT_FOUND, INVALID_ARGUMENT (larger than `bytes_max`).
absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          size_t bytes_max);
// Errors: UNAVAILABLE.
absl::Status WriteWholeFile(const std::string& path, absl::string_view bytes);

class ScenarioLibrary {
 public:
  // Looks in `directory`; if empty, in scenarios/files below the working
  // directory or any directory above this program.
  explicit ScenarioLibrary(std::string directory);

  const std::string& directory() const { return directory_; }

  // The names of all that ship, sorted.
  std::vector<std::string> Names() const;

  // `name` is "calm" or a path that ends in ".yaml".
  // Errors: NOT_FOUND, those of ParseScenario().
  absl::StatusOr<Scenario> Load(const std::string& name) const;

  // Each of `names`; "all" means every one that ships.
  absl::StatusOr<std::vector<Scenario>> LoadAll(
      const std::vector<std::string>& names) const;

 private:
  std::string directory_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SCENARIO_LIBRARY_H_
