// A log is cut only by a follower, only where an append of its leader proves a
// conflict, and never where it holds what is committed: a late or repeated
// append removes nothing (Raft §5.3).
//
// truncation-unproved, truncates-committed.

#ifndef SCENARIOS_CHECKS_TRUNCATION_H_
#define SCENARIOS_CHECKS_TRUNCATION_H_

#include "persist/record.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class Truncation {
 public:
  // Both must outlive this.
  Truncation(Violations& violations, const CommittedLog& committed)
      : violations_(violations), committed_(committed) {}

  // A store of the step cuts the log, which still has it all, from `from` on.
  void OnCut(const CoreStep& step, persist::Index from);

 private:
  Violations& violations_;
  const CommittedLog& committed_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_TRUNCATION_H_
