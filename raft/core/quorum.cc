#include "raft/core/quorum.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "absl/container/inlined_vector.h"

#include "runtime/check.h"

namespace raft {

uint64_t QuorumValue(std::span<const VoterSet> sets,
                     absl::FunctionRef<uint64_t(runtime::NodeId)> value) {
  CHECK(!sets.empty());
  uint64_t reached_by_all = std::numeric_limits<uint64_t>::max();
  for (const VoterSet& voters : sets) {
    CHECK(!voters.empty());
    absl::InlinedVector<uint64_t, 9> values;
    for (const runtime::NodeId voter : voters) values.push_back(value(voter));
    const size_t rank = Majority(voters.size()) - 1;
    const auto kth = values.begin() + static_cast<ptrdiff_t>(rank);
    std::nth_element(values.begin(), kth, values.end(), std::greater<>());
    reached_by_all = std::min(reached_by_all, *kth);
  }
  return reached_by_all;
}

VoteResult CountVotes(
    std::span<const VoterSet> sets,
    absl::FunctionRef<std::optional<bool>(runtime::NodeId)> vote) {
  CHECK(!sets.empty());
  VoteResult result = VoteResult::kWon;
  for (const VoterSet& voters : sets) {
    CHECK(!voters.empty());
    size_t yes = 0;
    size_t open = 0;
    for (const runtime::NodeId voter : voters) {
      const std::optional<bool> answer = vote(voter);
      if (!answer.has_value()) {
        ++open;
      } else if (*answer) {
        ++yes;
      }
    }
    if (yes + open < Majority(voters.size())) return VoteResult::kLost;
    if (yes < Majority(voters.size())) result = VoteResult::kPending;
  }
  return result;
}

}  // namespace raft
