#include "scenarios/checks/campaign_timer.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

// Whether the step was told what must put off the next campaign.
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

// Whether it may have: a vote may be given again to whoever has it.
bool MayReset(const CoreStep& step) {
  return Resets(step) || step.effects.role_changed ||
         step.told.kind == Told::Kind::kDeadline ||
         (step.told.kind == Told::Kind::kVoteRequest &&
          step.after.vote.value() == step.told.from);
}

}  // namespace

void CampaignTimer::OnStep(const CoreStep& step) {
  Timer& timer = timers_[step.life.node];
  CheckPutOff(step, timer);
  timer.due = step.deadline;
  runtime::Instant& reset = timer.reset;
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

void CampaignTimer::CheckPutOff(const CoreStep& step, const Timer& timer) {
  // A leader's deadline is its next heartbeat.
  if (step.leads() || step.deadline <= timer.due || MayReset(step)) return;
  violations_.Report(
      "campaign-put-off",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " puts off its next campaign by ",
                   absl::FormatDuration(step.deadline - timer.due),
                   " and has heard nothing that is a reason",
                   step.told.from != 0
                       ? absl::StrCat(", but a message from n", step.told.from,
                                      " of term ", step.told.term.value())
                       : ""));
}

}  // namespace scenarios
