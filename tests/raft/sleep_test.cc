// Nodes that did not run for a while: on a machine that stood still, without
// time from a busy one. They have heard nobody, and that is their own doing.

#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "raft/core/core.h"
#include "sim/world.h"
#include "tests/raft/core_cluster.h"
#include "tests/raft/machines.h"
#include "tests/raft/paper.h"

namespace raft {
namespace {

constexpr absl::Duration kSleep = absl::Seconds(1);

TEST(SleepTest, ALeaderAsksBeforeItStepsDown) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.Pass(kSleep);
  cluster.FireTimer(kN1);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kLeader);
  EXPECT_FALSE(SentBy<HeartbeatRequest>(cluster, kN1).empty());
  cluster.Settle();
  cluster.RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN1).term(), term);
}

TEST(SleepTest, ALeaderThatThenHearsNobodyStepsDownAtItsNextHeartbeat) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  cluster.Pass(kSleep);
  cluster.FireTimer(kN1);
  EXPECT_EQ(cluster.core(kN1).role(), Role::kLeader);
  cluster.Pass(cluster.options().core.heartbeat_interval);
  cluster.FireTimer(kN1);
  EXPECT_NE(cluster.core(kN1).role(), Role::kLeader);
}

TEST(SleepTest, ALeaderThatWasCutOffBeforeItSleptStepsDownAtOnce) {
  CoreCluster cluster = Led();
  cluster.Isolate(kN1);
  const absl::Duration heartbeat = cluster.options().core.heartbeat_interval;
  for (int i = 0; i < 5; ++i) {
    cluster.Pass(heartbeat);
    cluster.FireTimer(kN1);
  }
  ASSERT_EQ(cluster.core(kN1).role(), Role::kLeader);
  cluster.Pass(kSleep);
  cluster.FireTimer(kN1);
  EXPECT_NE(cluster.core(kN1).role(), Role::kLeader);
}

TEST(SleepTest, AFollowerWaitsForAHeartbeatOnce) {
  CoreCluster cluster = Led();
  for (const bool on_time : {true, false}) {
    cluster.left().clear();
    cluster.Pass(kSleep);
    cluster.FireTimer(kN2);
    EXPECT_TRUE(SentBy<PreVoteRequest>(cluster, kN2).empty());
    cluster.Pass(on_time ? cluster.options().core.heartbeat_interval : kSleep);
    cluster.FireTimer(kN2);
    EXPECT_FALSE(SentBy<PreVoteRequest>(cluster, kN2).empty());
    cluster.FireTimer(kN1);
    cluster.Settle();
    ASSERT_EQ(cluster.core(kN2).leader(), kN1);
  }
}

TEST(SleepTest, AllThatStoodStillKeepTheirLeader) {
  CoreCluster cluster = Led();
  const Term term = cluster.core(kN1).term();
  cluster.Pass(kSleep);
  for (const NodeId node : {kN3, kN2, kN1}) cluster.FireTimer(node);
  cluster.Settle();
  cluster.RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_EQ(cluster.core(kN1).term(), term);
}

// Whole hosts, with their connections and disks.
TEST(SleepTest, MachinesThatStandStillTogetherKeepTheirLeader) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Machines machines(seed);
    for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
    ASSERT_TRUE(machines.Write("x", absl::Seconds(3)));
    const sim::HostId leader = machines.leader();
    const Term term = machines.host(leader).node().status().term;
    for (const int ms : {200, 300, 400, 700, 1500}) {
      for (const sim::HostId node : {1u, 2u, 3u}) {
        machines.world().Pause(node - 1);
      }
      machines.RunFor(absl::Milliseconds(ms));
      for (const sim::HostId node : {1u, 2u, 3u}) {
        machines.world().Resume(node - 1);
      }
      machines.RunFor(absl::Seconds(1));
      ASSERT_EQ(machines.leader(), leader) << "seed " << seed << ", " << ms;
      EXPECT_EQ(machines.host(leader).node().status().term, term);
    }
  }
}

}  // namespace
}  // namespace raft
