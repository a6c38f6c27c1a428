// Three real servers on a calm machine: every node serves everything, and what
// was stored outlives the processes.

#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"

namespace cluster {
namespace {

std::string Ask(RealCluster& cluster, int node,
                std::initializer_list<absl::string_view> words) {
  const absl::StatusOr<RedisReply> reply =
      CallOnce(cluster.redis_port(node), words, RealCluster::kPatience);
  return reply.ok() ? reply->ToString() : reply.status().ToString();
}

TEST(SmokeTest, EveryNodeServesEveryCommand) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    const int other = node % RealCluster::kNodes + 1;
    const std::string key = absl::StrCat("key-", node);
    EXPECT_EQ(Ask(cluster, node, {"SET", key, "old"}), "OK");
    EXPECT_EQ(Ask(cluster, other, {"SET", key, "new", "GET"}), "\"old\"");
    EXPECT_EQ(Ask(cluster, node, {"GET", key}), "\"new\"");
    EXPECT_EQ(Ask(cluster, node, {"INCR", "visits"}), absl::StrCat(node));
    EXPECT_EQ(Ask(cluster, node, {"DEL", key}), "1");
    EXPECT_EQ(Ask(cluster, other, {"GET", key}), "(nil)");
  }
}

TEST(SmokeTest, DataOutlivesAGracefulRestart) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_EQ(Ask(cluster, 1, {"SET", "greeting", "hello"}), "OK");
  EXPECT_EQ(Ask(cluster, 2, {"INCR", "visits"}), "1");
  // One after the other: the last ones stop without a quorum.
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    EXPECT_EQ(cluster.Stop(node), 0) << "node " << node;
    EXPECT_NE(cluster.LogText(node).find("server.stopped"), std::string::npos);
  }
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    EXPECT_EQ(Ask(cluster, node, {"GET", "greeting"}), "\"hello\"");
  }
  EXPECT_EQ(Ask(cluster, 3, {"INCR", "visits"}), "2");
}

TEST(SmokeTest, ALoneNodeRefusesToWriteAndStopsInGoodOrder) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_EQ(Ask(cluster, 1, {"SET", "greeting", "hello"}), "OK");
  cluster.Kill(2);
  cluster.Kill(3);
  const std::string answer = Ask(cluster, 1, {"SET", "greeting", "alone"});
  EXPECT_TRUE(answer.starts_with("(error) CLUSTERDOWN ") ||
              answer.starts_with("(error) UNCERTAIN "))
      << answer;
  // A read may not be answered from memory either: another leader might be.
  const std::string read = Ask(cluster, 1, {"GET", "greeting"});
  EXPECT_TRUE(read.starts_with("(error) CLUSTERDOWN ")) << read;
  EXPECT_EQ(cluster.Stop(1), 0);
}

}  // namespace
}  // namespace cluster
