// No busy loop: when clients have gone, everything has healed and all has been
// replicated, a cluster does little more than beat. What happens in the last
// moments of a run is counted, and bounded by the heartbeats that are due.
//
// busy-when-idle.

#ifndef SCENARIOS_IDLE_END_H_
#define SCENARIOS_IDLE_END_H_

#include <cstdint>

#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

// The most events of a world in so long, when its cluster is idle.
uint64_t IdleEventsMax(const ClusterShape& shape, absl::Duration span);

class IdleEnd {
 public:
  // Both must outlive this.
  IdleEnd(sim::World& world, const Scenario& scenario)
      : world_(world), scenario_(scenario) {}

  // Counts in the last moments of the scenario.
  void Start();

 private:
  void Check();

  sim::World& world_;
  const Scenario& scenario_;
  uint64_t events_before_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_IDLE_END_H_
