// Finds out whether a condition of a scenario holds, in a world as it is now.
//
// What a condition counts ("more since the step began", "a new leader") is
// counted from when its watch was made.

#ifndef SCENARIOS_CONDITION_WATCH_H_
#define SCENARIOS_CONDITION_WATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "persist/record.h"
#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/condition.h"
#include "sim/world.h"

namespace scenarios {

class ConditionWatch {
 public:
  // All must outlive this. Requires: the nodes of the condition exist.
  ConditionWatch(const sim::World& world, const Cluster& cluster,
                 const Clients& clients, const Condition& condition);

  bool Holds() const { return Holds(condition_); }

 private:
  bool Holds(const Condition& condition) const;
  // Those that it names, or all.
  std::vector<uint32_t> NodesOf(const Condition& condition) const;
  bool HasApplied(uint32_t node) const;
  bool TermIsAbove(uint64_t term) const;
  bool Reached(absl::string_view rare_state) const;
  bool Struck(absl::string_view fault) const;

  const sim::World& world_;
  const Cluster& cluster_;
  const Clients& clients_;
  const Condition& condition_;
  // As it was in the beginning.
  persist::Term leader_term_;
  const persist::Index committed_;
  const uint64_t answered_;
};

// "n1 leads in term 3 (commit 9, applied 9), n2 is down": for messages.
std::string DescribeNodes(const Cluster& cluster);

}  // namespace scenarios

#endif  // SCENARIOS_CONDITION_WATCH_H_
