// Asking first costs nothing: neither to ask for pre-votes nor to be asked
// changes a term, a vote or anything on a disk; an answer changes them only by
// a higher term that it tells, or by winning (thesis §9.6).
//
// pre-vote-harmless.

#ifndef SCENARIOS_CHECKS_PRE_VOTE_HARMLESS_H_
#define SCENARIOS_CHECKS_PRE_VOTE_HARMLESS_H_

#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class PreVoteHarmless {
 public:
  // `violations` must outlive this.
  explicit PreVoteHarmless(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_PRE_VOTE_HARMLESS_H_
