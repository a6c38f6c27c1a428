#include "scenarios/checks/commit_progress.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"

namespace scenarios {

void CommitProgress::OnStep(const CoreStep& step) {
  if (step.leading == nullptr || (step.told.kind != Told::Kind::kAppendReply &&
                                  step.told.kind != Told::Kind::kDurable)) {
    return;
  }
  held_.assign(1, step.durable_upto);
  for (const auto& [node, progress] : step.leading->peers) {
    held_.push_back(progress.match);
  }
  std::sort(held_.begin(), held_.end(), std::greater<>());
  const persist::Index by_majority = held_[held_.size() / 2];
  if (by_majority <= step.after.commit || !step.log.Has(by_majority) ||
      step.log.At(by_majority).term != step.after.term) {
    return;
  }
  violations_.Report(
      "commit-held-back",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " knows entry ", by_majority.value(),
                   " of its term to be on a majority and commits ",
                   step.after.commit.value()));
}

}  // namespace scenarios
