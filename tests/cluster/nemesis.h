// Whoever strikes the servers while clients are busy: kill -9, SIGSTOP and cut
// wires, at the leader and its followers in turn, and sometimes the majority.
//
// Concurrency: the thread that made the cluster.

#ifndef TESTS_CLUSTER_NEMESIS_H_
#define TESTS_CLUSTER_NEMESIS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

#include "runtime/random.h"
#include "tests/cluster/real_cluster.h"

namespace cluster {

class Nemesis {
 public:
  struct Strikes {
    int leader_kills = 0;
    int follower_kills = 0;
    int pauses = 0;
    int isolations = 0;    // The leader, from everybody.
    int pair_cuts = 0;     // Two nodes, both ways; the third reaches both.
    int one_way_cuts = 0;  // The leader is deaf, or mute, to one or to all.
    int resets = 0;        // Of all connections between two nodes.
    // From the kill of a leader until a write that was sent after it succeeds.
    std::vector<absl::Duration> failovers;
    // How often the cluster had no leader within its patience afterwards.
    int never_recovered = 0;
    // How often a node ended that nobody had killed.
    int died = 0;
  };

  // `cluster` outlives this and has wires that can be cut.
  Nemesis(RealCluster& cluster, uint64_t seed)
      : cluster_(cluster), dice_(seed) {}

  // Strikes, heals and waits for a leader, again and again, for that long. All
  // nodes run when it returns.
  Strikes Rage(absl::Duration span);

 private:
  void Strike(int kind);
  void KillLeader();
  void KillFollower();
  void KillMajority();
  // A leader without followers meets its clients, and dies; the followers go on
  // without it. Whatever it alone acknowledged would be lost.
  void StrandLeader();
  void PauseOne();
  void IsolateLeader();
  void CutPair();
  void CutOneWay();
  void ResetSome();
  // Asks the living nodes in turn until one takes a write, and notes how long
  // that took. Requires: a quorum lives.
  void MeasureFailover(int dead);
  void Nap(absl::Duration low, absl::Duration high);
  bool AllLive();
  int OtherThan(int node);

  RealCluster& cluster_;
  runtime::Random dice_;
  Strikes strikes_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_NEMESIS_H_
