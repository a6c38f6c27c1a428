#include "kv/peer_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "net/rpc_types.h"
#include "runtime/clock.h"
#include "runtime/probe.h"

namespace kv {

PeerWatch::PeerWatch(runtime::Executor& executor, Peers& peers)
    : executor_(executor), peers_(peers), fibers_(executor) {}

void PeerWatch::Add(runtime::NodeId node, net::Address rpc) {
  std::unique_ptr<PeerReach>& reach = reach_[node];
  reach = std::make_unique<PeerReach>();
  reach->node = node;
  reach->rpc = std::move(rpc);
  fibers_.Spawn("kv.peer-watch", [this, peer = reach.get()] { Watch(*peer); });
}

std::vector<PeerReach> PeerWatch::reports() const {
  std::vector<PeerReach> reports;
  for (const auto& [node, reach] : reach_) reports.push_back(*reach);
  return reports;
}

const PeerReach* PeerWatch::Find(runtime::NodeId node) const {
  const auto found = reach_.find(node);
  return found == reach_.end() ? nullptr : found->second.get();
}

void PeerWatch::Stop() {
  fibers_.Cancel();
  // Nothing to do about it: the fibers end with this object at the latest.
  (void)fibers_.Join();
}

void PeerWatch::Watch(PeerReach& peer) {
  absl::Status slept;
  while (slept.ok() && !fibers_.cancelled()) {
    Ask(peer);
    slept = executor_.SleepFor(peer.reached ? kInterval : kIntervalUnreached);
  }
}

void PeerWatch::Ask(PeerReach& peer) {
  const runtime::Instant began = executor_.Now();
  const net::CallResult<ClockReply> result =
      peers_.AskClock(peer.node, began + kPatience);
  if (fibers_.cancelled()) return;
  if (result.ok()) {
    OnAnswer(peer, result.response, executor_.Now() - began);
  } else {
    OnFailure(peer, std::string(result.status.message()));
  }
}

void PeerWatch::OnAnswer(PeerReach& peer, const ClockReply& reply,
                         absl::Duration round_trip) {
  if (reply.node != peer.node.value()) {
    OnFailure(peer, absl::StrCat(peer.rpc.ToString(), ": node ", reply.node,
                                 " answers there"));
    return;
  }
  if (reply.founding != peers_.founding()) {
    OnFailure(peer, absl::StrCat(peer.rpc.ToString(), ": node ", reply.node,
                                 " of another cluster answers there"));
    return;
  }
  const bool news = !peer.reached;
  peer.asked = true;
  peer.reached = true;
  peer.error.clear();
  peer.round_trip = round_trip;
  // It looked at its clock somewhere within the round trip.
  const absl::Time then = executor_.clock().WallNow() - round_trip / 2;
  const absl::Duration difference =
      absl::FromUnixNanos(reply.wall_nanos) - then;
  peer.clock_difference = difference;
  if (news) runtime::Note("kv.peer.reached", {{"peer", peer.node}});
  if (absl::AbsDuration(difference) - round_trip / 2 <= kClockTolerance) return;
  REACHABLE("kv: the clocks of two nodes differ");
  runtime::Note("kv.peer.clock",
                {{"peer", peer.node},
                 {"ahead_ms", absl::ToInt64Milliseconds(difference)},
                 {"round_trip_ms", absl::ToInt64Milliseconds(round_trip)}});
}

void PeerWatch::OnFailure(PeerReach& peer, std::string why) {
  peer.asked = true;
  peer.reached = false;
  peer.error = std::move(why);
  runtime::Note("kv.peer.unreachable",
                {{"peer", peer.node}, {"why", absl::string_view(peer.error)}});
}

}  // namespace kv
