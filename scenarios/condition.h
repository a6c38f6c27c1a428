// What may be so in a cluster at some moment: a scenario waits for it
// (`until`), demands it (`assert`) or forbids it (`never`).
//
// How a condition is written in a file is in condition_reader.cc, whether it
// holds is found out by condition_watch.h.

#ifndef SCENARIOS_CONDITION_H_
#define SCENARIOS_CONDITION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace scenarios {

// Of one step: conditions inside conditions, and all of them together.
inline constexpr size_t kConditionDepthMax = 8;
inline constexpr size_t kConditionPartsMax = 100;

struct Condition {
  enum class Kind : uint8_t {
    kLeader,         // Somebody leads, and a majority follows in its term.
    kNoLeader,       // No running node believes that it leads.
    kNewLeader,      // kLeader, in a later term than any leader's at the start.
    kLeaderIs,       // kLeader, and it is `nodes`.
    kLeaderIsNot,    // kLeader, and it is another than `nodes`.
    kTermAbove,      // Some running node is in a later term than `number`.
    kCommitted,      // At least `number` entries, counted from the first.
    kCommittedMore,  // At least `number` since the step began.
    kAnsweredMore,   // Clients got at least `number` answers since it began.
    kRunning,        // Each of `nodes` runs, and is up.
    kDown,           // None of `nodes` runs.
    kAppliedEqual,   // All of `nodes` run and have applied all that is
                     // committed.
    kReached,        // The rare state `name`, at any time of this run.
    kStruck,         // The fault `name`, at any time of this run.
    kAllOf,          // Each of `parts` holds.
    kAnyOf,          // At least one of `parts`.
    kNot,            // The one of `parts` does not.
  };
  Kind kind = Kind::kLeader;
  std::vector<uint32_t> nodes;  // From 1, in order; empty: all there are.
  uint64_t number = 0;
  std::string name;
  std::vector<Condition> parts;

  // As in a scenario file: "{leader: n1}".
  std::string ToString() const;
};

// "leader_not"; kLeaderIs is called "leader" too.
absl::string_view ConditionName(Condition::Kind kind);

// For scenarios that are built in C++.
inline Condition HasLeader() { return {}; }
Condition NoLeader();
Condition NewLeader();
Condition LeaderIs(uint32_t node);
Condition LeaderIsNot(uint32_t node);
Condition TermAbove(uint64_t term);
Condition Committed(uint64_t entries);
Condition CommittedMore(uint64_t entries);
Condition AnsweredMore(uint64_t answers);
Condition Running(std::vector<uint32_t> nodes);
Condition Down(std::vector<uint32_t> nodes);
Condition AppliedEqual(std::vector<uint32_t> nodes);
Condition Reached(std::string rare_state);
Condition Struck(std::string fault);
Condition AllOf(std::vector<Condition> parts);
Condition AnyOf(std::vector<Condition> parts);
Condition Not(Condition condition);

}  // namespace scenarios

#endif  // SCENARIOS_CONDITION_H_
