// Nothing leaks: when the clients have gone, everything has healed and all has
// been replicated, every place, budget, ticket and queue of every node is back
// to what is really there.
//
// at-rest: a counter of a node is above what it counts in all of the last
// moments of a run. Nothing is there, but for connections that stand: those are
// compared with the network's own. What a node does by itself meanwhile, as
// when keys expire, comes and goes: each counter must be right once.
//
// Where some stay broken for good, the core is asked, and so are all when
// damage keeps one down: but not for what others ask of a node, or have not
// taken.

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
  // It waits for another node, or another one asks for it.
  bool of_others = false;
};

// The connections of a node that the network knows to stand.
struct Connections {
  uint64_t peers = 0;
  uint64_t rpc = 0;
  // Of Redis clients that have gone and could not say so.
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

  // Plans the looks at a core, or at all nodes if `core` is empty. `excused`:
  // whether nothing is demanded after all.
  void Start(std::vector<uint32_t> core, std::function<bool()> excused);

 private:
  void LookAtAll();
  void Look(uint32_t node, const kv::Server& server);
  void Check();

  sim::World& world_;
  Cluster& cluster_;
  const Scenario& scenario_;
  std::vector<uint32_t> nodes_;
  std::function<bool()> excused_;
  // By node: what was above itself in all looks so far. Absent: no look.
  absl::btree_map<uint32_t, std::vector<Counted>> above_;
};

}  // namespace scenarios

#endif  // SCENARIOS_AT_REST_H_
