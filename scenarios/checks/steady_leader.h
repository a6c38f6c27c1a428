// No disruption: once everything has healed and all nodes follow one leader,
// its term lasts. Nobody who was cut off, slow or down ends it any more
// (thesis §4.2.3, §9.6).
//
// leader-disrupted.

#ifndef SCENARIOS_CHECKS_STEADY_LEADER_H_
#define SCENARIOS_CHECKS_STEADY_LEADER_H_

#include <cstddef>
#include <cstdint>

#include "persist/record.h"
#include "runtime/ids.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class SteadyLeader {
 public:
  // Among `nodes` voters. `violations` must outlive this.
  SteadyLeader(Violations& violations, size_t nodes)
      : violations_(violations), nodes_(nodes) {}

  // Everything has healed: no fault strikes from now on.
  void BeginQuiet();
  // Something strikes again.
  void EndQuiet();

  // Whom `life` follows, whenever it changes.
  void OnLeader(const NodeLife& life, persist::Term term,
                runtime::NodeId leader);

 private:
  struct Follows {
    persist::Term term;
    runtime::NodeId leader;
  };

  bool AllFollow(const Follows& leader);

  Violations& violations_;
  const size_t nodes_;
  bool quiet_ = false;
  bool steady_ = false;  // All follow one leader, in the quiet.
  ByNode<Follows> nodes_follow_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_STEADY_LEADER_H_
