// Both runtimes of a server on one thread: it serves as ever, and a disk that
// hangs is its own affair no more.

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/cluster/faulty_disk.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {
namespace {

std::string Ask(RealCluster& cluster, int node,
                std::initializer_list<absl::string_view> words) {
  const absl::StatusOr<RedisReply> reply =
      CallOnce(cluster.redis_port(node), words, RealCluster::kPatience);
  return reply.ok() ? reply->ToString() : reply.status().ToString();
}

std::string Get(RealCluster& cluster, int node, absl::string_view path) {
  absl::StatusOr<TcpConnection> connection =
      TcpConnection::Connect(cluster.admin_port(node), RealCluster::kPatience);
  if (!connection.ok()) return "";
  const absl::Status sent =
      connection->Send(absl::StrCat("GET ", path, " HTTP/1.1\r\n\r\n"),
                       absl::Now() + RealCluster::kPatience);
  return sent.ok() ? connection->ReceiveAll(RealCluster::kPatience) : "";
}

TEST(PlacementTest, SharedServesAndStopsAndServesAgain) {
  RealCluster cluster;
  cluster.SetArguments({"--placement=shared"});
  cluster.StartAll();
  const std::optional<int> leader = cluster.WaitForLeader();
  ASSERT_TRUE(leader.has_value());
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    EXPECT_EQ(Ask(cluster, node, {"INCR", "a"}), absl::StrCat(node));
  }
  const std::string metrics = Get(cluster, *leader, "/metrics");
  EXPECT_TRUE(absl::StrContains(metrics, "{runtime=\"network\"}"));
  EXPECT_FALSE(absl::StrContains(metrics, "{runtime=\"storage\"}"));
  const int other = *leader % RealCluster::kNodes + 1;
  EXPECT_EQ(cluster.Stop(other), 0);
  EXPECT_EQ(Ask(cluster, *leader, {"INCR", "a"}), "4");
  cluster.Start(other);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_EQ(Ask(cluster, other, {"GET", "a"}), "\"4\"");
}

// The price of it, as docs/operations.md says: with a thread each, the same
// node stays alive (AdminPortTest).
TEST(PlacementTest, SharedHangsWithItsDisk) {
  RealCluster cluster;
  FaultyDisk disk(cluster, 2);
  cluster.SetArguments({"--placement=shared", "--live-timeout=300ms"});
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_EQ(Ask(cluster, 1, {"SET", "a", "b"}), "OK");
  disk.SetStuck(true);
  (void)Ask(cluster, 1, {"SET", "a", "c"});
  while (disk.calls_stuck() == 0) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_TRUE(absl::StartsWith(Get(cluster, 2, "/livez"), "HTTP/1.1 503"));
  // The others are a majority.
  EXPECT_EQ(Ask(cluster, 1, {"SET", "a", "d"}), "OK");
  disk.SetStuck(false);
  EXPECT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_TRUE(absl::StartsWith(Get(cluster, 2, "/livez"), "HTTP/1.1 200"));
}

TEST(PlacementTest, ARuntimeStaysOnItsCpus) {
  RealCluster cluster;
  cluster.SetArguments({"--network-cpus=0", "--storage-cpus=0"});
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  int pinned = 0;
  for (const auto& thread : std::filesystem::directory_iterator(
           absl::StrCat("/proc/", cluster.process(1)->pid(), "/task"))) {
    const std::string status = ReadWholeFile(thread.path() / "status");
    if (absl::StrContains(status, "Cpus_allowed_list:\t0\n")) ++pinned;
  }
  EXPECT_EQ(pinned, 2);
}

}  // namespace
}  // namespace cluster
