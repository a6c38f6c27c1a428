// A leader hands over properly (thesis §3.10): it tells only a member whose
// disk holds all of its own log to stand at once; only who is told so by the
// leader of its term, and while its log still ends where that leader said,
// stands without asking first and overrides loyalty; nothing is proposed
// meanwhile; and it ends in time, after which the leader serves again.
//
// handed-over-too-early, stands-uncalled, hand-over-takes-proposals,
// hand-over-stuck.

#ifndef SCENARIOS_CHECKS_HAND_OVER_H_
#define SCENARIOS_CHECKS_HAND_OVER_H_

#include <cstdint>
#include <optional>

#include "raft/core/core.h"
#include "runtime/instant.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class HandOver {
 public:
  // Both must outlive this.
  HandOver(Violations& violations, const Disks& disks)
      : violations_(violations), disks_(disks) {}

  void OnStarted(const NodeLife& life) { nodes_[life.node] = Known(); }
  void OnStep(const CoreStep& step);

 private:
  struct UnderWay {
    raft::Ticket ticket;
    runtime::Instant began;
  };
  struct Known {
    raft::NodeId leader;  // The last that it followed, in `term`.
    persist::Term term;
    std::optional<UnderWay> transfer;
  };

  void CheckCalled(const CoreStep& step, const Known& known);
  void CheckCaughtUp(const CoreStep& step, const raft::Send& send);
  void CheckProposals(const CoreStep& step, const Known& known);
  void TakeTransfer(const CoreStep& step, Known& known);

  Violations& violations_;
  const Disks& disks_;
  ByNode<Known> nodes_;  // Of the life that runs.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_HAND_OVER_H_
