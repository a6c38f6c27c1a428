#include "scenarios/checks/pre_vote_harmless.h"

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

bool MayChange(const CoreStep& step) {
  if (step.told.kind == Told::Kind::kPreVoteRequest) return false;
  if (step.told.kind == Told::Kind::kPreVoteReply) {
    return step.after.role == raft::Role::kCandidate ||
           (!step.told.yes && step.told.own_term > step.before.term &&
            step.after.term == step.told.own_term);
  }
  const bool begins_to_ask =
      step.effects.role_changed && step.after.role == raft::Role::kPreCandidate;
  return !begins_to_ask;
}

}  // namespace

void PreVoteHarmless::OnStep(const CoreStep& step) {
  const bool changed = !step.effects.stores.empty() || !step.same_term() ||
                       step.after.vote != step.before.vote;
  if (!changed || MayChange(step)) return;
  violations_.Report(
      "pre-vote-harmless",
      absl::StrCat(
          step.life.ToString(), " goes from term ", step.before.term.value(),
          " with a vote for n", step.before.vote.value(), " to term ",
          step.after.term.value(), " with a vote for n",
          step.after.vote.value(), " and stores ", step.effects.stores.size(),
          " times by a pre-vote for term ", step.told.term.value()));
}

}  // namespace scenarios
