// Whoever has applied the log up to the same index is in the same state
// (Raft §5.4.3): the hash of the state is a function of the index, over all
// nodes and all their lives.

#ifndef SCENARIOS_CHECKS_STATE_MACHINE_SAFETY_H_
#define SCENARIOS_CHECKS_STATE_MACHINE_SAFETY_H_

#include <cstdint>
#include <vector>

#include "persist/record.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class StateMachineSafety {
 public:
  // `violations` must outlive this.
  explicit StateMachineSafety(Violations& violations)
      : violations_(violations) {}

  // `node` has applied everything up to `index`.
  void OnApplied(const NodeLife& node, persist::Index index,
                 uint64_t state_hash);

 private:
  struct Seen {
    uint64_t state_hash = 0;
    NodeLife first_at;  // Of boot 0: nobody yet.
  };

  Violations& violations_;
  std::vector<Seen> states_;  // By index.
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_STATE_MACHINE_SAFETY_H_
