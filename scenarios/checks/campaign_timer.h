// Nobody campaigns who has heard the leader of its term, or has voted, or has
// begun a campaign, less than a minimum election timeout ago: the election
// timer is reset by each of them (Raft §5.2, figure 2, "Followers").
//
// campaigns-too-soon.

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

  void OnStarted(const NodeLife& life, runtime::Instant now) {
    resets_[life.node] = now;
  }
  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
  ByNode<runtime::Instant> resets_;  // Of the life that runs.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
