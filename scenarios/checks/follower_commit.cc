#include "scenarios/checks/follower_commit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "scenarios/checks/append_answers.h"

namespace scenarios {

void FollowerCommit::OnStep(const CoreStep& step) {
  const Told& told = step.told;
  Verified& verified = verified_[step.life.node];
  if (AcceptsAppend(step)) {
    if (verified.term != told.term) verified = {told.term, persist::Index(0)};
    verified.upto = std::max(verified.upto, told.last);
  }
  const persist::Index commit = step.after.commit;
  if (commit <= step.before.commit || step.leads()) return;
  const persist::Index upto =
      verified.term == step.after.term ? verified.upto : persist::Index(0);
  if (commit <= std::min(told.commit, upto)) return;
  violations_.Report(
      "follower-commit",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " commits ", commit.value(), "; n", told.from,
                   " has committed ", told.commit.value(),
                   " and compared its log up to ", upto.value()));
}

}  // namespace scenarios
