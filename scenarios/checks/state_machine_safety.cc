#include "scenarios/checks/state_machine_safety.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void StateMachineSafety::OnApplied(const NodeLife& node, persist::Index index,
                                   persist::Index commit, uint64_t state_hash) {
  persist::Index& applied = applied_[node];
  if (index < applied || index > commit) {
    violations_.Report("apply-order",
                       absl::StrCat(node.ToString(), " applies up to ",
                                    index.value(), " after ", applied.value(),
                                    ", with commit ", commit.value()));
    return;
  }
  applied = index;
  const auto [found, first] = states_.emplace(index, Seen{state_hash, node});
  if (first || found->second.state_hash == state_hash) return;
  violations_.Report("state-machine-safety",
                     absl::StrCat("after entry ", index.value(), " ",
                                  node.ToString(), " is in another state than ",
                                  found->second.first_at.ToString()));
}

}  // namespace scenarios
