// What a node finds out about the way to the others, in the simulated world:
// dead nodes, wrong ports, strangers behind them, clocks that are off.

#include "kv/peer_watch.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "sim/sim_network.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

// As node `from` knows of the way to node `to`.
PeerReach ReachOf(KvCluster& cluster, int from, int to) {
  for (const PeerReach& reach : cluster.server(from)->peers()) {
    if (reach.node == runtime::NodeId(uint64_t(to))) return reach;
  }
  ADD_FAILURE() << "node " << from << " does not watch " << to;
  return {};
}

int FollowerOf(int leader) { return leader % kNodes + 1; }

TEST(PeerWatchTest, EveryNodeReachesEveryOther) {
  KvCluster cluster(1);
  cluster.BootAll();
  cluster.AwaitLeader();
  cluster.world().RunFor(absl::Seconds(1));
  for (int from = 1; from <= kNodes; ++from) {
    EXPECT_EQ(cluster.server(from)->peers().size(), 2u);
    const PeerReach reach = ReachOf(cluster, from, FollowerOf(from));
    EXPECT_TRUE(reach.asked);
    EXPECT_TRUE(reach.reached) << reach.error;
    EXPECT_EQ(reach.error, "");
    EXPECT_GT(reach.round_trip, absl::ZeroDuration());
    EXPECT_TRUE(reach.clock_difference.has_value());
  }
}

TEST(PeerWatchTest, ADeadNodeIsNoticedAndItsReturnToo) {
  KvCluster cluster(2);
  cluster.BootAll();
  cluster.AwaitLeader();
  cluster.world().RunFor(absl::Seconds(1));
  cluster.PowerOff(3);
  cluster.world().RunFor(absl::Seconds(10));
  const PeerReach dead = ReachOf(cluster, 1, 3);
  EXPECT_FALSE(dead.reached);
  EXPECT_TRUE(absl::StartsWith(dead.error, "n3:7002: ")) << dead.error;
  cluster.Boot(3);
  cluster.world().RunFor(absl::Seconds(5));
  EXPECT_TRUE(ReachOf(cluster, 1, 3).reached) << ReachOf(cluster, 1, 3).error;
}

// Raft's own messages pass, so that everything looks well but for the requests
// that are forwarded.
TEST(PeerWatchTest, AWrongPortIsToldToClientsWithItsAddress) {
  KvCluster cluster(3);
  for (ServerMember& member : cluster.options().members) {
    member.rpc.port = kRpcPort + 100;
  }
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  ASSERT_NE(leader, 0);
  cluster.world().RunFor(absl::Seconds(3));
  const int follower = FollowerOf(leader);
  const PeerReach reach = ReachOf(cluster, follower, leader);
  EXPECT_TRUE(reach.asked);
  EXPECT_FALSE(reach.reached);
  const std::string address =
      absl::StrCat("n", leader, ":", kRpcPort + 100, ": ");
  EXPECT_TRUE(absl::StartsWith(reach.error, address)) << reach.error;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"SET", "a", "b"}, {"GET", "a"}}) {
    ASSERT_TRUE(cluster.RunClient([&](sim::Process& process) {
      RedisClient client(process);
      ASSERT_TRUE(client.Connect(follower));
      const std::string answer = client.Ask(words).value_or("");
      EXPECT_TRUE(absl::StartsWith(
          answer, absl::StrCat("-CLUSTERDOWN node ", leader,
                               " leads, but does not answer: ", address)))
          << answer;
    }));
  }
}

// The ports of two nodes are mixed up: somebody answers, the wrong one.
TEST(PeerWatchTest, AStrangerBehindAPortIsNotTheNode) {
  KvCluster cluster(4);
  std::vector<ServerMember>& members = cluster.options().members;
  std::swap(members[1].rpc, members[2].rpc);
  cluster.BootAll();
  cluster.AwaitLeader();
  cluster.world().RunFor(absl::Seconds(3));
  EXPECT_FALSE(ReachOf(cluster, 1, 2).reached);
  EXPECT_EQ(ReachOf(cluster, 1, 2).error, "n3:7002: node 3 answers there");
}

// A leader two hours ahead expires every short time to live. (The hosts of a
// world do not begin with equal clocks.)
TEST(PeerWatchTest, AClockThatIsOffIsMeasuredFromBothSides) {
  KvCluster cluster(5);
  cluster.BootAll();
  cluster.AwaitLeader();
  cluster.world().RunFor(absl::Seconds(1));
  const auto difference = [&cluster](int from, int to) {
    const PeerReach reach = ReachOf(cluster, from, to);
    EXPECT_TRUE(reach.clock_difference.has_value());
    return reach.clock_difference.value_or(absl::ZeroDuration());
  };
  constexpr absl::Duration kExact = absl::Milliseconds(100);
  const absl::Duration before = difference(1, 2);
  const absl::Duration others = difference(1, 3);
  EXPECT_LT(absl::AbsDuration(before + difference(2, 1)), kExact);
  cluster.world().JumpWallClock(cluster.host(2), absl::Hours(2));
  cluster.world().RunFor(2 * PeerWatch::kInterval);
  EXPECT_LT(absl::AbsDuration(difference(1, 2) - before - absl::Hours(2)),
            kExact);
  EXPECT_LT(absl::AbsDuration(difference(1, 2) + difference(2, 1)), kExact);
  EXPECT_LT(absl::AbsDuration(difference(1, 3) - others), kExact);
}

}  // namespace
}  // namespace kv
