// Nobody campaigns who has heard the leader of its term, or has voted, or has
// begun a campaign, less than a minimum election timeout ago: the election
// timer is reset by each of them (Raft §5.2, figure 2, "Followers"). And by
// nothing else: a leader that was deposed, or a candidate that is refused, does
// not put off the campaign of whoever hears it.
//
// campaigns-too-soon, campaign-put-off.

#ifndef SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
#define SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_

#include "runtime/instant.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class CampaignTimer {
 public:
  // `violations` must outlive this.
  explicit CampaignTimer(Violations& violations) : violations_(violations) {}

  // `deadline` as in CoreStep.
  void OnStarted(const NodeLife& life, runtime::Instant now,
                 runtime::Instant deadline) {
    timers_[life.node] = {now, deadline};
  }
  void OnStep(const CoreStep& step);

 private:
  struct Timer {
    runtime::Instant reset;
    runtime::Instant due;
  };

  void CheckPutOff(const CoreStep& step, const Timer& timer);

  Violations& violations_;
  ByNode<Timer> timers_;  // Of the life that runs.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
