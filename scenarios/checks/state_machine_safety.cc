#include "scenarios/checks/state_machine_safety.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void StateMachineSafety::OnApplied(const NodeLife& node, persist::Index index,
                                   uint64_t state_hash) {
  if (states_.size() <= index.value()) states_.resize(index.value() + 1);
  Seen& seen = states_[index.value()];
  if (seen.first_at.boot == 0) {
    seen = {state_hash, node};
  } else if (seen.state_hash != state_hash) {
    violations_.Report(
        "state-machine-safety",
        absl::StrCat("after entry ", index.value(), " ", node.ToString(),
                     " is in another state than ", seen.first_at.ToString()));
  }
}

}  // namespace scenarios
