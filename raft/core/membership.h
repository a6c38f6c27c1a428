// Who votes. The configuration of a group is an entry of its log, effective
// from the moment it is appended (Raft §6); the log keeps the stack of those it
// holds, so that a truncated one gives way to the one before it.
//
// Encoding of the payload, little-endian; node ids strictly increase:
//   u8 format = 2 | u32 count | count * (u64 node id | u64 u64 identity)
//   u8 format = 1 | u32 count | count * u64 node id
// Format 1 founded clusters before data directories had identities.

#ifndef RAFT_CORE_MEMBERSHIP_H_
#define RAFT_CORE_MEMBERSHIP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "raft/core/message.h"
#include "raft/core/quorum.h"
#include "runtime/bytes.h"
#include "runtime/identity.h"
#include "runtime/ids.h"

namespace raft {

using runtime::Identity;

struct Configuration {
  // More than anyone runs; bounds what a forged payload can make us believe.
  static constexpr size_t kVotersMax = 63;

  VoterSet voters;
  // Of the data directory of each voter, in their order. Empty: not known.
  std::vector<Identity> identities{};

  // What a decision needs a majority of, each.
  std::span<const VoterSet> voter_sets() const { return {&voters, 1}; }
  bool IsVoter(NodeId node) const;
  // None if it is not known, or `node` is no voter.
  Identity IdentityOf(NodeId node) const;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// The payload of a kConfiguration entry.
// Requires: voters are sorted, without repetition or zero, 1 to kVotersMax;
// as many identities, or none.
runtime::Bytes EncodeConfiguration(const Configuration& configuration);

// Errors: DATA_LOSS the bytes are not a configuration.
absl::StatusOr<Configuration> DecodeConfiguration(
    std::span<const std::byte> payload);

// The place of the entry that founds a group. First leaders have a later term.
inline constexpr Index kBootstrapIndex{1};
inline constexpr Term kBootstrapTerm{1};

// The first entry of a group that `founders` found. Every founding member
// writes the same one, together with a hard state of kBootstrapTerm; how they
// come to agree on it: raft/founding.h. Requires: as EncodeConfiguration().
Record BootstrapEntry(const Configuration& founders);
// Of founders whose identities nobody knows, in any order.
Record BootstrapEntry(std::vector<NodeId> voters);

// What tells a cluster from any other, of the same name too: a hash of the
// entry that founded it. Never 0.
uint64_t FoundingFingerprint(runtime::ClusterId cluster,
                             const Record& founding_entry);

}  // namespace raft

#endif  // RAFT_CORE_MEMBERSHIP_H_
