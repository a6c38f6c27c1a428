// Asks every other node now and then over the road that requests are forwarded
// by: whether it can be reached there, who answers, how long that takes, and
// what its wall clock says. So that a wrong port or a clock that is off is
// known before a client pays for it.
//
// Notes "kv.peer.unreachable", "kv.peer.reached" and "kv.peer.clock".
//
// One executor: that of the node.

#ifndef KV_PEER_WATCH_H_
#define KV_PEER_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "kv/peers.h"
#include "kv/service.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/ids.h"
#include "runtime/instant.h"

namespace kv {

// What is known of the way to one node.
struct PeerReach {
  runtime::NodeId node;
  net::Address rpc;
  bool asked = false;      // Nothing below counts before.
  bool reached = false;    // It answered, last time.
  std::string error = {};  // Why not.
  // Of the last answer.
  absl::Duration round_trip;
  // Its clock minus ours, give or take half of the round trip.
  std::optional<absl::Duration> clock_difference = std::nullopt;
};

class PeerWatch {
 public:
  // Between two questions; sooner while there is no answer.
  static constexpr absl::Duration kInterval = absl::Seconds(2);
  static constexpr absl::Duration kIntervalUnreached = absl::Milliseconds(500);
  static constexpr absl::Duration kPatience = absl::Seconds(1);
  // Clocks that differ by more, for certain, are noted: keys would expire that
  // much too early or too late.
  static constexpr absl::Duration kClockTolerance = absl::Milliseconds(500);

  // Both outlive this.
  PeerWatch(runtime::Executor& executor, Peers& peers);

  // From now on `node`, which `peers` has, is asked.
  void Add(runtime::NodeId node, net::Address rpc);

  // By node.
  std::vector<PeerReach> reports() const;
  // Null: not watched.
  const PeerReach* Find(runtime::NodeId node) const;

  // Suspends: no questions any more.
  void Stop();

 private:
  void Watch(PeerReach& peer);
  void Ask(PeerReach& peer);
  void OnAnswer(PeerReach& peer, const ClockReply& reply,
                absl::Duration round_trip);
  void OnFailure(PeerReach& peer, std::string why);

  runtime::Executor& executor_;
  Peers& peers_;
  absl::btree_map<runtime::NodeId, std::unique_ptr<PeerReach>> reach_;
  runtime::FiberGroup fibers_;
};

}  // namespace kv

#endif  // KV_PEER_WATCH_H_
