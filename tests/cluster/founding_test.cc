// Real servers that keep --init-cluster at every start, as a service file does:
// what founds a cluster, and what must not.

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
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

// Waits until the log of `node` has `text`.
bool Says(RealCluster& cluster, int node, const std::string& text) {
  const absl::Time end = absl::Now() + RealCluster::kPatience;
  while (absl::Now() < end) {
    if (absl::StrContains(cluster.LogText(node), text)) return true;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return false;
}

TEST(FoundingTest, OneLostDiskDoesNotLoseWhatWasAcknowledged) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  cluster.Kill(2);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  ASSERT_EQ(Ask(cluster, 1, {"SET", "precious", "x"}), "OK");
  cluster.Kill(1);
  cluster.Kill(3);
  std::filesystem::remove_all(cluster.data(3));
  cluster.Start(2);
  cluster.Start(3);
  const std::optional<int> end =
      cluster.process(3)->Wait(RealCluster::kPatience);
  EXPECT_EQ(end, 2) << cluster.LogText(3);
  EXPECT_TRUE(absl::StrContains(cluster.LogText(3), "never votes"));
  cluster.Start(1);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  EXPECT_EQ(Ask(cluster, 2, {"GET", "precious"}), "\"x\"");
  EXPECT_TRUE(cluster.running(1));
}

TEST(FoundingTest, AFounderWaitsForTheOthersAndCanBeStoppedMeanwhile) {
  RealCluster cluster;
  cluster.Start(1);
  cluster.Start(2);
  EXPECT_TRUE(Says(cluster, 1, "raft.founding.waits node=1 for=n3"));
  EXPECT_FALSE(absl::StrContains(cluster.LogText(1), "server.ready"));
  EXPECT_EQ(cluster.Stop(1), 0);
  cluster.Start(1);
  cluster.Start(3);
  EXPECT_TRUE(cluster.WaitForLeader().has_value());
}

// A copy of a data directory is put back: others have met a later life.
TEST(FoundingTest, YesterdaysCopyOfADirectoryIsRefused) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  ASSERT_EQ(cluster.Stop(3), 0);
  const std::filesystem::path copy = cluster.data(3).string() + ".copy";
  std::filesystem::copy(cluster.data(3), copy,
                        std::filesystem::copy_options::recursive);
  cluster.Start(3);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  ASSERT_EQ(Ask(cluster, 3, {"SET", "precious", "x"}), "OK");
  cluster.Kill(3);
  std::filesystem::remove_all(cluster.data(3));
  std::filesystem::rename(copy, cluster.data(3));
  cluster.Start(3);
  EXPECT_EQ(cluster.process(3)->Wait(RealCluster::kPatience), 2)
      << cluster.LogText(3);
  EXPECT_TRUE(absl::StrContains(cluster.LogText(3), "an older copy"));
  EXPECT_EQ(Ask(cluster, 1, {"GET", "precious"}), "\"x\"");
}

// The same three founded twice; one comes back with its directory of the first
// time.
TEST(FoundingTest, WhoIsOfAnotherClusterSaysSo) {
  RealCluster cluster;
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  for (int node = 1; node <= 3; ++node) cluster.Kill(node);
  const std::filesystem::path first = cluster.data(3).string() + ".first";
  std::filesystem::rename(cluster.data(3), first);
  std::filesystem::remove_all(cluster.data(1));
  std::filesystem::remove_all(cluster.data(2));
  cluster.StartAll();
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  cluster.Kill(3);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  std::filesystem::remove_all(cluster.data(3));
  std::filesystem::rename(first, cluster.data(3));
  cluster.Start(3);
  ASSERT_TRUE(Says(cluster, 3, "net.peer.other_founding"))
      << cluster.LogText(3);
  const std::string answer = Ask(cluster, 3, {"SET", "x", "1"});
  EXPECT_TRUE(absl::StrContains(
      answer, "CLUSTERDOWN this node is not a member of the cluster of node"))
      << answer;
  EXPECT_EQ(Ask(cluster, 1, {"SET", "x", "1"}), "OK");
}

// The file of node 1 names only itself; then it is mended.
TEST(FoundingTest, WhoFoundedAloneDoesNotStartAsOneOfThree) {
  RealCluster cluster;
  const std::string whole = ReadWholeFile(cluster.config(1));
  std::string alone;
  for (const absl::string_view line : absl::StrSplit(whole, '\n')) {
    const bool other = absl::StrContains(line, "{id: 2,") ||
                       absl::StrContains(line, "{id: 3,");
    if (!other) absl::StrAppend(&alone, line, "\n");
  }
  std::ofstream(cluster.config(1)) << alone;
  cluster.Start(1);
  ASSERT_TRUE(cluster.WaitForLeader().has_value());
  ASSERT_EQ(Ask(cluster, 1, {"SET", "x", "1"}), "OK");
  cluster.Kill(1);
  std::ofstream(cluster.config(1)) << whole;
  cluster.Start(1);
  EXPECT_EQ(cluster.process(1)->Wait(RealCluster::kPatience), 2);
  EXPECT_TRUE(absl::StrContains(
      cluster.LogText(1), "founded by n1, and discovery.peers names n1, n2"))
      << cluster.LogText(1);
}

}  // namespace
}  // namespace cluster
