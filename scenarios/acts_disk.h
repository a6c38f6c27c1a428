// Acts that break the disks of the nodes of a scenario.

#ifndef SCENARIOS_ACTS_DISK_H_
#define SCENARIOS_ACTS_DISK_H_

#include "scenarios/target.h"

namespace scenarios {

// The next sync of its disk fails; the process must end by itself.
struct FailSync {
  TargetChoice target;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_DISK_H_
