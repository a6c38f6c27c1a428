#include "scenarios/roles.h"

namespace scenarios {
namespace {

// The running node that wins against each node before it.
template <class Wins>
uint32_t Best(const Cluster& cluster, uint32_t except, const Wins& wins) {
  uint32_t best = 0;
  for (uint32_t node = 1; node <= cluster.size(); ++node) {
    const NodeView* view = cluster.View(node);
    if (view == nullptr || node == except) continue;
    if (best == 0 || wins(*view, *cluster.View(best))) best = node;
  }
  return best;
}

}  // namespace

uint32_t PlayerOf(const Cluster& cluster, Target::Kind role) {
  switch (role) {
    case Target::Kind::kLeader:
      return cluster.leader();
    case Target::Kind::kOldLeader:
      return OldLeader(cluster);
    case Target::Kind::kCandidate:
      return Candidate(cluster);
    case Target::Kind::kLongestLog:
      return LongestLog(cluster);
    case Target::Kind::kShortestLog:
      return ShortestLog(cluster);
    case Target::Kind::kLongestFollower:
      return LongestLog(cluster, cluster.leader());
    default:
      return 0;
  }
}

uint32_t OldLeader(const Cluster& cluster) {
  return cluster.checks().old_leader();
}

uint32_t Candidate(const Cluster& cluster) {
  for (uint32_t node = 1; node <= cluster.size(); ++node) {
    const NodeView* view = cluster.View(node);
    if (view == nullptr) continue;
    if (view->role == raft::Role::kCandidate ||
        view->role == raft::Role::kPreCandidate) {
      return node;
    }
  }
  return 0;
}

uint32_t LongestLog(const Cluster& cluster, uint32_t except) {
  return Best(cluster, except, [](const NodeView& a, const NodeView& b) {
    return a.last > b.last;
  });
}

uint32_t ShortestLog(const Cluster& cluster) {
  return Best(cluster, 0, [](const NodeView& a, const NodeView& b) {
    return a.last < b.last;
  });
}

}  // namespace scenarios
