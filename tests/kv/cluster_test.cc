// Redis clients against three servers in the simulated world.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "net/client_end.h"
#include "sim/sim_network.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

using sim::Process;

TEST(KvClusterTest, ReadsAndWritesGoThroughEveryNode) {
  KvCluster cluster(1);
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient client(process);
    for (int round = 0; round < 10; ++round) {
      for (int writer = 1; writer <= kNodes; ++writer) {
        const std::string key = absl::StrCat("k", round, writer);
        ASSERT_TRUE(client.Connect(writer));
        EXPECT_EQ(client.Ask({"SET", key, "v"}), "+OK\r\n");
        const int reader = writer % kNodes + 1;
        ASSERT_TRUE(client.Connect(reader));
        EXPECT_EQ(client.Ask({"GET", key}), "$1\r\nv\r\n");
        EXPECT_EQ(client.Ask({"INCR", "n"}),
                  absl::StrCat(":", round * kNodes + writer, "\r\n"));
      }
    }
  }));
  EXPECT_EQ(cluster.AwaitEqualHashes().size(), 3u);
  EXPECT_EQ(cluster.server(1)->store().Get("n"), "30");
}

TEST(KvClusterTest, ClientsSeeASlowAnswerAndNoErrorWhileNobodyLeads) {
  KvCluster cluster(2);
  cluster.BootAll();
  // Connected before the first election can be over.
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient client(process);
    while (!client.Connect(2)) Sleep(process, absl::Milliseconds(1));
    EXPECT_EQ(client.Ask({"SET", "early", "bird"}), "+OK\r\n");
  }));
}

TEST(KvClusterTest, APipelineTakesEffectInItsOrder) {
  sim::Knobs knobs;
  knobs.network.short_read_ppm = 300'000;
  knobs.network.write_split_ppm = 300'000;
  KvCluster cluster(3, knobs);
  cluster.BootAll();
  const int follower = cluster.AwaitLeader() % kNodes + 1;
  ASSERT_TRUE(cluster.RunClient([follower](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(follower));
    std::string requests;
    std::vector<std::string> expected;
    for (int i = 0; i < 2000; ++i) {
      const std::string value = absl::StrCat(i);
      requests += Request({"SET", "k", value});
      expected.push_back("+OK\r\n");
      requests += Request({"GET", "k"});
      expected.push_back(
          absl::StrCat("$", value.size(), "\r\n", value, "\r\n"));
      if (i % 3 == 0) {
        requests += "PING\r\n";
        expected.push_back("+PONG\r\n");
      }
    }
    ASSERT_TRUE(client.Send(requests));
    for (const std::string& reply : expected) {
      ASSERT_EQ(client.Receive(), reply);
    }
  }));
  // Far fewer entries than commands: a pipeline is not 4000 rounds.
  EXPECT_LT(cluster.server(1)->node().status().last.value(), 400u);
}

TEST(KvClusterTest, AWriteAtAnIsolatedLeaderIsUnknownAndNeverCalledFailed) {
  KvCluster cluster(8);
  cluster.options().request_timeout = absl::Seconds(3);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  std::string answer;
  cluster.StartClient([leader, &answer](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(leader));
    EXPECT_EQ(client.Ask({"SET", "k", "before"}), "+OK\r\n");
    Sleep(process, absl::Milliseconds(100));
    answer = client.Ask({"SET", "k", "inside"}).value_or("nothing");
  });
  cluster.world().RunFor(absl::Milliseconds(50));
  for (int node = 1; node <= kNodes; ++node) {
    if (node == leader) continue;
    cluster.world().network().Cut(cluster.host(leader), cluster.host(node));
    cluster.world().network().Cut(cluster.host(node), cluster.host(leader));
  }
  ASSERT_TRUE(cluster.AwaitClients());
  EXPECT_EQ(answer,
            "-UNCERTAIN the outcome is unknown; it may yet take effect\r\n");
  // The others have gone on; after healing everyone agrees with them.
  const int other = leader % kNodes + 1;
  ASSERT_TRUE(cluster.RunClient([other](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(other));
    EXPECT_EQ(client.Ask({"SET", "k", "outside"}), "+OK\r\n");
  }));
  cluster.world().network().HealAll();
  EXPECT_EQ(cluster.AwaitEqualHashes().size(), 3u);
  EXPECT_EQ(cluster.server(leader)->store().Get("k"), "outside");
}

TEST(KvClusterTest, AMinorityServesNothing) {
  KvCluster cluster(9);
  cluster.options().request_timeout = absl::Seconds(2);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  const int follower = leader % kNodes + 1;
  for (int node = 1; node <= kNodes; ++node) {
    if (node == follower) continue;
    cluster.world().network().Cut(cluster.host(follower), cluster.host(node));
    cluster.world().network().Cut(cluster.host(node), cluster.host(follower));
  }
  cluster.world().RunFor(absl::Seconds(1));
  ASSERT_TRUE(cluster.RunClient([follower](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(follower));
    EXPECT_EQ(client.Ask({"GET", "k"}), "-CLUSTERDOWN no leader\r\n");
    EXPECT_EQ(client.Ask({"SET", "k", "v"}), "-CLUSTERDOWN no leader\r\n");
    EXPECT_EQ(client.Ask({"PING"}), "+PONG\r\n");
  }));
}

TEST(KvClusterTest, AServerWhoseSessionWasDroppedOpensAnother) {
  KvCluster cluster(10);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([leader](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(leader));
    EXPECT_EQ(client.Ask({"INCR", "n"}), ":1\r\n");
    net::ClientEnd rpc(process.network_executor(), process.network(),
                       process.Stream("rpc"),
                       {.targets = {{absl::StrCat("n", leader), kRpcPort}}});
    KvRequest open;
    open.operation = Operation::kOpenSession;
    for (size_t i = 0; i < Sessions::kSessionsMax; ++i) {
      ASSERT_TRUE((rpc.Call<KvRequest, KvReply>(kExecuteMethod, open).ok()));
    }
    rpc.Stop();
    EXPECT_EQ(client.Ask({"INCR", "n"}), ":2\r\n");
  }));
}

TEST(KvClusterTest, ARetryOverRpcIsAppliedOnce) {
  KvCluster cluster(11);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  const int follower = leader % kNodes + 1;
  ASSERT_TRUE(cluster.RunClient([leader, follower](Process& process) {
    net::ClientEnd rpc(process.network_executor(), process.network(),
                       process.Stream("rpc"),
                       {.targets = {{absl::StrCat("n", leader), kRpcPort}}});
    const auto execute = [&rpc](const KvRequest& request) {
      const auto result = rpc.Call<KvRequest, KvReply>(kExecuteMethod, request);
      EXPECT_TRUE(result.ok()) << result.status;
      return result.response;
    };
    KvRequest request;
    request.operation = Operation::kOpenSession;
    const KvReply opened = execute(request);
    ASSERT_TRUE(opened.is_integer);
    request.operation = Operation::kIncrement;
    request.args = {"n", "1"};
    request.session = static_cast<uint64_t>(opened.integer);
    request.sequence = 1;
    request.first_pending = 1;
    EXPECT_EQ(execute(request).integer, 1);
    EXPECT_EQ(execute(request).integer, 1);
    request.sequence = 2;
    EXPECT_EQ(execute(request).integer, 2);
    request.session += 1000;
    EXPECT_EQ(execute(request).code, KvReply::Code::kSessionExpired);
    request.args = {"n"};
    EXPECT_EQ(execute(request).code, KvReply::Code::kInvalid);
    rpc.Stop();

    // Others do nothing but name the leader.
    net::ClientEnd other(
        process.network_executor(), process.network(), process.Stream("rpc2"),
        {.targets = {{absl::StrCat("n", follower), kRpcPort}}});
    KvRequest get;
    get.args = {"n"};
    const auto refused = other.Call<KvRequest, KvReply>(kExecuteMethod, get);
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(refused.response.code, KvReply::Code::kNotLeader);
    EXPECT_EQ(refused.response.leader, static_cast<uint64_t>(leader));
    other.Stop();
  }));
}

TEST(KvClusterTest, AStoppingServerAnswersWhatIsUnderWay) {
  KvCluster cluster(12);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  const int follower = leader % kNodes + 1;
  int64_t acknowledged = 0;
  cluster.StartClient([follower, &acknowledged](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(follower));
    while (client.Ask({"INCR", "n"}).has_value()) ++acknowledged;
    EXPECT_FALSE(client.Connect(follower));
  });
  cluster.world().RunFor(absl::Milliseconds(300));
  cluster.Stop(follower);
  ASSERT_TRUE(cluster.AwaitClients());
  cluster.AwaitEqualHashes();
  EXPECT_EQ(cluster.server(follower), nullptr);
  EXPECT_GT(acknowledged, 0);
  EXPECT_EQ(cluster.server(leader)->store().Get("n"),
            absl::StrCat(acknowledged));
  // It finds its disk as it left it.
  cluster.Boot(follower);
  cluster.world().RunFor(absl::Seconds(1));
  EXPECT_EQ(cluster.AwaitEqualHashes().size(), 3u);
}

// The whole cluster is stopped: nobody is left to take over.
TEST(KvClusterTest, ALeaderThatStopsLastDoesNotWaitForASuccessor) {
  KvCluster cluster(13);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  for (int node = 1; node <= kNodes; ++node) {
    if (node != leader) cluster.Stop(node);
  }
  // They are gone, and it has heard of them a moment ago.
  cluster.world().RunFor(absl::Milliseconds(50));
  cluster.Stop(leader);
  // Of the five seconds that it has.
  cluster.world().RunFor(absl::Seconds(1));
  for (int node = 1; node <= kNodes; ++node) {
    EXPECT_EQ(cluster.server(node), nullptr)
        << "n" << node << ", the leader was n" << leader;
  }
}

}  // namespace
}  // namespace kv
