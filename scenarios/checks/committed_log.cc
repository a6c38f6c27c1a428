#include "scenarios/checks/committed_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {

void CommittedLog::OnCommit(const NodeLife& node, persist::Term term,
                            persist::Index commit, const LogMirror& log) {
  persist::Index& before = commits_[node];
  if (commit < before) {
    violations_.Report("commit-monotone",
                       absl::StrCat(node.ToString(), " goes back from commit ",
                                    before.value(), " to ", commit.value()));
    return;
  }
  before = commit;
  if (commit.value() == 0) return;
  if (!log.Has(commit)) {
    violations_.Report(
        "commit-beyond-log",
        absl::StrCat(node.ToString(), " commits ", commit.value(),
                     " but its log ends at ", log.last().value()));
    return;
  }
  const persist::Index known = std::min(commit, last());
  if (known.value() > 0 && At(known) != log.At(known)) {
    violations_.Report(
        "committed-immutable",
        absl::StrCat(node.ToString(), " commits another entry ", known.value(),
                     " (term ", log.At(known).term.value(),
                     ") than the one committed before (term ",
                     At(known).term.value(), "), or another prefix"));
    return;
  }
  for (persist::Index i = last().Next(); i <= commit; ++i) {
    entries_.push_back(log.At(i));
  }
  persist::Index& in_term = by_term_[term];
  in_term = std::max(in_term, commit);
}

persist::Index CommittedLog::CommittedBefore(persist::Term term) const {
  persist::Index highest;
  for (const auto& [in_term, index] : by_term_) {
    if (in_term >= term) break;
    highest = std::max(highest, index);
  }
  return highest;
}

}  // namespace scenarios
