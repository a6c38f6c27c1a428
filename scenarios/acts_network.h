// Acts that break the network between the nodes of a scenario.

#ifndef SCENARIOS_ACTS_NETWORK_H_
#define SCENARIOS_ACTS_NETWORK_H_

#include <cstdint>
#include <vector>

#include "scenarios/knob_table.h"
#include "scenarios/target.h"

namespace scenarios {

// Cut off from all other nodes, both ways. Clients still reach it.
struct Isolate {
  TargetChoice target;
};

// Nodes of different groups cannot speak; who is in no group speaks to all.
struct Partition {
  std::vector<std::vector<uint32_t>> groups;
};

// Nothing travels from `from` to `to`; the way back stays open.
struct Cut {
  TargetChoice from;
  TargetChoice to;
};

// Every cut and every link disturbance ends.
struct Heal {};

// The link from one to the other behaves differently ("network.*" knobs).
struct DisturbLink {
  TargetChoice from;
  TargetChoice to;
  std::vector<KnobSetting> knobs;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_NETWORK_H_
