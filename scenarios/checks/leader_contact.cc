#include "scenarios/checks/leader_contact.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {

void LeaderContact::OnStep(const CoreStep& step) {
  if (!step.leads()) return;
  const Told& told = step.told;
  ByNode<runtime::Instant>& heard = heard_[step.life.node];
  if (step.became_leader()) {
    for (uint32_t node = 1; node <= nodes_; ++node) heard[node] = told.now;
    due_[step.life.node] = step.deadline;
    return;
  }
  if ((told.kind == Told::Kind::kAppendReply ||
       told.kind == Told::Kind::kHeartbeatReply) &&
      told.term == step.after.term) {
    heard[told.from] = told.now;
  }
  if (told.kind == Told::Kind::kDeadline) Judge(step);
  due_[step.life.node] = step.deadline;
}

void LeaderContact::Judge(const CoreStep& step) {
  const runtime::Instant now = std::min(
      step.told.now, due_[step.life.node] + step.options.heartbeat_interval);
  ByNode<runtime::Instant>& heard = heard_[step.life.node];
  const absl::Duration patience = 2 * step.options.election_timeout_max;
  size_t in_touch = 1;
  for (uint32_t node = 1; node <= nodes_; ++node) {
    if (node != step.life.node && now - heard[node] <= patience) {
      ++in_touch;
    }
  }
  if (2 * in_touch > nodes_) return;
  violations_.Report(
      "leads-cut-off",
      absl::StrCat(step.life.ToString(), " still leads term ",
                   step.after.term.value(), ", and ", in_touch, " of ", nodes_,
                   " nodes, itself included, have spoken to it in the last ",
                   absl::FormatDuration(patience)));
}

}  // namespace scenarios
