// What a member does when its connection to the leader breaks: it asks for the
// others' votes at once, and gives its own.
//
// Not in the paper, where only silence tells of a leader's end. ZooKeeper's
// followers do the same.

#include <tuple>

#include "raft/core/core.h"

namespace raft {

// A connection breaks when a process ends: its kernel says so at once, long
// before the silence would. So we neither stand by the leader any more nor wait
// for our timer. Should only the connection have broken, the others still hear
// the leader and refuse us, and its next message puts everything back.
void Core::LeaderLinkLost(Turn& turn, NodeId peer) {
  const auto* follower = std::get_if<Follower>(&state_);
  if (follower == nullptr || follower->leader != peer || peer == NodeId()) {
    return;
  }
  // A pair has several connections, and a dead process breaks them all.
  if (leader_lost_.has_value()) return;
  leader_lost_ =
      LostLeader{.since = turn.env.now, .supported = {}, .supported_until = {}};
  // All who were led hear of it at the same time.
  DrawQuickCampaign(turn, absl::ZeroDuration());
}

void Core::LeaderHeard(Turn& turn) {
  leader_contact_ = turn.env.now;
  leader_excused_ = false;
  leader_lost_.reset();
  quick_due_ = runtime::Instant::InfiniteFuture();
}

// Campaigns for a lost leader's place begin within a few milliseconds of each
// other, and two at a time split the vote: a whole timeout lost. So each member
// supports one of them and no other for a while; who asks for itself gives way
// to the better log, and then to the greater name.
bool Core::MaySupport(const Env& env, NodeId from,
                      const PreVoteRequest& request) const {
  if (!leader_lost_.has_value() || env.now >= leader_lost_->supported_until ||
      leader_lost_->supported == from) {
    return true;
  }
  return leader_lost_->supported == self_ &&
         std::tuple(request.last_term, request.last_index, from) >
             std::tuple(log_.last_term(), log_.last_index(), self_);
}

void Core::Support(Turn& turn, NodeId node) {
  if (!leader_lost_.has_value()) return;
  leader_lost_->supported = node;
  leader_lost_->supported_until = turn.env.now + options_.heartbeat_interval;
}

void Core::DrawQuickCampaign(Turn& turn, absl::Duration wait) {
  const absl::Duration spread = turn.env.dice.Between(
      absl::ZeroDuration(), options_.heartbeat_interval / 2);
  quick_due_ = turn.env.now + wait + spread;
}

}  // namespace raft
