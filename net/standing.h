// What a node says of itself to those who do not know it yet: to which cluster
// it belongs, who founded that, and which data directory it has.
//
//   asker                                 answerer
//   Inquiry   a Standing, its own    ->
//                                    <-   Standing   the answerer's
//
// Two ask: a node that is to found a cluster and has promised nothing yet
// (raft/founding.h), and one whose handshake was refused because the other was
// founded by others, to be able to say by whom (net/peer_link.h). Everybody who
// listens for peers answers, before any handshake.
//
// Each is one frame (net/frame.h); the payload, little-endian:
//   u16 version  u64 cluster  u64 from  u64 to  u64 link  u8 stage
//   u64 u64 identity  u64 fingerprint  u64 known life  u8 count  count * (u64
//   node  u64 u64 identity), node ids strictly increasing
// `link` is drawn by the asker and repeated by the answer.

#ifndef NET_STANDING_H_
#define NET_STANDING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/network.h"
#include "runtime/identity.h"
#include "runtime/ids.h"
#include "runtime/instant.h"

namespace net {

struct FoundingMember {
  runtime::NodeId node;
  runtime::Identity identity;  // None: not known.

  friend bool operator==(const FoundingMember&,
                         const FoundingMember&) = default;
};

// "n1, n2, n3".
std::string NodesText(std::span<const FoundingMember> members);
// The same nodes, whatever their identities.
bool SameNodes(std::span<const FoundingMember> a,
               std::span<const FoundingMember> b);

struct Standing {
  static constexpr size_t kFixedBytes = 2 + 4 * 8 + 1 + 4 * 8 + 1;
  static constexpr size_t kMemberBytes = 3 * 8;
  static constexpr size_t kMembersMax = 255;
  static constexpr size_t kBytesMax = kFixedBytes + kMembersMax * kMemberBytes;

  enum class Stage : uint8_t {
    kFounding = 0,  // It has no log, and has promised nothing to anybody.
    kFounded = 1,   // `members` founded its log, for good.
  };

  uint16_t version = 0;
  runtime::ClusterId cluster;
  runtime::NodeId from;
  runtime::NodeId to;
  uint64_t link = 0;
  Stage stage = Stage::kFounding;
  runtime::Identity identity;  // Of `from`.
  uint64_t fingerprint = 0;    // Of the founding entry; 0 before there is one.
  // The newest life of `to` that `from` has ever shaken hands with; 0: none.
  runtime::Incarnation known_life;
  // Who is to found the cluster, as far as `from` has heard their identities;
  // or who did.
  std::vector<FoundingMember> members;

  // Requires: at most kMembersMax members.
  std::vector<std::byte> Encode() const;
  // Nothing if `bytes` is none. Bounded.
  static std::optional<Standing> Parse(std::span<const std::byte> bytes);
};

// Asks whoever listens at `address` for peers what it is: `own` says what we
// are, and whom we mean. `link` is a fresh draw. Suspends.
// Errors: those of Network::Dial() and Stream; DEADLINE_EXCEEDED.
absl::StatusOr<Standing> AskStanding(Network& network, const Address& address,
                                     const Standing& own, uint64_t link,
                                     runtime::Instant deadline);

}  // namespace net

#endif  // NET_STANDING_H_
