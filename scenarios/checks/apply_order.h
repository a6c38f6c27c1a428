// The state machine gets every command of the log, in the order of the log and
// once in a life, and nothing that is not committed and durable on its node
// (Raft figure 3, §5.3).
//
// apply-order, apply-beyond-commit.

#ifndef SCENARIOS_CHECKS_APPLY_ORDER_H_
#define SCENARIOS_CHECKS_APPLY_ORDER_H_

#include <cstdint>
#include <span>

#include "persist/record.h"
#include "raft/core/core.h"
#include "raft/state_machine.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class ApplyOrder {
 public:
  // `violations` must outlive this.
  explicit ApplyOrder(Violations& violations) : violations_(violations) {}

  // `life` has applied everything up to `upto`: of it these commands.
  void OnApplied(const NodeLife& life, const raft::Core& core,
                 std::span<const raft::Command> commands, persist::Index upto);

 private:
  struct Progress {
    uint64_t boot = 0;
    persist::Index applied;
  };

  Progress& Of(const NodeLife& life);

  Violations& violations_;
  ByNode<Progress> nodes_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_APPLY_ORDER_H_
