// The admin ports of real servers: what a probe, a scraper and a person see
// while disks hang and neighbours die.

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/cluster/admin_client.h"
#include "tests/cluster/faulty_disk.h"
#include "tests/cluster/process_memory.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {
namespace {

class AdminPortTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.StartAll();
    const std::optional<int> leader = cluster_.WaitForLeader();
    ASSERT_TRUE(leader.has_value());
    leader_ = *leader;
    follower_ = leader_ % RealCluster::kNodes + 1;
  }

  std::string Get(int node, absl::string_view path) {
    return PageOf(cluster_.admin_port(node), path);
  }
  bool Is(int node, absl::string_view path, absl::string_view code) {
    return absl::StartsWith(Get(node, path), absl::StrCat("HTTP/1.1 ", code));
  }
  uint64_t Metric(int node, absl::string_view name) {
    return MetricOf(cluster_.admin_port(node), name);
  }
  // Whether it comes to that.
  bool Becomes(int node, absl::string_view path, absl::string_view code) {
    return Eventually([&] { return Is(node, path, code); });
  }

  RealCluster cluster_;
  FaultyDisk disk_1_{cluster_, 1};
  FaultyDisk disk_2_{cluster_, 2};
  FaultyDisk disk_3_{cluster_, 3};
  FaultyDisk& disk(int node) {
    return node == 1 ? disk_1_ : node == 2 ? disk_2_ : disk_3_;
  }
  int leader_ = 0;
  int follower_ = 0;
};

TEST_F(AdminPortTest, EveryNodeIsAliveAndReady) {
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    EXPECT_TRUE(Is(node, "/livez", "200")) << Get(node, "/livez");
    EXPECT_TRUE(Becomes(node, "/readyz", "200")) << Get(node, "/readyz");
    EXPECT_TRUE(absl::StrContains(Get(node, "/status"),
                                  absl::StrCat("\"leader\": ", leader_, ",")))
        << Get(node, "/status");
  }
}

TEST_F(AdminPortTest, MetricsCountWhatIsDone) {
  const uint64_t commands = Metric(leader_, "raft_redis_commands_total");
  const uint64_t clients = Metric(leader_, "raft_redis_clients_accepted_total");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(CallOnce(cluster_.redis_port(leader_), {"INCR", "a"},
                         RealCluster::kPatience)
                    .ok());
  }
  const std::string metrics = Get(leader_, "/metrics");
  EXPECT_TRUE(absl::StrContains(metrics, "\nraft_is_leader 1\n"));
  // The session that the node's writes belong to is an entry too.
  EXPECT_TRUE(absl::StrContains(metrics, "\nraft_proposals_total 11\n"))
      << metrics;
  EXPECT_TRUE(absl::StrContains(
      metrics, "\nraft_proposal_outcomes_total{outcome=\"applied\"} 11\n"));
  EXPECT_TRUE(absl::StrContains(metrics, "\nraft_keys 1\n"));
  EXPECT_EQ(Metric(leader_, "raft_redis_commands_total"), commands + 10);
  EXPECT_EQ(Metric(leader_, "raft_redis_clients_accepted_total"), clients + 10);
  EXPECT_FALSE(absl::StrContains(
      metrics, "\nraft_disk_sync_duration_seconds_count 0\n"));
  EXPECT_FALSE(absl::StrContains(metrics, "\nraft_network_writes_total 0\n"));
}

// Neither probe depends on the disk, and the numbers can still be read.
TEST_F(AdminPortTest, AStuckDiskStallsNoProbe) {
  disk(follower_).SetStuck(true);
  ASSERT_TRUE(CallOnce(cluster_.redis_port(leader_), {"SET", "a", "b"},
                       RealCluster::kPatience)
                  .ok());
  while (disk(follower_).calls_stuck() == 0) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  const absl::Time began = absl::Now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(Is(follower_, "/livez", "200"));
    EXPECT_TRUE(Is(follower_, "/metrics", "200"));
  }
  EXPECT_LT(absl::Now() - began, absl::Seconds(4));
  disk(follower_).SetStuck(false);
}

TEST_F(AdminPortTest, ANodeAloneIsAliveAndNotReady) {
  ASSERT_TRUE(Becomes(follower_, "/readyz", "200"));
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    if (node != follower_) cluster_.Kill(node);
  }
  EXPECT_TRUE(Becomes(follower_, "/readyz", "503"));
  // It says why, too: whom it does not reach, and where.
  EXPECT_TRUE(Eventually([&] {
    const std::string page = Get(follower_, "/readyz");
    return absl::StrContains(page, "\r\n\r\nno leader is known; ") &&
           absl::StrContains(page,
                             absl::StrCat("node ", leader_, " at 127.0.0.1:",
                                          cluster_.ports(leader_).peer,
                                          ": connect: Connection refused"));
  })) << Get(follower_, "/readyz");
  EXPECT_TRUE(Is(follower_, "/livez", "200"));
}

// Many strangers that send nonsense, much of it, or nothing: the memory stays,
// and so does the service.
TEST_F(AdminPortTest, StrangersCostLittle) {
  const uint64_t before = ResidentBytes(cluster_.process(leader_)->pid());
  const std::string nonsense(1 << 20, 'x');
  std::vector<TcpConnection> open;
  for (int i = 0; i < 300; ++i) {
    absl::StatusOr<TcpConnection> connection = TcpConnection::Connect(
        cluster_.admin_port(leader_), RealCluster::kPatience);
    if (!connection.ok()) continue;
    if (i % 3 != 0) {
      (void)connection->Send(nonsense, absl::Now() + absl::Milliseconds(1));
    }
    open.push_back(*std::move(connection));
  }
  const uint64_t after = ResidentBytes(cluster_.process(leader_)->pid());
  EXPECT_LT(after, before + (uint64_t{16} << 20));
  EXPECT_TRUE(CallOnce(cluster_.redis_port(leader_), {"SET", "a", "b"},
                       RealCluster::kPatience)
                  .ok());
  open.clear();
  EXPECT_TRUE(Becomes(leader_, "/livez", "200"));
}

TEST_F(AdminPortTest, APortThatIsTakenEndsTheStart) {
  cluster_.Kill(follower_);
  std::string text = ReadWholeFile(cluster_.config(follower_));
  const std::string own = absl::StrCat(cluster_.admin_port(follower_), "}");
  text.replace(text.find(own), own.size(),
               absl::StrCat(cluster_.admin_port(leader_), "}"));
  std::ofstream(cluster_.config(follower_)) << text;
  cluster_.Start(follower_);
  EXPECT_EQ(cluster_.process(follower_)->Wait(RealCluster::kPatience), 2);
}

}  // namespace
}  // namespace cluster
