#include "scenarios/checks/campaign_timer.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

// Whether the step must have put off the next campaign.
bool Resets(const CoreStep& step) {
  switch (step.told.kind) {
    case Told::Kind::kAppendRequest:
    case Told::Kind::kHeartbeatRequest:
      return step.told.term >= step.before.term;
    case Told::Kind::kVoteRequest:
      return step.after.vote.value() == step.told.from &&
             (step.before.vote != step.after.vote || !step.same_term());
    default:
      return false;
  }
}

}  // namespace

void CampaignTimer::OnStep(const CoreStep& step) {
  runtime::Instant& reset = resets_[step.life.node];
  if (Resets(step)) reset = step.told.now;
  const bool campaigns = step.effects.role_changed &&
                         (step.after.role == raft::Role::kPreCandidate ||
                          step.after.role == raft::Role::kCandidate);
  if (!campaigns) return;
  const absl::Duration since = step.told.now - reset;
  reset = step.told.now;
  if (step.told.kind != Told::Kind::kDeadline ||
      since >= step.options.election_timeout_min) {
    return;
  }
  violations_.Report(
      "campaigns-too-soon",
      absl::StrCat(step.life.ToString(), " campaigns in term ",
                   step.before.term.value(), " ", absl::FormatDuration(since),
                   " after its timer was reset; the timeout is ",
                   absl::FormatDuration(step.options.election_timeout_min),
                   " at least"));
}

}  // namespace scenarios
