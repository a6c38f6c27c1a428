// Each life of a node has a larger incarnation than the one before, durable
// before anybody hears of it: so what was said to a dead life is never taken
// for something said to this one (persist/persister.h).
//
// incarnation-grows, incarnation-durable.

#ifndef SCENARIOS_CHECKS_INCARNATIONS_H_
#define SCENARIOS_CHECKS_INCARNATIONS_H_

#include <cstdint>

#include "runtime/ids.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class Incarnations {
 public:
  // Both must outlive this.
  Incarnations(Violations& violations, const Disks& disks)
      : violations_(violations), disks_(disks) {}

  // Requires: the disk of `life` is up to date.
  void OnStarted(const NodeLife& life);
  // `life` has got a message from the life `incarnation` of n`from`.
  void OnHeard(const NodeLife& life, uint32_t from,
               runtime::Incarnation incarnation);

 private:
  Violations& violations_;
  const Disks& disks_;
  ByNode<runtime::Incarnation> last_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_INCARNATIONS_H_
