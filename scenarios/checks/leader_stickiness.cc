#include "scenarios/checks/leader_stickiness.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "scenarios/checks/vote_justified.h"

namespace scenarios {

void LeaderStickiness::OnStep(const CoreStep& step) {
  const Told& told = step.told;
  Contact& contact = contacts_[step.life.node];
  switch (told.kind) {
    case Told::Kind::kAppendRequest:
    case Told::Kind::kHeartbeatRequest:
      if (told.term >= step.before.term) contact = {told.now, false};
      return;
    case Told::Kind::kPeerLost:
      if (told.yes && told.from == step.leader.value()) contact.lost = true;
      return;
    case Told::Kind::kVoteRequest:
      if (told.yes) return;  // The leader itself wants it.
      break;
    case Told::Kind::kPreVoteRequest:
      break;
    default:
      return;
  }
  const bool heard =
      !contact.lost &&
      told.now < contact.heard + step.options.election_timeout_min;
  const bool stands_by = step.before.role == raft::Role::kLeader || heard;
  if (!stands_by) return;
  bool granted = false;
  for (const raft::Send& send : step.effects.sends) {
    granted = granted || GrantOf(send).has_value();
  }
  if (!granted && step.same_term()) return;
  violations_.Report(
      "leader-stickiness",
      absl::StrCat(step.life.ToString(), granted ? " supports" : " follows",
                   " n", told.from, " into term ", told.term.value(), " ",
                   absl::FormatDuration(told.now - contact.heard),
                   " after it heard a leader"));
}

}  // namespace scenarios
