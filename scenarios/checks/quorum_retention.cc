#include "scenarios/checks/quorum_retention.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void QuorumRetention::OnDisk(const NodeLife& life) {
  const uint64_t losses = disks_[life.node - 1]->losses();
  if (losses_[life.node] == losses) return;
  losses_[life.node] = losses;
  const persist::Index last = committed_.last();
  if (last.value() == 0) return;
  const size_t holders = HoldersOf(last, committed_.At(last), disks_);
  if (2 * holders > disks_.size()) return;
  violations_.Report(
      "quorum-retention",
      absl::StrCat("committed entry ", last.value(), " is left on ", holders,
                   " of ", disks_.size(), " disks since the one of ",
                   life.ToString(), " has lost it"));
}

}  // namespace scenarios
