// What the operators of real servers see and send: logs that nobody reads,
// signals, few descriptors, wrong ports, variables that nobody meant.

#include <array>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "prod/unique_fd.h"
#include "tests/cluster/admin_client.h"
#include "tests/cluster/faulty_disk.h"
#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {
namespace {

class OperationsTest : public testing::Test {
 protected:
  void Begin() {
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.WaitForLeader().has_value());
  }
  std::string Ask(int node, std::initializer_list<absl::string_view> words) {
    const absl::StatusOr<RedisReply> reply =
        CallOnce(cluster_.redis_port(node), words, RealCluster::kPatience);
    return reply.ok() ? reply->ToString() : reply.status().ToString();
  }
  // Whether `text` comes to stand in the node's log.
  bool Logs(int node, absl::string_view text) {
    return Eventually(
        [&] { return absl::StrContains(cluster_.LogText(node), text); });
  }
  // Writes `config` with `from` once replaced.
  void Change(int node, const std::string& from, const std::string& to) {
    std::string text = ReadWholeFile(cluster_.config(node));
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(cluster_.config(node)) << text;
  }

  RealCluster cluster_;
};

// At level debug every write is a line; the pipe takes 64 KiB of them.
TEST_F(OperationsTest, ALogThatNobodyReadsStopsNobody) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const prod::UniqueFd read_end(ends[0]);
  prod::UniqueFd write_end(ends[1]);
  cluster_.SetArguments({"--log-level=debug"});
  cluster_.SetLog(write_end.get());
  Begin();
  write_end = prod::UniqueFd();
  for (int i = 1; i <= 3000; ++i) {
    ASSERT_EQ(Ask(1, {"INCR", "a"}), absl::StrCat(i));
  }
  EXPECT_EQ(cluster_.Stop(1), 0) << "nor does it stop the end";
}

// Every majority has a slow disk in it, so every write is slow.
TEST_F(OperationsTest, WhatIsSlowOrStuckIsInTheLog) {
  FaultyDisk disk_1(cluster_, 1);
  FaultyDisk disk_2(cluster_, 2);
  cluster_.SetArguments({"--log-format=json", "--slow-request=10ms"});
  Begin();
  EXPECT_TRUE(Eventually([&] {
    return MetricOf(cluster_.admin_port(1), "raft_disk_free_bytes") > 0;
  }));
  disk_1.SetSyncDelay(absl::Milliseconds(50));
  disk_2.SetSyncDelay(absl::Milliseconds(50));
  EXPECT_EQ(Ask(3, {"SET", "a", "b"}), "OK");
  EXPECT_TRUE(Logs(3, "\"level\":\"warning\",\"event\":\"kv.slow_request\""));
  disk_2.SetSyncDelay(absl::ZeroDuration());
  disk_1.SetSyncDelay(absl::Milliseconds(1100));
  (void)Ask(3, {"SET", "a", "b"});
  EXPECT_TRUE(Logs(
      1, "\"level\":\"warning\",\"event\":\"disk.slow\",\"call\":\"sync\""));
  EXPECT_GT(MetricOf(cluster_.admin_port(1), "raft_disk_slow_calls_total"), 0u);
  disk_1.SetSyncDelay(absl::ZeroDuration());
  disk_1.SetStuck(true);
  (void)Ask(3, {"SET", "a", "b"});
  EXPECT_TRUE(Logs(1, "\"level\":\"warning\",\"event\":\"disk.stalled\""));
  disk_1.SetStuck(false);
}

TEST_F(OperationsTest, SignalsFromOutsideAreLoggedAndEndNothing) {
  Begin();
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) {
    cluster_.process(1)->Signal(signal);
  }
  EXPECT_TRUE(Logs(1, "signal.hangup from="));
  EXPECT_TRUE(
      Logs(1, absl::StrCat("signal.ignored signal=", SIGUSR1, " from=")));
  EXPECT_TRUE(
      Logs(1, absl::StrCat("signal.ignored signal=", SIGUSR2, " from=")));
  EXPECT_EQ(Ask(1, {"SET", "a", "b"}), "OK");
  EXPECT_EQ(cluster_.Stop(1), 0);
}

// Clients cannot take what the cluster lives from.
TEST_F(OperationsTest, FewDescriptorsAreKeptForTheCluster) {
  // A segment is full after a few writes.
  cluster_.SetArguments({"--segment-size=1MiB"});
  cluster_.SetDescriptors(256);
  Begin();
  const int leader = *cluster_.Leader();
  EXPECT_TRUE(Logs(leader, "descriptors.few limit=256 "));
  std::vector<TcpConnection> clients;
  for (int i = 0; i < 300; ++i) {
    auto client = TcpConnection::Connect(cluster_.redis_port(leader),
                                         RealCluster::kPatience);
    if (client.ok()) clients.push_back(*std::move(client));
  }
  // Other nodes come back, the log goes on to its next segments, people see.
  const int follower = leader % RealCluster::kNodes + 1;
  cluster_.Kill(follower);
  cluster_.Start(follower);
  EXPECT_TRUE(Eventually([&] { return Ask(follower, {"PING"}) == "PONG"; }));
  const std::string value(200'000, 'v');
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(Ask(follower, {"SET", "a", value}), "OK") << i;
  }
  EXPECT_TRUE(absl::StrContains(PageOf(cluster_.admin_port(leader), "/status"),
                                "\"role\": \"leader\""));
  EXPECT_GT(
      MetricOf(cluster_.admin_port(leader), "raft_redis_clients_refused_total"),
      0u);
  for (int node = 1; node <= RealCluster::kNodes; ++node) {
    EXPECT_TRUE(cluster_.running(node)) << node;
  }
}

// A follower whose own idea of the leader's RPC port is wrong.
TEST_F(OperationsTest, AWrongRpcPortIsToldEverywhere) {
  for (int node = 2; node <= RealCluster::kNodes; ++node) {
    for (int peer = 1; peer <= RealCluster::kNodes; ++peer) {
      if (peer == node) continue;
      Change(node, absl::StrCat("rpc_port: ", cluster_.ports(peer).rpc, ","),
             absl::StrCat("rpc_port: ", peer, ","));
    }
  }
  Begin();
  const int leader = *cluster_.Leader();
  const int follower = leader == 2 ? 3 : 2;
  const std::string port = absl::StrCat("127.0.0.1:", leader);
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(
        PageOf(cluster_.admin_port(follower), "/readyz"),
        absl::StrCat("node ", leader, " leads, but does not answer: ", port,
                     ": connect: Connection refused"));
  })) << PageOf(cluster_.admin_port(follower), "/readyz");
  EXPECT_TRUE(
      Logs(follower, absl::StrCat("WARNING kv.peer.unreachable peer=", leader,
                                  " why=\"", port, ": connect: Connection")));
  const std::string answer = Ask(follower, {"SET", "a", "b"});
  EXPECT_TRUE(absl::StartsWith(
      answer, absl::StrCat("(error) CLUSTERDOWN node ", leader,
                           " leads, but does not answer: ", port)))
      << answer;
  EXPECT_TRUE(absl::StrContains(
      PageOf(cluster_.admin_port(follower), "/metrics"),
      absl::StrCat("\nraft_peer_rpc_reached{peer=\"", leader, "\"} 0\n")));
  EXPECT_TRUE(absl::StrContains(PageOf(cluster_.admin_port(leader), "/readyz"),
                                "200 OK"));
}

TEST_F(OperationsTest, APeerThatIsNotThereIsToldWithItsAddress) {
  Begin();
  cluster_.Kill(2);
  EXPECT_TRUE(Logs(
      1, absl::StrCat("WARNING net.peer.unreachable peer=2 address=127.0.0.1:",
                      cluster_.ports(2).peer,
                      " why=\"connect: Connection refused\"")));
  const auto connected = [&](int value) {
    return absl::StrContains(
        PageOf(cluster_.admin_port(1), "/metrics"),
        absl::StrCat("\nraft_peer_connected{peer=\"2\"} ", value, "\n"));
  };
  EXPECT_TRUE(Eventually([&] { return connected(0); }));
  EXPECT_TRUE(Eventually([&] {
    return absl::StrContains(PageOf(cluster_.admin_port(1), "/status"),
                             "\"peer_error\": \"connect: Connection");
  }));
  cluster_.Start(2);
  EXPECT_TRUE(Eventually([&] { return connected(1); }));
  EXPECT_TRUE(Logs(1, "INFO net.peer.link peer=2 up=1"));
}

TEST_F(OperationsTest, VariablesThatNobodyMeantAreNamed) {
  cluster_.SetEnvironment(1,
                          {"RAFT_NOED_ID=7", "RAFT_ADMIN_SERVICE_HOST=10.0.0.1",
                           "RAFT_ADMIN_PORT=tcp://10.0.0.1:7401"});
  Begin();
  const std::string log = cluster_.LogText(1);
  EXPECT_TRUE(absl::StrContains(
      log,
      "config.strange_variable why=\"RAFT_NOED_ID in the environment is "
      "no setting; did you mean RAFT_NODE_ID?\""))
      << log;
  EXPECT_FALSE(absl::StrContains(log, "RAFT_ADMIN"));
}

}  // namespace
}  // namespace cluster
