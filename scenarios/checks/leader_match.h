// What a leader believes of a follower's disk is true: the match index is never
// ahead of the log that is on that disk. It only grows, and only by an answer
// of this term that accepts entries, of whatever session, up to what that
// answer says; never by a heartbeat, a refusal or a link (Raft figure 2,
// matchIndex). And what it sends next lies behind that, and in its log or right
// behind it (nextIndex).
//
// match-is-true, match-moved, next-out-of-place.

#ifndef SCENARIOS_CHECKS_LEADER_MATCH_H_
#define SCENARIOS_CHECKS_LEADER_MATCH_H_

#include <vector>

#include "persist/record.h"
#include "raft/core/progress.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LeaderMatch {
 public:
  // Both must outlive this.
  LeaderMatch(Violations& violations, const Disks& disks)
      : violations_(violations), disks_(disks) {}

  void OnStep(const CoreStep& step);

 private:
  struct Known {
    persist::Index match;
  };

  void CheckMove(const CoreStep& step, uint32_t peer,
                 const raft::Progress& progress, const Known& known);

  Violations& violations_;
  const Disks& disks_;
  ByNode<ByNode<Known>> known_;  // By leader and follower.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEADER_MATCH_H_
