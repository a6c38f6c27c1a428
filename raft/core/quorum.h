// What a majority agrees on.
//
// Everything is recomputed from the voters' own values each time and nothing
// is maintained between calls: the sets are tiny, and an incrementally sorted
// one that loses its order commits on a minority.
//
// A decision needs a majority of each of the given voter sets. There is one set
// in a plain configuration and two in a joint one (Raft §6).

#ifndef RAFT_CORE_QUORUM_H_
#define RAFT_CORE_QUORUM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"

#include "runtime/ids.h"

namespace raft {

// Sorted, without repetition, never empty.
using VoterSet = std::vector<runtime::NodeId>;

// How many voters of a set of `size` are a majority of it.
constexpr size_t Majority(size_t size) { return size / 2 + 1; }

// The greatest number that a majority of every set has reached: the k-th
// largest value of a set, where k is its majority, and the smallest of those.
// Requires: there is a set; no set is empty.
uint64_t QuorumValue(std::span<const VoterSet> sets,
                     absl::FunctionRef<uint64_t(runtime::NodeId)> value);

enum class VoteResult : uint8_t {
  kPending,  // Neither yet.
  kWon,      // A majority of every set said yes.
  kLost,     // Some set has no majority of yes left to give.
};

// `vote` says yes, no, or nothing yet.
// Requires: there is a set; no set is empty.
VoteResult CountVotes(
    std::span<const VoterSet> sets,
    absl::FunctionRef<std::optional<bool>(runtime::NodeId)> vote);

}  // namespace raft

#endif  // RAFT_CORE_QUORUM_H_
