// Whom an act of a scenario strikes: nodes by number or by the role that they
// play when it strikes.

#ifndef SCENARIOS_TARGET_H_
#define SCENARIOS_TARGET_H_

#include <cstdint>
#include <string>
#include <vector>

namespace scenarios {

// Whom an act strikes, decided when it strikes; nobody, if there is no such
// node.
struct Target {
  enum class Kind : uint8_t {
    kNode,      // `node`.
    kLeader,    // Of the highest term; any running node when there is none.
    kFollower,  // A running node that does not lead.
    kAny,       // A running node.
    kMinority,  // As many as may be missing without losing the quorum.
    kMajority,  // One more than that... enough to lose it.
    kAll,
    kSome,        // One or more nodes: a rack that shares a fuse.
    kOldLeader,   // Led before the present leader did.
    kCandidate,   // A running node that asks for votes, or is about to.
    kLongestLog,  // The running node with the longest log.
    kShortestLog,
    kLongestFollower,  // The longest log but for the leader's.
    kAllOf,            // Each of `members`.
  };
  Kind kind = Kind::kAny;
  uint32_t node = 0;                 // kNode: from 1, as in "n1".
  std::vector<Target> members = {};  // kAllOf; none of them is a kAllOf.

  // As in a scenario file.
  std::string ToString() const;
  friend bool operator==(const Target&, const Target&) = default;
};

// One of these, drawn with equal chances when the act strikes. In a file one
// target stands alone, several as {one_of: [leader, follower]}. All of them at
// once are one target: {all_of: [n1, n2]}. A bare list is refused there: it
// means "all of these" wherever it may stand.
using TargetChoice = std::vector<Target>;

inline Target Node(uint32_t node) { return {Target::Kind::kNode, node}; }
inline TargetChoice Leader() { return {{Target::Kind::kLeader, 0}}; }

}  // namespace scenarios

#endif  // SCENARIOS_TARGET_H_
