// The one rule between disk and network (raft/core/core.h, rule 2), both ways:
// a message leaves when what it rests on is durable, not before and not never;
// and once the disk has failed nothing leaves any more, and the process ends.
//
// leaves-too-early, held-back, leaves-after-failure, outlives-its-disk.

#ifndef SCENARIOS_CHECKS_HELD_MESSAGES_H_
#define SCENARIOS_CHECKS_HELD_MESSAGES_H_

#include <cstddef>
#include <vector>

#include "persist/record.h"
#include "raft/core/core.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

// Of one life.
class HeldMessages {
 public:
  // `violations` must outlive this.
  HeldMessages(Violations& violations, NodeLife life)
      : violations_(violations), life_(life) {}

  // The last step has been carried out.
  void OnEvent();
  void OnStep(const CoreStep& step);
  void OnSendLeaves(const raft::Send& send);
  void OnStorageFailed() { failed_ = true; }
  // Nothing happens any more, and the process still runs.
  void OnEndOfRun();

 private:
  Violations& violations_;
  const NodeLife life_;
  bool failed_ = false;
  persist::Sequence released_;           // Everything up to here has been due.
  size_t due_ = 0;                       // To leave before the next event.
  std::vector<persist::Sequence> held_;  // What the others wait for.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_HELD_MESSAGES_H_
