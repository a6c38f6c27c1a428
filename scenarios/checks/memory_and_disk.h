// What a node believes to be on its disk is on its disk: when it hears that
// something has become durable, its log up to there, its term and its vote are
// what an independent reader finds in the shadow of the disk
// (scenarios/checks/durable_state.h). A sync that covers too much, a name that
// was never synced and a frame that cannot be read back all show here first.
//
// disk-holds-the-log, disk-holds-the-vote.

#ifndef SCENARIOS_CHECKS_MEMORY_AND_DISK_H_
#define SCENARIOS_CHECKS_MEMORY_AND_DISK_H_

#include <optional>

#include "persist/record.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class MemoryAndDisk {
 public:
  // `violations` must outlive this.
  explicit MemoryAndDisk(Violations& violations) : violations_(violations) {}

  // `life` takes its log for durable up to `upto`, and, if there is one, this
  // hard state (its term and vote).
  void OnDurable(const NodeLife& life, const LogMirror& log,
                 persist::Index upto,
                 const std::optional<persist::HardState>& believed,
                 DurableState& disk);

 private:
  Violations& violations_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_MEMORY_AND_DISK_H_
