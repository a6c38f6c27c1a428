// Who has heard the leader of its term, or has just booted and may have, stands
// by it for the minimum election timeout: it grants neither vote nor pre-vote,
// and does not even take the term of a request (thesis §4.2.3, §6.2, §9.6).
// Measured by the clock of the voter. A connection to this leader that breaks
// ends that, until the leader is heard again; and a candidate that speaks for
// the leader may be followed (hand_over.h sees to it that it does).
//
// leader-stickiness.

#ifndef SCENARIOS_CHECKS_LEADER_STICKINESS_H_
#define SCENARIOS_CHECKS_LEADER_STICKINESS_H_

#include "runtime/instant.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LeaderStickiness {
 public:
  // `violations` must outlive this.
  explicit LeaderStickiness(Violations& violations) : violations_(violations) {}

  void OnStarted(const NodeLife& life, runtime::Instant now) {
    contacts_[life.node] = {now, false};
  }
  void OnStep(const CoreStep& step);

 private:
  struct Contact {
    runtime::Instant heard;
    bool lost = false;  // The connection broke since.
  };

  Violations& violations_;
  ByNode<Contact> contacts_;  // Of the life that runs.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEADER_STICKINESS_H_
