// A follower acknowledges what an append has compared and no more: the entry
// before it, and those in it, which then stand in its log (Raft §5.3). What it
// refuses it names by the session, and what is of an older term by none.
//
// append-acknowledged, append-refused.

#ifndef SCENARIOS_CHECKS_APPEND_ANSWERS_H_
#define SCENARIOS_CHECKS_APPEND_ANSWERS_H_

#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class AppendAnswers {
 public:
  // `violations` must outlive this.
  explicit AppendAnswers(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  void CheckRefusal(const CoreStep& step, const raft::Send& send);

  Violations& violations_;
};

// Whether a step has accepted the append that it was told.
bool AcceptsAppend(const CoreStep& step);

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_APPEND_ANSWERS_H_
