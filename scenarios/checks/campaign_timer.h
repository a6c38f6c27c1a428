// Nobody campaigns who has heard the leader of its term, or has voted, or has
// begun a campaign, less than a minimum election timeout ago, and nobody stands
// by a campaign that began before it has voted for another: the election
// timer is reset by each of them (Raft §5.2, figure 2, "Followers"). And by
// nothing else: a leader that was deposed, or a candidate that is refused, does
// not put off the campaign of whoever hears it. Timeouts are drawn: campaigns
// that follow each other, of whatever nodes, do not all wait equally long.
//
// Only one whose connection to its leader has broken, and who has not heard it
// since, need not wait: it may campaign at once and again after a heartbeat
// interval, and gives way to another for one and a half.
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
    timers_[life.node] = {now, deadline, false, {}};
  }
  void OnStep(const CoreStep& step);

 private:
  struct Timer {
    runtime::Instant reset;
    runtime::Instant due;
    // The connection to the leader broke, and it was not heard since.
    bool leader_lost = false;
    runtime::Instant campaigned;  // When it last did, or may have.
  };

  void CheckPutOff(const CoreStep& step, const Timer& timer);
  void CheckDrawn(const CoreStep& step);
  void CheckStands(const CoreStep& step, const Timer& timer);

  Violations& violations_;
  ByNode<Timer> timers_;  // Of the life that runs.
  absl::Duration last_timeout_ = absl::ZeroDuration();
  uint32_t alike_ = 0;  // Campaigns in a row that had it.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_CAMPAIGN_TIMER_H_
