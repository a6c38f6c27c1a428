// A leader that no majority answers gives up: it leads no longer than twice the
// longest election timeout after a majority has last spoken to it (thesis
// §6.2). Measured by its own clock, as long as it runs: when it was not there
// at its deadline, all the time until it came counts as one heartbeat interval.
//
// leads-cut-off.

#ifndef SCENARIOS_CHECKS_LEADER_CONTACT_H_
#define SCENARIOS_CHECKS_LEADER_CONTACT_H_

#include <cstddef>

#include "runtime/instant.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LeaderContact {
 public:
  // Among `nodes` voters. `violations` must outlive this.
  LeaderContact(Violations& violations, size_t nodes)
      : violations_(violations), nodes_(nodes) {}

  void OnStep(const CoreStep& step);

 private:
  void Judge(const CoreStep& step);

  Violations& violations_;
  const size_t nodes_;
  ByNode<ByNode<runtime::Instant>> heard_;  // By leader and follower.
  ByNode<runtime::Instant> due_;            // The deadline of each leader.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEADER_CONTACT_H_
