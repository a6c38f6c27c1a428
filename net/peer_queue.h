// What waits for one connection to a peer: its lanes, strict precedence,
// bounded in bytes, newer replaces older. Part of net/peer_transport.h.

#ifndef NET_PEER_QUEUE_H_
#define NET_PEER_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"

#include "net/peer_transport.h"

namespace net {

class PeerQueue {
 public:
  // What a queued message costs beside its pieces, so that empty ones are
  // bounded as well.
  static constexpr size_t kMessageOverheadBytes = 128;

  explicit PeerQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Adds `message`, or replaces the one of its replace_key where that stands.
  // To make room the newest messages of lower lanes are dropped; if that is not
  // enough, `message` is. Returns how many were dropped.
  size_t Push(PeerMessage message);

  // The oldest of the highest lane that has any.
  std::optional<PeerMessage> Pop();

  // Returns how many were dropped.
  size_t Clear();

  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<runtime::GroupId, uint32_t>;

  struct LaneQueue {
    std::deque<PeerMessage> messages;
    uint64_t first = 0;                    // The serial of messages.front().
    absl::btree_map<Key, uint64_t> keyed;  // To serials.
  };

  static size_t Cost(const PeerMessage& message);
  // Drops from the lanes below `lane` until `bytes` more fit, or nothing is
  // left there. Returns how many were dropped.
  size_t MakeRoom(Lane lane, size_t bytes);
  void DropNewest(LaneQueue& lane);
  void Forget(LaneQueue& lane, const PeerMessage& message);

  const size_t bytes_max_;
  size_t bytes_ = 0;
  std::array<LaneQueue, kLanes> lanes_;
};

}  // namespace net

#endif  // NET_PEER_QUEUE_H_
