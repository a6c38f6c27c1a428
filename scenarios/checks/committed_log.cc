#include "scenarios/checks/committed_log.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace scenarios {

void CommittedLog::OnCommit(const NodeLife& node, persist::Term term,
                            persist::Index commit, const LogMirror& log) {
  Commit& of_node = commits_[node.node];
  if (of_node.boot != node.boot) of_node = {node.boot, persist::Index(0)};
  persist::Index& before = of_node.index;
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
  NoteTerm(term, commit);
}

void CommittedLog::NoteTerm(persist::Term term, persist::Index commit) {
  auto after = by_term_.upper_bound(term);
  if (after != by_term_.begin() && std::prev(after)->second >= commit) return;
  while (after != by_term_.end() && after->second <= commit) {
    after = by_term_.erase(after);
  }
  by_term_[term] = commit;
}

persist::Index CommittedLog::CommittedBefore(persist::Term term) const {
  const auto at = by_term_.lower_bound(term);
  return at != by_term_.begin() ? std::prev(at)->second : persist::Index(0);
}

}  // namespace scenarios
