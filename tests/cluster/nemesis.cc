#include "tests/cluster/nemesis.h"

#include <csignal>
#include <iterator>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"

#include "tests/cluster/redis_client.h"

namespace cluster {

Nemesis::Strikes Nemesis::Rage(absl::Duration span) {
  const absl::Time end = absl::Now() + span;
  // In turn rather than by chance, so that a short run meets every kind.
  for (int round = 0; absl::Now() < end; ++round) {
    Nap(absl::Milliseconds(200), absl::Milliseconds(900));
    Strike(round);
    Nap(absl::Milliseconds(0), absl::Milliseconds(1200));
    cluster_.wires().HealAll();
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

void Nemesis::Strike(int kind) {
  using Blow = void (Nemesis::*)();
  // The first few are all that a short run meets.
  static constexpr Blow kBlows[] = {
      &Nemesis::KillLeader,  &Nemesis::IsolateLeader, &Nemesis::PauseOne,
      &Nemesis::CutOneWay,   &Nemesis::KillFollower,  &Nemesis::ResetSome,
      &Nemesis::CutPair,     &Nemesis::StrandLeader,  &Nemesis::KillLeader,
      &Nemesis::KillMajority};
  (this->*kBlows[static_cast<size_t>(kind) % std::size(kBlows)])();
}

void Nemesis::KillLeader() {
  const std::optional<int> leader = cluster_.Leader();
  cluster_.Kill(leader.value_or(1));
  ++strikes_.leader_kills;
  if (leader.has_value()) MeasureFailover(*leader);
}

void Nemesis::MeasureFailover(int dead) {
  const absl::Time killed = absl::Now();
  for (int turn = 0; absl::Now() < killed + RealCluster::kPatience; ++turn) {
    const int node = (dead - 1 + 1 + turn % 2) % RealCluster::kNodes + 1;
    const absl::StatusOr<RedisReply> reply =
        CallOnce(cluster_.redis_port(node), {"SET", "fail-over", "x"},
                 RealCluster::kPatience);
    if (reply.ok() && reply->ToString() == "OK") {
      strikes_.failovers.push_back(absl::Now() - killed);
      return;
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
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

// Sometimes longer than an election takes, sometimes not. It goes on meeting
// its clients, who must not be told anything old.
void Nemesis::IsolateLeader() {
  const int leader = cluster_.Leader().value_or(1);
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (node == leader) continue;
    cluster_.wires().Cut(leader, node);
    if (dice_.Below(2) == 0) cluster_.wires().Reset(leader, node);
  }
  Nap(absl::Milliseconds(200), absl::Milliseconds(3000));
  ++strikes_.isolations;
}

void Nemesis::CutPair() {
  const int leader = cluster_.Leader().value_or(1);
  const int one = dice_.Below(2) == 0 ? leader : OtherThan(leader);
  cluster_.wires().Cut(one, OtherThan(one));
  Nap(absl::Milliseconds(200), absl::Milliseconds(3000));
  ++strikes_.pair_cuts;
}

void Nemesis::CutOneWay() {
  const int leader = cluster_.Leader().value_or(1);
  const bool mute = dice_.Below(2) == 0;
  const int spared = dice_.Below(2) == 0 ? OtherThan(leader) : 0;
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (node == leader || node == spared) continue;
    cluster_.wires().Block(mute ? leader : node, mute ? node : leader);
  }
  Nap(absl::Milliseconds(200), absl::Milliseconds(3000));
  ++strikes_.one_way_cuts;
}

void Nemesis::ResetSome() {
  const int one = 1 + static_cast<int>(dice_.Below(RealCluster::kNodes));
  cluster_.wires().Reset(one, OtherThan(one));
  ++strikes_.resets;
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
