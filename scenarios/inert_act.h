// Acts that can strike nobody, whatever happens: a ring of three nodes, all
// nodes isolated from nobody, half of the cluster crashed where chaos may
// strike a minority at most. Who writes one believes that something was tried
// that never is, so a file with such an act is refused.
//
// An act is judged for every number of nodes that a seed may have, and each
// target that may be drawn by itself. What depends on the run (there may be no
// candidate just now) is no mistake, and counted when it happens.

#ifndef SCENARIOS_INERT_ACT_H_
#define SCENARIOS_INERT_ACT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/act.h"
#include "scenarios/scenario.h"
#include "scenarios/target.h"

namespace scenarios {

// Where an act happens, as far as it is known before a run.
struct Stage {
  std::vector<uint32_t> node_counts = {3};  // Each that a seed may draw.
  Atlas atlas = Atlas::kWithin;
  uint32_t clients = 0;        // "c1" to "cN".
  uint32_t redis_clients = 0;  // "r1" to "rN".
  // In chaos: at most so many nodes are struck at the same time; 0: a minority.
  std::optional<uint32_t> struck_max = {};

  // The nodes that every seed has.
  uint32_t nodes() const;
};

// Of the steps of a scenario whose cluster, workload and atlas are known.
Stage StageOf(const Scenario& scenario);

// Why the act strikes nobody there: "'ring' strikes nobody among 3 nodes: ...".
// Empty: it may strike somebody.
std::string WhyInert(const Act& act, const Stage& stage);

// Why nobody is ever this target among so many nodes; or empty.
std::string WhyNobody(const Target& target, uint32_t nodes);

// A role that is always played by one node at most, and that is known without
// dice: what a fault can follow.
bool FollowableRole(const Target& target);

}  // namespace scenarios

#endif  // SCENARIOS_INERT_ACT_H_
