#include "scenarios/checks/quorum_retention.h"

#include <optional>

#include "absl/strings/str_cat.h"

namespace scenarios {

void QuorumRetention::OnDisk(const NodeLife& life) {
  const std::optional<DurableState::Loss> loss =
      disks_[life.node - 1]->TakeLoss();
  const persist::Index last = committed_.last();
  if (!loss.has_value() || loss->index > last ||
      committed_.At(loss->index) != loss->entry) {
    return;
  }
  const size_t holders = HoldersOf(last, committed_.At(last), disks_);
  if (2 * holders > disks_.size()) return;
  violations_.Report(
      "quorum-retention",
      absl::StrCat("committed entry ", last.value(), " is left on ", holders,
                   " of ", disks_.size(), " disks since the one of ",
                   life.ToString(), " has lost entry ", loss->index.value()));
}

}  // namespace scenarios
