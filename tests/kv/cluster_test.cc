// Redis clients against three servers in the simulated world.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/frontend.h"
#include "kv/resp/server.h"
#include "net/client_end.h"
#include "runtime/fiber_group.h"
#include "sim/sim_network.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

using sim::Process;

void Sleep(Process& process, absl::Duration span) {
  process.network_executor().SleepFor(span).IgnoreError();
}

int64_t IntegerOf(const std::string& reply) {
  int64_t value = -1;
  EXPECT_TRUE(absl::StartsWith(reply, ":")) << reply;
  EXPECT_TRUE(absl::SimpleAtoi(reply.substr(1, reply.size() - 3), &value));
  return value;
}

// By clients that have gone, once the server knows.
void ExpectNothingHeld(KvCluster& cluster, int node) {
  ASSERT_TRUE(cluster.RunClient(
      [](Process& process) { Sleep(process, absl::Seconds(2)); }));
  EXPECT_EQ(cluster.server(node)->facts().clients_bytes, 0u);
}

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

// What a client knows of its own increments.
struct Tally {
  int64_t applied = 0;   // Answered with a number.
  int64_t unknown = 0;   // Not answered, or answered with -TIMEOUT.
  int64_t timeouts = 0;  // Of the unknown.
  int64_t last = 0;      // The largest number seen.
};

// Increments "n" and leaves a trace of each success, through `node` first and
// then wherever it can.
void Increment(Process& process, int node, int rounds, Tally& tally) {
  RedisClient client(process);
  for (int round = 0; round < rounds; ++round) {
    while (!client.connected() && !client.Connect(node)) {
      node = node % kNodes + 1;
      Sleep(process, absl::Milliseconds(20));
    }
    const auto reply = client.Ask({"INCR", "n"});
    if (!reply.has_value() || absl::StartsWith(*reply, "-TIMEOUT")) {
      ++tally.unknown;
      if (reply.has_value()) ++tally.timeouts;
      client.Close();
      node = node % kNodes + 1;
    } else if (absl::StartsWith(*reply, ":")) {
      ++tally.applied;
      const int64_t value = IntegerOf(*reply);
      EXPECT_GT(value, tally.last) << "an increment was undone";
      tally.last = value;
    } else {
      EXPECT_TRUE(absl::StartsWith(*reply, "-CLUSTERDOWN") ||
                  absl::StartsWith(*reply, "-BUSY"))
          << *reply;
    }
  }
}

// A network that loses, repeats and reorders what Raft says, breaks streams and
// lets them hang.
sim::Knobs BadNetwork() {
  sim::Knobs knobs;
  knobs.network.frame_loss_ppm = 20'000;
  knobs.network.frame_duplicate_ppm = 20'000;
  knobs.network.frame_reorder_ppm = 20'000;
  knobs.network.reset_ppm = 2'000;
  knobs.network.stall_ppm = 1'000;
  knobs.network.short_read_ppm = 100'000;
  knobs.network.write_split_ppm = 100'000;
  return knobs;
}

struct RunResult {
  uint64_t digest = 0;
  int64_t unknown = 0;
  int64_t timeouts = 0;
  uint64_t duplicates = 0;  // Whether an entry came twice; at most 1 a world.
};

// Kills leaders while clients of every node increment one counter.
RunResult KillLeadersUnderLoad(uint64_t seed, const sim::Knobs& knobs = {}) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  KvCluster cluster(seed, knobs);
  cluster.BootAll();
  cluster.AwaitLeader();
  std::vector<Tally> tallies(kNodes);
  for (int node = 1; node <= kNodes; ++node) {
    cluster.StartClient([node, &tallies](Process& process) {
      Increment(process, node, 300, tallies[static_cast<size_t>(node - 1)]);
    });
  }
  for (int kill = 0; kill < 3; ++kill) {
    cluster.world().RunFor(absl::Milliseconds(150));
    const int leader = cluster.AwaitLeader();
    if (leader == 0) break;
    cluster.PowerOff(leader);
    cluster.world().RunFor(absl::Milliseconds(400));
    cluster.Boot(leader);
  }
  EXPECT_TRUE(cluster.AwaitClients());
  int64_t applied = 0;
  RunResult result;
  for (const Tally& tally : tallies) {
    applied += tally.applied;
    result.unknown += tally.unknown;
    result.timeouts += tally.timeouts;
  }
  EXPECT_EQ(cluster.AwaitEqualHashes().size(), 3u);
  int64_t total = -1;
  const auto value = cluster.server(1)->store().Get("n");
  EXPECT_TRUE(value.has_value() && absl::SimpleAtoi(*value, &total));
  // Exactly once: nothing acknowledged is lost, and retries add nothing.
  EXPECT_GE(total, applied);
  EXPECT_LE(total, applied + result.unknown);
  EXPECT_GT(applied, 500);
  for (const auto& [site, count] : cluster.world().reached()) {
    if (site == "kv: an entry came twice") result.duplicates = count;
  }
  result.digest = cluster.world().digest().value();
  return result;
}

TEST(KvClusterTest, NothingAcknowledgedIsLostAndNothingIsDoneTwice) {
  uint64_t duplicates = 0;
  for (uint64_t seed = 100; seed < 106; ++seed) {
    const RunResult result = KillLeadersUnderLoad(seed);
    // A client loses its answer only with its own server, at most once a kill;
    // everywhere else the server's session finds out what happened.
    EXPECT_LE(result.unknown, 3 * kNodes);
    EXPECT_EQ(result.timeouts, 0);
    duplicates += result.duplicates;
  }
  EXPECT_GT(duplicates, 0u) << "no retry ever met its first try";
}

TEST(KvClusterTest, ABadNetworkDoesNotChangeWhatIsPromised) {
  uint64_t duplicates = 0;
  for (uint64_t seed = 300; seed < 304; ++seed) {
    duplicates += KillLeadersUnderLoad(seed, BadNetwork()).duplicates;
  }
  EXPECT_GT(duplicates, 0u) << "no retry ever met its first try";
}

TEST(KvClusterTest, TheSameSeedGivesTheSameRun) {
  EXPECT_EQ(KillLeadersUnderLoad(200, BadNetwork()).digest,
            KillLeadersUnderLoad(200, BadNetwork()).digest);
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
