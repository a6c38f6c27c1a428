// A vote answers the question of one candidate, and is given only to one whose
// log, as it claims, is at least as up to date as the voter's own (Raft
// §5.4.1). The same for a pre-vote (thesis §9.6).
//
// vote-justified.

#ifndef SCENARIOS_CHECKS_VOTE_JUSTIFIED_H_
#define SCENARIOS_CHECKS_VOTE_JUSTIFIED_H_

#include <optional>

#include "raft/core/core.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class VoteJustified {
 public:
  // `violations` must outlive this.
  explicit VoteJustified(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
};

// Whether an answer among the sends of the step grants a vote or a pre-vote;
// and to whom.
struct Grant {
  raft::NodeId candidate;
  persist::Term term;
  bool pre_vote = false;
};
std::optional<Grant> GrantOf(const raft::Send& send);

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_VOTE_JUSTIFIED_H_
