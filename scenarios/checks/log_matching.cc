#include "scenarios/checks/log_matching.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

bool LogMatching::OnEntry(const NodeLife& node, persist::Index index,
                          const LogMirror::Entry& entry) {
  if (seen_.size() < index.value()) seen_.resize(index.value());
  auto& at_index = seen_[index.value() - 1];
  for (const Seen& seen : at_index) {
    if (seen.entry.term != entry.term) continue;
    if (seen.entry.chain != entry.chain) {
      violations_.Report(
          "log-matching",
          absl::StrCat("entry ", index.value(), " of term ", entry.term.value(),
                       " is another at ", node.ToString(), " than at ",
                       seen.first_at.ToString(), ", or what precedes it is"));
    }
    return false;
  }
  at_index.push_back({entry, node});
  return true;
}

}  // namespace scenarios
