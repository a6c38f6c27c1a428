// A leader commits whatever a majority is known to have, up to its last entry
// of its own term, in the step in which it learns of it (Raft figure 2, "If
// there exists an N"). To stop at an older entry is to stop for ever.
//
// commit-held-back.

#ifndef SCENARIOS_CHECKS_COMMIT_PROGRESS_H_
#define SCENARIOS_CHECKS_COMMIT_PROGRESS_H_

#include <vector>

#include "persist/record.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class CommitProgress {
 public:
  // `violations` must outlive this.
  explicit CommitProgress(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
  std::vector<persist::Index> held_;  // By voter; kept for its room only.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_COMMIT_PROGRESS_H_
