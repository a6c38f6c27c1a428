// What the process acts of a scenario do, and how they are undone.

#include <cstdint>

#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"

namespace scenarios {

Nemesis::Undo Nemesis::Strike(const Crash& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) cluster_.Kill(node);
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const PowerOff& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) cluster_.PowerOff(node);
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const Restart& act) {
  const Nodes nodes = Resolve(act.target);
  for (const uint32_t node : nodes) BootIfDown(node);
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const Pause& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) world_.Pause(cluster_.host(node));
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) world_.Resume(cluster_.host(node));
  };
}

Nemesis::Undo Nemesis::Strike(const Resume& act) {
  for (const uint32_t node : Resolve(act.target)) {
    world_.Resume(cluster_.host(node));
  }
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const ClockDrift& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  for (const uint32_t node : nodes) {
    world_.SetClockDrift(cluster_.host(node), act.parts_per_million);
  }
  return [this, nodes] {
    for (const uint32_t node : nodes) {
      world_.SetClockDrift(cluster_.host(node), 0);
    }
  };
}

Nemesis::Undo Nemesis::Strike(const SlowCpu& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  for (const uint32_t node : nodes) {
    world_.SetCpuFactor(cluster_.host(node), act.factor);
  }
  return [this, nodes] {
    for (const uint32_t node : nodes) {
      world_.SetCpuFactor(cluster_.host(node), 1);
    }
  };
}

}  // namespace scenarios
