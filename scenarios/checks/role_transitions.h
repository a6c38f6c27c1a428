// Roles change as Raft figure 4 says, with the pre-candidate of thesis §9.6
// before the candidate: nobody leads who did not stand, nobody stands who did
// not ask first, a leader only ever becomes a follower. And in one term a node
// knows one leader, the one that there is (Raft §5.2). Whoever hears of a later
// term goes on in it, but for requests for votes, which loyalty to a leader
// ignores (figure 2, "Rules for Servers").
//
// role-transition, one-leader-known, term-ignored.

#ifndef SCENARIOS_CHECKS_ROLE_TRANSITIONS_H_
#define SCENARIOS_CHECKS_ROLE_TRANSITIONS_H_

#include "persist/record.h"
#include "runtime/ids.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/election_safety.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class RoleTransitions {
 public:
  // Of `nodes` voters. The others must outlive this.
  RoleTransitions(Violations& violations, const ElectionSafety& elections,
                  size_t nodes)
      : violations_(violations), elections_(elections), alone_(nodes == 1) {}

  // Requires: the election of this step, if there was one, is known.
  void OnStep(const CoreStep& step);

 private:
  struct Known {
    persist::Term term;
    raft::NodeId leader;
  };

  bool Allowed(raft::Role from, raft::Role to, bool same_term) const;
  void CheckTerm(const CoreStep& step);
  void CheckLeader(const CoreStep& step);

  Violations& violations_;
  const ElectionSafety& elections_;
  const bool alone_;
  ByNode<Known> known_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ROLE_TRANSITIONS_H_
