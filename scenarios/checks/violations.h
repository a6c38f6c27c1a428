// Where the checks report what must never be. One report ends the run.

#ifndef SCENARIOS_CHECKS_VIOLATIONS_H_
#define SCENARIOS_CHECKS_VIOLATIONS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace scenarios {

class Violations {
 public:
  virtual ~Violations() = default;
  // `check` is a stable name ("election-safety"); `evidence` has the numbers.
  virtual void Report(absl::string_view check, std::string evidence) = 0;
};

// One life of one node, for evidence: "n2 (boot 3)".
struct NodeLife {
  uint32_t node = 0;  // From 1.
  uint64_t boot = 0;  // From 1.

  std::string ToString() const;
  friend auto operator<=>(const NodeLife&, const NodeLife&) = default;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_VIOLATIONS_H_
