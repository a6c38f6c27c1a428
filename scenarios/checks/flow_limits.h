// A leader keeps within what its options allow: what is uncommitted, what is in
// flight to each follower (a message may hold one entry of any size), and one
// unanswered probe for each follower until the next heartbeat. When all that
// was sent is acknowledged, nothing is in flight; when all is committed,
// nothing is uncommitted. And it finds the place where two logs part within one
// rejection per term of its own log, and two (Raft §5.3: "one per term").
//
// flow-limits, window-not-freed, budget-not-freed, one-probe, probes-to-agree.

#ifndef SCENARIOS_CHECKS_FLOW_LIMITS_H_
#define SCENARIOS_CHECKS_FLOW_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "persist/record.h"
#include "raft/core/core.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class FlowLimits {
 public:
  // `violations` must outlive this.
  explicit FlowLimits(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  struct Peer {
    uint64_t probed_session = 0;  // The one asked in; 0: may be asked.
    persist::Index next;          // After the last answer.
    size_t rejections = 0;        // That moved it since the logs have agreed.
  };

  void CheckRoom(const CoreStep& step, const raft::Leader& leader);
  void CheckFreed(const CoreStep& step, const raft::Leader& leader);
  void CheckBudget(const CoreStep& step, const raft::Leader& leader);
  void CountProbes(const CoreStep& step, const raft::Leader& leader,
                   ByNode<Peer>& peers);
  void CountRejections(const CoreStep& step, const raft::Leader& leader,
                       Peer& peer);

  Violations& violations_;
  ByNode<ByNode<Peer>> leaders_;  // By leader and follower.
  size_t largest_ = 0;            // The largest message or entry there was.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_FLOW_LIMITS_H_
