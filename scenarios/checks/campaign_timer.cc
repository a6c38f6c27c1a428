#include "scenarios/checks/campaign_timer.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

// Among millions of nanoseconds no two draws are alike by chance.
constexpr uint32_t kAlikeMax = 4;

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

// Whether it hears of the end of the leader that it follows.
bool LosesLeader(const CoreStep& step) {
  return step.told.kind == Told::Kind::kPeerLost && step.told.yes &&
         step.after.role == raft::Role::kFollower && step.leader.value() != 0 &&
         step.told.from == step.leader.value();
}

bool HearsLeader(const CoreStep& step) {
  return (step.told.kind == Told::Kind::kAppendRequest ||
          step.told.kind == Told::Kind::kHeartbeatRequest) &&
         step.told.term >= step.before.term;
}

// Whether another's campaign makes it wait with one that it need not have
// waited for.
bool GivesWay(const CoreStep& step, runtime::Instant due) {
  return step.told.kind == Told::Kind::kPreVoteRequest &&
         due <= step.told.now + 3 * step.options.heartbeat_interval / 2;
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
  if (LosesLeader(step) && !timer.leader_lost) {
    timer.leader_lost = true;
    timer.campaigned = step.told.now - step.options.heartbeat_interval;
  }
  if (HearsLeader(step)) timer.leader_lost = false;
  if (Resets(step)) timer.reset = step.told.now;
  const bool campaigns = step.effects.role_changed &&
                         (step.after.role == raft::Role::kPreCandidate ||
                          step.after.role == raft::Role::kCandidate);
  if (!campaigns) return;
  CheckDrawn(step);
  CheckStands(step, timer);
  const runtime::Instant from =
      timer.leader_lost ? timer.campaigned : timer.reset;
  const absl::Duration since = step.told.now - from;
  const absl::Duration wait = timer.leader_lost
                                  ? step.options.heartbeat_interval
                                  : step.options.election_timeout_min;
  timer.reset = step.told.now;
  timer.campaigned = step.told.now;
  if (step.told.kind != Told::Kind::kDeadline || since >= wait) return;
  violations_.Report(
      "campaigns-too-soon",
      absl::StrCat(step.life.ToString(), " campaigns in term ",
                   step.before.term.value(), " ", absl::FormatDuration(since),
                   timer.leader_lost ? " after its last campaign; it waits "
                                     : " after its timer was reset; it waits ",
                   absl::FormatDuration(wait), " at least"));
}

// To stand is the second half of a campaign, and of the same one: who has voted
// since it began has given it up.
void CampaignTimer::CheckStands(const CoreStep& step, const Timer& timer) {
  if (step.told.kind != Told::Kind::kPreVoteReply ||
      timer.reset <= timer.campaigned) {
    return;
  }
  violations_.Report(
      "campaigns-too-soon",
      absl::StrCat(step.life.ToString(), " stands for term ",
                   step.after.term.value(), " by what it has asked ",
                   absl::FormatDuration(step.told.now - timer.campaigned),
                   " ago, and has voted ",
                   absl::FormatDuration(step.told.now - timer.reset), " ago"));
}

void CampaignTimer::CheckDrawn(const CoreStep& step) {
  const raft::CoreOptions& options = step.options;
  if (options.election_timeout_min == options.election_timeout_max) return;
  const absl::Duration timeout = step.deadline - step.told.now;
  alike_ = timeout == last_timeout_ ? alike_ + 1 : 1;
  last_timeout_ = timeout;
  if (alike_ < kAlikeMax) return;
  violations_.Report(
      "timeouts-alike",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " waits ", absl::FormatDuration(timeout),
                   " for its campaign, like those of the ", alike_ - 1,
                   " campaigns before"));
}

void CampaignTimer::CheckPutOff(const CoreStep& step, const Timer& timer) {
  // A leader's deadline is its next heartbeat.
  if (step.leads() || step.deadline <= timer.due || MayReset(step)) return;
  if (timer.leader_lost && GivesWay(step, step.deadline)) return;
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
