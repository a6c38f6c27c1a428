// What the disk acts of a scenario do, and how they are undone.

#include <cstdint>

#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_disk.h"

namespace scenarios {

Nemesis::Undo Nemesis::Strike(const FailSync& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) {
    world_.disk(cluster_.host(node)).Order(sim::DiskFault::kSyncFails);
  }
  return [this, nodes] { Release(nodes); };
}

}  // namespace scenarios
