// The rare states: places in the product that only trouble leads to. A sweep
// says how often each was reached; a scenario may demand some (`must_reach`).
//
// The table is the list that scenarios and reports are held against, and not
// what happens to be linked: where a planted bug has taken a place out, a sweep
// still runs and says that the state was never reached. A test holds the table
// against the probes of the program.

#ifndef SCENARIOS_RARE_STATES_H_
#define SCENARIOS_RARE_STATES_H_

#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace scenarios {

struct RareState {
  absl::string_view name;  // Of a SOMETIMES or REACHABLE: runtime/probe.h.
  absl::string_view meaning;
};

// By name.
std::span<const RareState> RareStates();

std::vector<std::string> RareStateNames();

bool IsRareState(absl::string_view name);

}  // namespace scenarios

#endif  // SCENARIOS_RARE_STATES_H_
