#include "tests/cluster/nemesis.h"

#include <csignal>

#include "absl/time/clock.h"

namespace cluster {

Nemesis::Strikes Nemesis::Rage(absl::Duration span) {
  const absl::Time end = absl::Now() + span;
  // In turn rather than by chance, so that a short run meets every kind.
  for (int round = 0; absl::Now() < end; ++round) {
    Nap(absl::Milliseconds(200), absl::Milliseconds(900));
    switch (round % 5) {
      case 0:
        KillLeader();
        break;
      case 1:
        KillFollower();
        break;
      case 2:
        StrandLeader();
        break;
      case 3:
        PauseOne();
        break;
      default:
        KillMajority();
        break;
    }
    Nap(absl::Milliseconds(0), absl::Milliseconds(1200));
    cluster_.StartAll();
    if (!cluster_.WaitForLeader().has_value()) {
      ++strikes_.never_recovered;
      break;
    }
    if (!AllLive()) {
      ++strikes_.died;
      break;
    }
  }
  return strikes_;
}

void Nemesis::KillLeader() {
  const int leader = cluster_.Leader().value_or(1);
  cluster_.Kill(leader);
  ++strikes_.leader_kills;
}

void Nemesis::KillFollower() {
  cluster_.Kill(OtherThan(cluster_.Leader().value_or(1)));
  ++strikes_.follower_kills;
}

void Nemesis::KillMajority() {
  const int leader = cluster_.Leader().value_or(1);
  const int follower = OtherThan(leader);
  // The leader outlives its follower for a moment, or the other way round.
  const bool leader_first = dice_.Below(2) == 0;
  cluster_.Kill(leader_first ? leader : follower);
  Nap(absl::Milliseconds(0), absl::Milliseconds(100));
  cluster_.Kill(leader_first ? follower : leader);
  ++strikes_.leader_kills;
  ++strikes_.follower_kills;
}

void Nemesis::StrandLeader() {
  const int leader = cluster_.Leader().value_or(1);
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (node != leader) cluster_.Kill(node);
  }
  Nap(absl::Milliseconds(50), absl::Milliseconds(500));
  cluster_.Kill(leader);
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (node != leader) cluster_.Start(node);
  }
  // Whether they found one is seen at the end of the round.
  (void)cluster_.WaitForLeader();
  ++strikes_.leader_kills;
  strikes_.follower_kills += RealCluster::kNodes - 1;
}

// Long enough for the others to elect another: who wakes up then still believes
// that it leads. Sometimes too short for that.
void Nemesis::PauseOne() {
  const int leader = cluster_.Leader().value_or(1);
  const int victim = dice_.Below(3) == 0 ? OtherThan(leader) : leader;
  ServerProcess* process = cluster_.process(victim);
  process->Signal(SIGSTOP);
  Nap(absl::Milliseconds(100), absl::Milliseconds(2500));
  process->Signal(SIGCONT);
  ++strikes_.pauses;
}

void Nemesis::Nap(absl::Duration low, absl::Duration high) {
  absl::SleepFor(dice_.Between(low, high));
}

bool Nemesis::AllLive() {
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (!cluster_.running(node)) return false;
  }
  return true;
}

int Nemesis::OtherThan(int node) {
  const int step = 1 + static_cast<int>(dice_.Below(2));
  return (node - 1 + step) % RealCluster::kNodes + 1;
}

}  // namespace cluster
