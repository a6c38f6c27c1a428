// How much clients may send and leave unread, which of them are served, and
// what the others are told.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/requests.h"
#include "runtime/fiber_group.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

using sim::Process;

// By clients that have gone, once the server knows.
void ExpectNothingHeld(KvCluster& cluster, int node) {
  ASSERT_TRUE(cluster.RunClient(
      [](Process& process) { Sleep(process, absl::Seconds(2)); }));
  EXPECT_EQ(cluster.server(node)->facts().clients_bytes, 0u);
}

TEST(KvClusterTest, AClientMaySendMuchBeforeItReadsAnything) {
  KvCluster cluster(4);
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(1));
    // Several times what both windows of the stream hold.
    const std::string big(1000, 'x');
    std::string requests;
    for (int i = 0; i < 3000; ++i) requests += Request({"ECHO", big});
    ASSERT_TRUE(client.Send(requests));
    for (int i = 0; i < 3000; ++i) {
      ASSERT_EQ(client.Receive(), absl::StrCat("$1000\r\n", big, "\r\n"));
    }
  }));
}

// Whole, before the first answer is read: more than any window holds, and more
// than was once the bound of answers that wait.
TEST(KvClusterTest, AWholePipelineMayBeWrittenBeforeAnythingIsRead) {
  KvCluster cluster(8);
  cluster.BootAll();
  const int follower = cluster.AwaitLeader() % kNodes + 1;
  ASSERT_TRUE(cluster.RunClient([follower](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(follower));
    const std::string big(32'000, 'x');
    std::string requests = Request({"SET", "k", big});
    for (int i = 0; i < 300; ++i) {
      requests += Request({"GET", "k"}) + Request({"ECHO", big});
    }
    ASSERT_TRUE(client.Send(requests));
    ASSERT_EQ(client.Receive(), "+OK\r\n");
    const std::string expected = absl::StrCat("$32000\r\n", big, "\r\n");
    for (int i = 0; i < 600; ++i) ASSERT_EQ(client.Receive(), expected);
  }));
  ExpectNothingHeld(cluster, follower);
}

TEST(KvClusterTest, WhatAllClientsHoldIsBoundedAndTheLargestGoes) {
  KvCluster cluster(9);
  cluster.options().clients_bytes_max = 4 << 20;
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([&cluster](Process& process) {
    RedisClient good(process);
    ASSERT_TRUE(good.Connect(1));
    EXPECT_EQ(good.Ask({"SET", "k", std::string(100'000, 'x')}), "+OK\r\n");
    // One does not read, one does not end its request, one never says EXEC.
    for (const bool deaf : {true, false}) {
      RedisClient hostile(process);
      ASSERT_TRUE(hostile.Connect(1));
      std::string bytes;
      for (int i = 0; deaf && i < 100; ++i) bytes += Request({"GET", "k"});
      if (!deaf) {
        bytes = absl::StrCat("*2\r\n$4\r\nECHO\r\n$8000000\r\n",
                             std::string(7'000'000, 'x'));
      }
      (void)hostile.Send(bytes);
      Sleep(process, absl::Seconds(1));
      EXPECT_EQ(good.Ask({"PING"}), "+PONG\r\n");
      EXPECT_EQ(cluster.server(1)->facts().clients_dropped, deaf ? 1u : 2u);
    }
    RedisClient hoarder(process);
    ASSERT_TRUE(hoarder.Connect(1));
    EXPECT_EQ(hoarder.Ask({"MULTI"}), "+OK\r\n");
    const std::string words(1'000'000, 'x');
    for (int i = 0; i < 3; ++i) hoarder.Ask({"ECHO", words});
    (void)hoarder.Ask({"ECHO", words});
    EXPECT_EQ(good.Ask({"PING"}), "+PONG\r\n");
    EXPECT_EQ(cluster.server(1)->facts().clients_dropped, 3u);
  }));
  ExpectNothingHeld(cluster, 1);
}

// Beyond its own bound it is not read any more; it may be slow, but not deaf.
TEST(KvClusterTest, ADeafClientIsDroppedAndASlowOneIsNot) {
  KvCluster cluster(10);
  cluster.options().client_answer_bytes_max = 1 << 20;
  cluster.BootAll();
  cluster.AwaitLeader();
  const std::string ask = Request({"ECHO", std::string(100'000, 'x')});
  // A reply a second: for longer than a deaf client has.
  cluster.StartClient([&ask](Process& process) {
    RedisClient slow(process);
    ASSERT_TRUE(slow.Connect(1));
    runtime::FiberGroup writer(process.network_executor());
    writer.Spawn("writer", [&] {
      for (int i = 0; i < 45; ++i) ASSERT_TRUE(slow.Send(ask));
    });
    for (int i = 0; i < 45; ++i) {
      ASSERT_TRUE(slow.Receive().has_value()) << i;
      Sleep(process, absl::Seconds(1));
    }
    EXPECT_TRUE(writer.Join().ok());
  });
  cluster.StartClient([&ask](Process& process) {
    const auto deaf = process.network().Dial(
        {"n1", kRedisPort}, net::Framing::kBytes,
        process.network_executor().Now() + absl::Seconds(1));
    ASSERT_TRUE(deaf.ok());
    absl::Status written;
    for (int i = 0; i < 45 && written.ok(); ++i) {
      written = (*deaf)->Write(runtime::AsBytes(ask),
                               runtime::Instant::InfiniteFuture());
    }
    EXPECT_TRUE(absl::IsUnavailable(written)) << written;
  });
  ASSERT_TRUE(cluster.AwaitClients(absl::Minutes(5)));
  EXPECT_EQ(cluster.server(1)->facts().clients_dropped, 1u);
  ExpectNothingHeld(cluster, 1);
}

TEST(KvClusterTest, LargeRequestsGoThroughAFollowerAndHeartbeatsLiveOn) {
  KvCluster cluster(11);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  const persist::Term term = cluster.server(leader)->node().status().term;
  ASSERT_TRUE(cluster.RunClient([leader](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(leader % kNodes + 1));
    // As large as it goes.
    const std::string largest(kRequestBytesMax - 100, 'x');
    EXPECT_EQ(client.Ask({"SET", "k", largest}), "+OK\r\n");
    EXPECT_EQ(client.Ask({"STRLEN", "k"}),
              absl::StrCat(":", largest.size(), "\r\n"));
    const std::optional<std::string> read = client.Ask({"GET", "k"});
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read,
              absl::StrCat("$", largest.size(), "\r\n", largest, "\r\n"));
    // And one more is a plain error, behind which all is well.
    EXPECT_EQ(client.Ask({"SET", "k", largest + std::string(100, 'x')}),
              "-ERR the request is larger than 67108864 bytes "
              "(network.request_size_max)\r\n");
    std::vector<std::string> pairs = {"MSET"};
    for (int i = 0; i < 100'000; ++i) {
      pairs.push_back(absl::StrCat("key:", i));
      pairs.emplace_back("v");
    }
    EXPECT_EQ(client.Ask(pairs), "+OK\r\n");
    EXPECT_EQ(client.Ask({"DBSIZE"}), ":100001\r\n");
  }));
  EXPECT_EQ(cluster.server(leader)->node().status().term, term);
  EXPECT_EQ(cluster.AwaitEqualHashes().size(), 3u);
}

TEST(KvClusterTest, ClientsOfOtherMachinesAreDeniedInProtectedMode) {
  KvCluster cluster(12);
  cluster.options().protected_mode = true;
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(1));
    (void)client.Send(Request({"SET", "k", "v"}));
    const std::string answer = client.Receive().value_or("");
    EXPECT_TRUE(absl::StartsWith(
        answer, "-DENIED Twinraft is running in protected mode"))
        << answer;
    EXPECT_TRUE(absl::StrContains(answer, "network.protected_mode"));
    EXPECT_EQ(client.Receive(), std::nullopt);
  }));
  EXPECT_EQ(cluster.server(1)->store().Get("k"), std::nullopt);
}

TEST(KvClusterTest, WhatABrowserSendsIsNotDone) {
  KvCluster cluster(13);
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient browser(process);
    ASSERT_TRUE(browser.Connect(1));
    ASSERT_TRUE(browser.Send("POST / HTTP/1.1\r\nHost: a\r\n\r\nSET k 1\r\n"));
    EXPECT_EQ(browser.Receive(), std::nullopt);
    // What came before was meant for us.
    ASSERT_TRUE(browser.Connect(1));
    ASSERT_TRUE(browser.Send("SET a 1\r\nhOST: a\r\nSET k 1\r\n"));
    EXPECT_EQ(browser.Receive(), "+OK\r\n");
    EXPECT_EQ(browser.Receive(), std::nullopt);
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(1));
    EXPECT_EQ(client.Ask({"EXISTS", "k", "a"}), ":1\r\n");
  }));
}

TEST(KvClusterTest, LargeRepliesOfAPipelineAreAllGiven) {
  KvCluster cluster(5);
  cluster.BootAll();
  const int follower = cluster.AwaitLeader() % kNodes + 1;
  ASSERT_TRUE(cluster.RunClient([follower](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(follower));
    const std::string big(600'000, 'x');
    const std::string expected = absl::StrCat("$600000\r\n", big, "\r\n");
    ASSERT_EQ(client.Ask({"SET", "big", big}), "+OK\r\n");
    std::string requests;
    for (int i = 0; i < 10; ++i) requests += Request({"GET", "big"});
    requests += Request({"INCR", "n"});
    for (int i = 0; i < 10; ++i) requests += Request({"GET", "big"});
    ASSERT_TRUE(client.Send(requests));
    for (int i = 0; i < 10; ++i) ASSERT_EQ(client.Receive(), expected);
    ASSERT_EQ(client.Receive(), ":1\r\n");
    for (int i = 0; i < 10; ++i) ASSERT_EQ(client.Receive(), expected);
  }));
}

TEST(KvClusterTest, ProtocolErrorsAreNamedAndEndTheConnection) {
  KvCluster cluster(6);
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient client(process);
    ASSERT_TRUE(client.Connect(1));
    ASSERT_TRUE(client.Send("PING\r\n*1\r\n$-5\r\nPING\r\n"));
    EXPECT_EQ(client.Receive(), "+PONG\r\n");
    EXPECT_EQ(client.Receive(), "-ERR Protocol error: invalid bulk length\r\n");
    EXPECT_EQ(client.Receive(), std::nullopt);
    ASSERT_TRUE(client.Connect(1));
    ASSERT_TRUE(client.Send("QUIT\r\nPING\r\n"));
    EXPECT_EQ(client.Receive(), "+OK\r\n");
    EXPECT_EQ(client.Receive(), std::nullopt);
  }));
}

TEST(KvClusterTest, ConnectionsAreBounded) {
  KvCluster cluster(7);
  cluster.options().redis_clients_max = 2;
  cluster.BootAll();
  cluster.AwaitLeader();
  ASSERT_TRUE(cluster.RunClient([](Process& process) {
    RedisClient first(process);
    RedisClient second(process);
    RedisClient third(process);
    ASSERT_TRUE(first.Connect(1) && second.Connect(1));
    EXPECT_EQ(first.Ask({"PING"}), "+PONG\r\n");
    EXPECT_EQ(second.Ask({"PING"}), "+PONG\r\n");
    ASSERT_TRUE(third.Connect(1));
    EXPECT_EQ(third.Receive(), "-ERR max number of clients reached\r\n");
    EXPECT_EQ(third.Receive(), std::nullopt);
    first.Close();
    Sleep(process, absl::Milliseconds(100));
    ASSERT_TRUE(third.Connect(1));
    EXPECT_EQ(third.Ask({"PING"}), "+PONG\r\n");
  }));
}

}  // namespace
}  // namespace kv
