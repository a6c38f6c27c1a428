#include "scenarios/checks/role_transitions.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

using raft::Role;

namespace {

// The term that must be known after the step; 0: any.
persist::Term TermTaught(const Told& told) {
  switch (told.kind) {
    case Told::Kind::kVoteReply:
    case Told::Kind::kAppendRequest:
    case Told::Kind::kAppendReply:
    case Told::Kind::kHeartbeatRequest:
    case Told::Kind::kHeartbeatReply:
      return told.term;
    case Told::Kind::kPreVoteReply:
      return told.yes ? persist::Term() : told.own_term;
    default:
      return persist::Term();
  }
}

}  // namespace

// One step may lead through several: a group of one wins its pre-vote at once.
bool RoleTransitions::Allowed(Role from, Role to, bool same_term) const {
  switch (to) {
    case Role::kFollower:
      return true;
    case Role::kPreCandidate:
      return from != Role::kLeader && same_term;
    case Role::kCandidate:
      return from == Role::kPreCandidate ||
             (from == Role::kCandidate && same_term) ||
             (alone_ && from != Role::kLeader);
    case Role::kLeader:
      return same_term && (from == Role::kLeader || from == Role::kCandidate);
  }
  return false;
}

void RoleTransitions::CheckTerm(const CoreStep& step) {
  const persist::Term taught = TermTaught(step.told);
  if (taught <= step.after.term) return;
  violations_.Report(
      "term-ignored",
      absl::StrCat(step.life.ToString(), " stays in term ",
                   step.after.term.value(), " though n", step.told.from,
                   " has told it of term ", taught.value()));
}

void RoleTransitions::OnStep(const CoreStep& step) {
  CheckTerm(step);
  if (step.before.role != step.after.role || !step.same_term()) {
    const bool called = step.told.kind == Told::Kind::kTimeoutNow &&
                        step.before.role != Role::kLeader &&
                        step.after.role == Role::kCandidate;
    if (!called &&
        !Allowed(step.before.role, step.after.role, step.same_term())) {
      violations_.Report("role-transition",
                         absl::StrCat(step.life.ToString(), " goes from ",
                                      raft::RoleName(step.before.role),
                                      " of term ", step.before.term.value(),
                                      " to ", raft::RoleName(step.after.role),
                                      " of term ", step.after.term.value()));
    }
  } else if (!step.effects.role_changed) {
    return;
  }
  CheckLeader(step);
}

void RoleTransitions::CheckLeader(const CoreStep& step) {
  const raft::NodeId leader = step.leader;
  if (leader.value() == 0) return;
  Known& known = known_[step.life.node];
  const bool other = known.term == step.after.term && known.leader != leader;
  const NodeLife* elected = elections_.LeaderOf(step.after.term);
  if (other || elected == nullptr || elected->node != leader.value()) {
    violations_.Report(
        "one-leader-known",
        absl::StrCat(
            step.life.ToString(), " takes n", leader.value(),
            " for the leader of term ", step.after.term.value(), ", ",
            elected != nullptr ? absl::StrCat("which is ", elected->ToString())
                               : "which has none",
            other ? absl::StrCat("; before it was n", known.leader.value())
                  : ""));
  }
  known = {step.after.term, leader};
}

}  // namespace scenarios
