// Nobody campaigns who has heard the leader of its term, or has voted, or has
// begun a campaign, less than a minimum election timeout ago: the election
// timer is reset by each of them (Raft §5.2, figure 2, "Followers"). And by
// nothing else: a leader that was deposed, or a candidate that is refused, does
// not put off the campaign of whoever hears it. Timeouts are drawn: campaigns
// that follow each other, of whatever nodes, do not all wait equally long.
//
// campaigns-too-soon, campaign-put-off, timeouts-alike.

#ifndef SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
#define SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_

#include <cstdint>

#include "absl/time/time.h"

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
  void CheckDrawn(const CoreStep& step);

  Violations& violations_;
  ByNode<Timer> timers_;  // Of the life that runs.
  absl::Duration last_timeout_ = absl::ZeroDuration();
  uint32_t alike_ = 0;  // Campaigns in a row that had it.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
