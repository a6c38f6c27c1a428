// Nothing leaks: when the clients have gone, everything has healed and all has
// been replicated, every place, budget, ticket and queue of every node is back
// to what is really there.
//
// at-rest: a counter of a node is above what it counts in all of the last
// moments of a run. Nothing is there, but for connections that stand: those are
// compared with the network's own. What a node does by itself meanwhile, as
// when keys expire, comes and goes: each counter must be right once.
//
// At the end of runs in which everything heals.

#ifndef SCENARIOS_AT_REST_H_
#define SCENARIOS_AT_REST_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"

#include "kv/server.h"
#include "scenarios/cluster.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

// One counter, and what it counts.
struct Counted {
  std::string what;
  uint64_t counted = 0;
  uint64_t there = 0;
};

// The connections that stand at a node, by the network's own count. Some of
// clients do for good: whose end was lost on the way.
struct Connections {
  uint64_t peers = 0;
  uint64_t rpc = 0;
  uint64_t redis = 0;
};

// All that a node counts.
std::vector<Counted> CountersOf(const kv::ServerLoad& load,
                                const Connections& there);

class AtRest {
 public:
  // All must outlive this.
  AtRest(sim::World& world, Cluster& cluster, const Scenario& scenario)
      : world_(world), cluster_(cluster), scenario_(scenario) {}

  // Plans the looks. `excused`: whether nothing is demanded after all.
  void Start(std::function<bool()> excused);

 private:
  void LookAtAll();
  void Look(uint32_t node, const kv::Server& server);
  void Check();

  sim::World& world_;
  Cluster& cluster_;
  const Scenario& scenario_;
  std::function<bool()> excused_;
  // By node: what was above itself in all looks so far. Absent: no look.
  absl::btree_map<uint32_t, std::vector<Counted>> above_;
};

}  // namespace scenarios

#endif  // SCENARIOS_AT_REST_H_
