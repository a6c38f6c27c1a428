// Who votes. The configuration of a group is an entry of its log, effective
// from the moment it is appended (Raft §6); the log keeps the stack of those it
// holds, so that a truncated one gives way to the one before it.
//
// Encoding of the payload, little-endian:
//   u8 format = 1 | u32 count | count * u64 node id, strictly increasing

#ifndef RAFT_CORE_MEMBERSHIP_H_
#define RAFT_CORE_MEMBERSHIP_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "raft/core/message.h"
#include "raft/core/quorum.h"
#include "runtime/bytes.h"

namespace raft {

struct Configuration {
  // More than anyone runs; bounds what a forged payload can make us believe.
  static constexpr size_t kVotersMax = 63;

  VoterSet voters;

  // What a decision needs a majority of, each.
  std::span<const VoterSet> voter_sets() const { return {&voters, 1}; }
  bool IsVoter(NodeId node) const;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// The payload of a kConfiguration entry.
// Requires: voters are sorted, without repetition or zero, 1 to kVotersMax.
runtime::Bytes EncodeConfiguration(const Configuration& configuration);

// Errors: DATA_LOSS the bytes are not a configuration.
absl::StatusOr<Configuration> DecodeConfiguration(
    std::span<const std::byte> payload);

// The place of the entry that founds a group. First leaders have a later term.
inline constexpr Index kBootstrapIndex{1};
inline constexpr Term kBootstrapTerm{1};

// The first entry of a group founded by `voters`, in any order. Every founding
// member writes the same one, together with a hard state of kBootstrapTerm: so
// they agree on it without ever having spoken.
// Requires: as EncodeConfiguration(), but for the order.
Record BootstrapEntry(std::vector<NodeId> voters);

}  // namespace raft

#endif  // RAFT_CORE_MEMBERSHIP_H_
