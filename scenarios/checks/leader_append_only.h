// A leader never overwrites or deletes entries of its own log; it only appends
// (Raft §5.3).
//
// leader-append-only.

#ifndef SCENARIOS_CHECKS_LEADER_APPEND_ONLY_H_
#define SCENARIOS_CHECKS_LEADER_APPEND_ONLY_H_

#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LeaderAppendOnly {
 public:
  // `violations` must outlive this.
  explicit LeaderAppendOnly(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEADER_APPEND_ONLY_H_
