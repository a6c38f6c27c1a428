#include "scenarios/checks/commit_quorum.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void CommitQuorum::OnLeaderCommit(const NodeLife& leader, persist::Term term,
                                  persist::Index commit, const LogMirror& log) {
  if (!log.Has(commit)) return;  // CommittedLog says so.
  if (log.At(commit).term != term) {
    violations_.Report(
        "commit-of-older-term",
        absl::StrCat(leader.ToString(), ", leader of term ", term.value(),
                     ", commits entry ", commit.value(), " of term ",
                     log.At(commit).term.value(), " by counting"));
    return;
  }
  const size_t holders = HoldersOf(commit, log.At(commit), disks_);
  if (2 * holders > disks_.size()) return;
  violations_.Report(
      "commit-quorum",
      absl::StrCat(leader.ToString(), " commits entry ", commit.value(),
                   " of term ", term.value(), ", which is on ", holders, " of ",
                   disks_.size(), " disks"));
}

}  // namespace scenarios
