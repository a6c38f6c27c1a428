// What clients, tools and exporters ask a server about itself: the answers of
// Redis 7.0, as far as they can be true here.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/command_facts.h"
#include "kv/resp/subcommands.h"
#include "tests/kv/resp_fixture.h"

namespace kv {
namespace {

using absl::StrContains;
// Two texts in braces could be one text, from here to there.
using Lines = std::vector<std::string>;

class IntrospectionTest : public RespFixture {
 protected:
  IntrospectionTest() {
    client_.local_address = "10.0.0.9:6379";
    client_.since = host_.now - absl::Seconds(90);
    client_.active = host_.now - absl::Seconds(5);
    other_.id = 8;
    other_.address = "10.0.0.2:6000";
    other_.local_address = "10.0.0.9:6379";
    other_.name = "other";
    host_.clients = {&client_, &other_};
  }

  // Whether the lines of CLIENT LIST `with` these words are those of `ids`.
  void ExpectListed(const std::string& with, const std::string& ids) {
    const std::string answer = Ask("CLIENT LIST" + with);
    std::string seen;
    for (const char* id : {"7", "8"}) {
      if (StrContains(answer, absl::StrCat("id=", id, " addr="))) seen += id;
    }
    EXPECT_EQ(seen, ids) << with << ": " << answer;
  }

  RespClient other_;
};

// ------------------------------------------------------------------ clients

TEST_F(IntrospectionTest, ClientInfoHasEveryFieldOfRedis) {
  const std::string line = Ask("CLIENT INFO");
  for (const char* field : {"id=7",
                            "addr=10.0.0.1:5000",
                            "laddr=10.0.0.9:6379",
                            "fd=-1",
                            "name=",
                            "age=90",
                            "idle=5",
                            "flags=N",
                            "db=0",
                            "sub=0",
                            "psub=0",
                            "ssub=0",
                            "multi=-1",
                            "qbuf=0",
                            "qbuf-free=0",
                            "argv-mem=0",
                            "multi-mem=0",
                            "rbs=0",
                            "rbp=0",
                            "obl=0",
                            "oll=0",
                            "omem=0",
                            "events=r",
                            "cmd=client|info",
                            "user=default",
                            "redir=-1",
                            "resp=2",
                            "lib-name=",
                            "lib-ver="}) {
    EXPECT_TRUE(StrContains(line, absl::StrCat(field, " ")) ||
                StrContains(line, absl::StrCat(field, "\n")))
        << field << " in " << line;
  }
  EXPECT_TRUE(StrContains(line, " tot-mem="));
}

TEST_F(IntrospectionTest, ClientListFilters) {
  ExpectListed("", "78");
  ExpectListed(" TYPE normal", "78");
  ExpectListed(" TYPE PUBSUB", "");
  ExpectListed(" TYPE replica", "");
  ExpectListed(" ID 8", "8");
  ExpectListed(" ID 8 7 99", "78");
  EXPECT_EQ(Ask("CLIENT LIST TYPE bogus"),
            "-ERR Unknown client type 'bogus'\r\n");
  EXPECT_EQ(Ask("CLIENT LIST ID x"), "-ERR Invalid client ID\r\n");
  EXPECT_EQ(Ask("CLIENT LIST ID"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("CLIENT LIST bogus"), "-ERR syntax error\r\n");
}

TEST_F(IntrospectionTest, ClientKillFiltersAndSparesWhoAsks) {
  using Ids = std::vector<uint64_t>;
  EXPECT_EQ(Ask("CLIENT KILL TYPE normal"), ":1\r\n");
  EXPECT_EQ(host_.ended, Ids{8});
  EXPECT_FALSE(client_.quit);
  EXPECT_EQ(Ask("CLIENT KILL USER default SKIPME yes"), ":1\r\n");
  EXPECT_EQ(Ask("CLIENT KILL ID 7"), ":0\r\n");
  EXPECT_EQ(Ask("CLIENT KILL TYPE pubsub SKIPME no"), ":0\r\n");
  EXPECT_EQ(Ask("CLIENT KILL LADDR 10.0.0.9:6379"), ":1\r\n");
  EXPECT_EQ(Ask("CLIENT KILL LADDR 10.0.0.9:1"), ":0\r\n");
  EXPECT_EQ(Ask("CLIENT KILL ADDR 10.0.0.2:6000 ID 7"), ":0\r\n");
  EXPECT_EQ(host_.ended, (Ids{8, 8, 8}));
  EXPECT_FALSE(client_.quit);
  EXPECT_EQ(Ask("CLIENT KILL TYPE normal SKIPME no"), ":2\r\n");
  EXPECT_TRUE(client_.quit);
}

TEST_F(IntrospectionTest, ClientKillByAddressMayMeanWhoAsks) {
  EXPECT_EQ(Ask("CLIENT KILL 1.2.3.4:5"), "-ERR No such client\r\n");
  EXPECT_EQ(Ask("CLIENT KILL 10.0.0.1:5000"), "+OK\r\n");
  EXPECT_TRUE(client_.quit);
}

TEST_F(IntrospectionTest, NonsenseAboutClientsIsRefused) {
  const std::string syntax = "-ERR syntax error\r\n";
  const std::string id = "-ERR client-id should be greater than 0\r\n";
  EXPECT_EQ(Ask("CLIENT KILL"),
            "-ERR wrong number of arguments for 'client|kill' command\r\n");
  EXPECT_EQ(Ask("CLIENT KILL TYPE bogus"),
            "-ERR Unknown client type 'bogus'\r\n");
  EXPECT_EQ(Ask("CLIENT KILL USER nobody"), "-ERR No such user 'nobody'\r\n");
  EXPECT_EQ(Ask("CLIENT KILL SKIPME maybe"), syntax);
  EXPECT_EQ(Ask("CLIENT KILL ADDR a:1 LADDR"), syntax);
  EXPECT_EQ(Ask("CLIENT KILL BOGUS x"), syntax);
  EXPECT_EQ(Ask("CLIENT KILL ID 0"), id);
  EXPECT_EQ(Ask("CLIENT KILL ID x"), id);
  EXPECT_EQ(Ask("CLIENT NO-EVICT maybe"), syntax);
  EXPECT_EQ(Ask("CLIENT NO-TOUCH maybe"), syntax);
  EXPECT_EQ(Ask("CLIENT REPLY maybe"), syntax);
  EXPECT_TRUE(host_.ended.empty());
}

TEST_F(IntrospectionTest, FlagsSayWhatAConnectionIsIn) {
  EXPECT_EQ(Ask("CLIENT NO-EVICT on"), "+OK\r\n");
  EXPECT_TRUE(StrContains(Ask("CLIENT INFO"), " flags=e "));
  EXPECT_EQ(Ask("CLIENT NO-EVICT OFF"), "+OK\r\n");
  Ask(Lines{"MULTI", "GET a"});
  EXPECT_TRUE(StrContains(Ask(Lines{"CLIENT INFO", "EXEC"}), " flags=N "))
      << "EXEC has ended the transaction by then";
}

TEST_F(IntrospectionTest, NothingIsTrackedAndNobodyIsBlocked) {
  EXPECT_EQ(Ask("CLIENT GETREDIR"), ":-1\r\n");
  EXPECT_EQ(Ask("CLIENT TRACKINGINFO"),
            "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n:-1"
            "\r\n$8\r\nprefixes\r\n*0\r\n");
  EXPECT_EQ(Ask("CLIENT TRACKING off"), "+OK\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("CLIENT TRACKING on"), "-ERR client side"));
  EXPECT_EQ(Ask("CLIENT UNBLOCK 8"), ":0\r\n");
  EXPECT_EQ(Ask("CLIENT UNPAUSE"), "+OK\r\n");
}

// ----------------------------------------------------------------- settings

TEST_F(IntrospectionTest, ConfigSetRefusesNonsense) {
  const auto refusal = [](const std::string& name, const std::string& why) {
    return absl::StrCat(
        "-ERR CONFIG SET failed (possibly related to argument '", name, "') - ",
        why, "\r\n");
  };
  EXPECT_EQ(Ask("CONFIG SET hz fast"),
            refusal("hz", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(Ask("CONFIG SET hz 0"),
            refusal("hz", "argument must be between 1 and 500 inclusive"));
  EXPECT_EQ(Ask("CONFIG SET activerehashing maybe"),
            refusal("activerehashing", "argument must be 'yes' or 'no'"));
  EXPECT_EQ(
      Ask("CONFIG SET hash-max-listpack-value many"),
      refusal("hash-max-listpack-value", "argument must be a memory value"));
  EXPECT_EQ(Ask("CONFIG SET hz 20 HZ 30"),
            refusal("HZ", "duplicate parameter"));
  EXPECT_EQ(Ask("CONFIG SET hz"),
            "-ERR wrong number of arguments for 'config|set' command\r\n");
  EXPECT_EQ(Ask("CONFIG SET hz 20 nosuch 2"),
            "-ERR Unknown option or number of arguments for CONFIG SET - "
            "'nosuch'\r\n");
  EXPECT_EQ(Ask("CONFIG GET hz"), "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n");
}

TEST_F(IntrospectionTest, ConfigSetOfSeveralIsAllOrNothing) {
  Ask("CONFIG SET hz 20 zset-max-listpack-entries x");
  EXPECT_EQ(Ask("CONFIG GET hz"), "*2\r\n$2\r\nhz\r\n$2\r\n10\r\n");
  EXPECT_EQ(Ask("CONFIG SET hz 20 zset-max-listpack-entries 5"), "+OK\r\n");
  EXPECT_EQ(Ask("CONFIG GET hz zset-max-ziplist-entries"),
            "*4\r\n$2\r\nhz\r\n$2\r\n20\r\n$24\r\nzset-max-ziplist-entries"
            "\r\n$1\r\n5\r\n");
}

TEST_F(IntrospectionTest, SizesAreKeptInBytes) {
  EXPECT_EQ(Ask("CONFIG SET stream-node-max-bytes 1kb"), "+OK\r\n");
  EXPECT_TRUE(
      StrContains(Ask("CONFIG GET stream-node-max-bytes"), "$4\r\n1024\r\n"));
  EXPECT_EQ(Ask("CONFIG SET stream-node-max-bytes 2K"), "+OK\r\n");
  EXPECT_TRUE(
      StrContains(Ask("CONFIG GET stream-node-max-bytes"), "$4\r\n2000\r\n"));
  EXPECT_EQ(Ask("CONFIG SET maxmemory 0mb")[0], '-');
}

TEST_F(IntrospectionTest, NoSettingPromisesWhatIsNotDone) {
  for (const char* line :
       {"CONFIG SET notify-keyspace-events KEA", "CONFIG SET maxmemory 100mb",
        "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET timeout 10",
        "CONFIG SET latency-monitor-threshold 5",
        "CONFIG SET appendfsync everysec"}) {
    EXPECT_TRUE(absl::StartsWith(Ask(line), "-ERR CONFIG SET failed")) << line;
  }
  EXPECT_EQ(Ask("CONFIG SET notify-keyspace-events "), "+OK\r\n");
  EXPECT_EQ(Ask("CONFIG SET maxmemory-policy noeviction maxmemory 0"),
            "+OK\r\n");
  EXPECT_EQ(Ask("CONFIG GET notify-keyspace-events"),
            "*2\r\n$22\r\nnotify-keyspace-events\r\n$0\r\n\r\n");
}

// ----------------------------------------------------------------- commands

TEST_F(IntrospectionTest, EveryCommandIsDescribed) {
  for (const CommandFacts& command : AllCommandFacts()) {
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_EQ(command.since.empty(), command.is_subcommand()) << command.name;
    const std::string docs = Ask(absl::StrCat("COMMAND DOCS ", command.name));
    EXPECT_TRUE(StrContains(docs, command.summary)) << docs;
    EXPECT_TRUE(IsIn(command, "fast") || IsIn(command, "slow"));
  }
  EXPECT_EQ(Ask("COMMAND DOCS nosuch"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND DOCS getbit"),
            "*2\r\n$6\r\ngetbit\r\n*6\r\n$7\r\nsummary\r\n$29\r\nA bit of the "
            "string of a key.\r\n$5\r\nsince\r\n$5\r\n2.2.0\r\n$5\r\ngroup\r\n"
            "$6\r\nbitmap\r\n");
}

TEST_F(IntrospectionTest, CommandInfoOfWhatThereIsNotIsNil) {
  EXPECT_EQ(Ask("COMMAND INFO nosuch"), "*1\r\n$-1\r\n");
  const std::string get = Ask("COMMAND INFO get");
  EXPECT_TRUE(StrContains(get, "*3\r\n+@read\r\n+@fast\r\n+@string\r\n") ||
              StrContains(get, "*3\r\n+@read\r\n+@string\r\n+@fast\r\n"))
      << get;
  EXPECT_TRUE(absl::StartsWith(Ask("COMMAND INFO config|get"),
                               "*1\r\n*10\r\n$10\r\nconfig|get\r\n:-3\r\n"));
}

TEST_F(IntrospectionTest, CommandListFilters) {
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY PATTERN getr*"),
            "*1\r\n$8\r\ngetrange\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY PATTERN MODULE|*"),
            "*2\r\n$11\r\nmodule|help\r\n$11\r\nmodule|list\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY ACLCAT bitmap"),
            "*2\r\n$6\r\ngetbit\r\n$6\r\nsetbit\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY ACLCAT nosuch"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY MODULE x"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY bogus x"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY"), "-ERR syntax error\r\n");
}

TEST_F(IntrospectionTest, EveryContainerHasHelpAndRefusesWhatItHasNot) {
  client_.redirects = true;
  for (const RespCommand& command : RespCommands()) {
    if (command.handler != PlanContainer) continue;
    const std::string name(command.name);
    const std::string help = Ask(name + " HELP");
    for (const RespSubcommand& row : SubcommandsOf(name)) {
      EXPECT_TRUE(StrContains(help, absl::StrCat("\r\n+", row.usage, "\r\n")))
          << help;
    }
    EXPECT_EQ(Ask(name + " HELP more"),
              absl::StrCat("-ERR wrong number of arguments for '", name,
                           "|help' command\r\n"));
    EXPECT_TRUE(absl::StartsWith(Ask(name + " nosuch"),
                                 "-ERR unknown subcommand 'nosuch'. Try "));
  }
  for (const char* name : {"OBJECT", "MEMORY"}) {
    EXPECT_TRUE(StrContains(Ask(absl::StrCat(name, " HELP")), "+HELP\r\n"));
    EXPECT_EQ(Ask(absl::StrCat(name, " nosuch")),
              absl::StrCat("-ERR unknown subcommand 'nosuch'. Try ", name,
                           " HELP.\r\n"));
  }
  EXPECT_EQ(Ask("OBJECT ENCODING"),
            "-ERR wrong number of arguments for 'object|encoding' command\r\n");
}

TEST_F(IntrospectionTest, WhatThereIsNotOfACommandSpoilsATransaction) {
  EXPECT_EQ(Ask({"MULTI", "CLIENT nosuch", "EXEC"}),
            "+OK\r\n-ERR unknown subcommand 'nosuch'. Try CLIENT HELP.\r\n"
            "-EXECABORT Transaction discarded because of previous errors."
            "\r\n");
}

// -------------------------------------------------- users, modules, latency

TEST_F(IntrospectionTest, ThereIsOneUserAndNoModule) {
  EXPECT_EQ(Ask("ACL WHOAMI"), "$7\r\ndefault\r\n");
  EXPECT_EQ(Ask("ACL USERS"), "*1\r\n$7\r\ndefault\r\n");
  EXPECT_EQ(Ask("ACL LIST"),
            "*1\r\n$34\r\nuser default on nopass ~* &* +@all\r\n");
  EXPECT_EQ(Ask("ACL GETUSER nobody"), "$-1\r\n");
  EXPECT_TRUE(absl::StartsWith(
      Ask("ACL GETUSER default"),
      "*12\r\n$5\r\nflags\r\n*2\r\n$2\r\non\r\n$6\r\nnopass\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("ACL CAT"), "*21\r\n$8\r\nkeyspace\r\n"));
  EXPECT_EQ(Ask("ACL CAT bitmap"), "*2\r\n$6\r\ngetbit\r\n$6\r\nsetbit\r\n");
  EXPECT_EQ(Ask("ACL CAT nosuch"), "-ERR Unknown category 'nosuch'\r\n");
  EXPECT_EQ(Ask("MODULE LIST"), "*0\r\n");
}

TEST_F(IntrospectionTest, LatencyTellsWhatIsMeasured) {
  EXPECT_EQ(Ask("LATENCY LATEST"), "*0\r\n");
  EXPECT_EQ(Ask("LATENCY HISTORY command"), "*0\r\n");
  EXPECT_EQ(Ask("LATENCY RESET"), ":0\r\n");
  EXPECT_EQ(Ask("LATENCY GRAPH x"),
            "-ERR No samples available for event 'x'\r\n");
  EXPECT_TRUE(StrContains(Ask("LATENCY DOCTOR"), "not kept"));
  EXPECT_EQ(Ask("LATENCY HISTOGRAM set"), "*0\r\n");
  Ask(Lines{"SET a 1", "SET a 2"});
  took_ = absl::Milliseconds(1);
  Ask("SET a 3");
  EXPECT_EQ(Ask("LATENCY HISTOGRAM set nosuch"),
            "*2\r\n$3\r\nset\r\n*4\r\n$5\r\ncalls\r\n:3\r\n$14\r\n"
            "histogram_usec\r\n*4\r\n:135\r\n:2\r\n:1087\r\n:3\r\n");
}

// --------------------------------------------------------------------- INFO

TEST_F(IntrospectionTest, InfoHasTheSectionsThatAreAskedFor) {
  const std::string plain = Ask("INFO");
  for (const char* title :
       {"# Server", "# Clients", "# Memory", "# Persistence", "# Stats",
        "# Replication", "# CPU", "# Modules", "# Errorstats", "# Raft",
        "# Cluster", "# Keyspace"}) {
    EXPECT_TRUE(StrContains(plain, absl::StrCat(title, "\r\n"))) << title;
  }
  EXPECT_FALSE(StrContains(plain, "# Commandstats"));
  EXPECT_FALSE(StrContains(Ask("INFO default"), "# Latencystats"));
  for (const char* words : {"INFO all", "INFO everything"}) {
    EXPECT_TRUE(StrContains(Ask(words), "# Commandstats\r\n"));
    EXPECT_TRUE(StrContains(Ask(words), "# Latencystats\r\n"));
  }
  const std::string two = Ask("INFO CPU clients nosuch");
  EXPECT_TRUE(StrContains(two, "# Clients\r\n"));
  EXPECT_TRUE(StrContains(two, "\r\n\r\n# CPU\r\n"));
  EXPECT_FALSE(StrContains(two, "# Server"));
  EXPECT_EQ(Ask("INFO nosuch"), "$0\r\n\r\n");
}

TEST_F(IntrospectionTest, InfoTellsWhatTheSystemKnowsOfTheProcess) {
  host_.process = {.process_id = 42,
                   .system = "Linux 6.1 x86_64",
                   .allocator = "libc",
                   .resident_bytes = 3 << 20,
                   .anonymous_bytes = 2 << 20,
                   .resident_peak_bytes = 4 << 20,
                   .system_bytes = uint64_t{8} << 30,
                   .cpu_user = absl::Milliseconds(1500),
                   .cpu_system = absl::Milliseconds(250),
                   .thread_cpu_user = absl::Milliseconds(1000),
                   .thread_cpu_system = absl::Milliseconds(125)};
  const std::string info = Ask("INFO");
  for (const char* line :
       {"process_id:42", "os:Linux 6.1 x86_64", "used_memory:2097152",
        "used_memory_human:2.00M", "used_memory_rss:3145728",
        "used_memory_peak:4194304", "used_memory_peak_perc:50.00%",
        "total_system_memory:8589934592", "total_system_memory_human:8.00G",
        "maxmemory:0", "maxmemory_human:0B", "maxmemory_policy:noeviction",
        "mem_fragmentation_ratio:1.50", "mem_fragmentation_bytes:1048576",
        "mem_allocator:libc", "used_cpu_user:1.500000", "used_cpu_sys:0.250000",
        "used_cpu_user_main_thread:1.000000",
        "used_cpu_sys_main_thread:0.125000"}) {
    EXPECT_TRUE(StrContains(info, absl::StrCat("\r\n", line, "\r\n"))) << line;
  }
}

TEST_F(IntrospectionTest, InfoCountsCommandsAndErrors) {
  Ask({"SET a 1", "GET a", "INCR a", "GET none"});
  Ask({"LPUSH a x", "GET", "NOSUCH"});
  Ask({"MULTI", "INCR a", "LPUSH a x", "PING", "EXEC"});
  const std::string stats = Ask("INFO commandstats errorstats");
  for (const char* line :
       {"cmdstat_set:calls=1,usec=25,usec_per_call=25.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_get:calls=2,usec=50,usec_per_call=25.00,rejected_calls=1,"
        "failed_calls=0",
        // A hundredth of a second for EXEC and the two commands within.
        "cmdstat_incr:calls=2,usec=58,usec_per_call=29.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_lpush:calls=2,usec=133,usec_per_call=66.50,rejected_calls=0,"
        "failed_calls=2",
        "cmdstat_exec:calls=1,usec=33,usec_per_call=33.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_ping:calls=1,usec=1,usec_per_call=1.00,rejected_calls=0,"
        "failed_calls=0",
        "errorstat_ERR:count=2", "errorstat_WRONGTYPE:count=2"}) {
    EXPECT_TRUE(StrContains(stats, absl::StrCat("\r\n", line, "\r\n")))
        << line << " in " << stats;
  }
  const std::string latency = Ask("INFO latencystats");
  EXPECT_TRUE(StrContains(latency,
                          "\r\nlatency_percentiles_usec_set:p50=103.000,"
                          "p99=103.000,p99.9=103.000\r\n"))
      << latency;
  EXPECT_EQ(Ask("CONFIG RESETSTAT"), "+OK\r\n");
  const std::string fresh = Ask("INFO commandstats errorstats");
  EXPECT_FALSE(StrContains(fresh, "cmdstat_set")) << fresh;
  EXPECT_FALSE(StrContains(fresh, "errorstat_")) << fresh;
}

TEST_F(IntrospectionTest, ASubcommandIsCountedByItsWholeName) {
  Ask(Lines{"CONFIG GET hz", "CLIENT ID"});
  const std::string stats = Ask("INFO commandstats");
  EXPECT_TRUE(StrContains(stats, "cmdstat_config|get:calls=1,")) << stats;
  EXPECT_TRUE(StrContains(stats, "cmdstat_client|id:calls=1,")) << stats;
}

TEST_F(IntrospectionTest, TheKeyspaceCountsWhatItIsAskedFor) {
  Ask({"SET a 1", "GET a", "GET none", "EXISTS a none", "SET b 1 PX 10"});
  EXPECT_EQ(store_.keyspace().counts().hits, 2u);
  EXPECT_EQ(store_.keyspace().counts().misses, 2u);
  now_ms_ += 10;
  Ask("GET b");
  EXPECT_EQ(store_.keyspace().counts().expired, 1u);
}

// ------------------------------------------------------------------ cluster

TEST_F(IntrospectionTest, TheListenerThatForwardsIsNoCluster) {
  const std::string none =
      "-ERR This instance has cluster support disabled\r\n";
  EXPECT_TRUE(StrContains(Ask("INFO cluster"), "cluster_enabled:0"));
  for (const char* line :
       {"CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER SHARDS",
        "CLUSTER MYID", "CLUSTER KEYSLOT a", "CLUSTER HELP",
        "CLUSTER COUNTKEYSINSLOT 1", "READONLY", "READWRITE", "ASKING"}) {
    EXPECT_EQ(Ask(line), none) << line;
  }
  client_.redirects = true;
  EXPECT_TRUE(StrContains(Ask("INFO cluster"), "cluster_enabled:1"));
  EXPECT_TRUE(StrContains(Ask("CLUSTER INFO"), "cluster_state:ok"));
  EXPECT_EQ(Ask("SELECT 1"), "-ERR SELECT is not allowed in cluster mode\r\n");
}

TEST_F(IntrospectionTest, ALeaderSaysWhoFailed) {
  client_.redirects = true;
  host_.facts.members[1].heard = false;
  const std::string nodes = Ask("CLUSTER NODES");
  EXPECT_TRUE(StrContains(nodes,
                          " n1:6389@6389 myself,master - 0 0 3 connected"
                          " 0-16383\n"))
      << nodes;
  EXPECT_TRUE(StrContains(nodes, " n2:6390@6390 slave,fail ")) << nodes;
  EXPECT_TRUE(StrContains(nodes, " 3 disconnected\n")) << nodes;
  EXPECT_TRUE(StrContains(nodes, " n3:6391@6391 slave ")) << nodes;
  const std::string info = Ask("CLUSTER INFO");
  EXPECT_TRUE(StrContains(info, "cluster_state:ok\r\n"));
  EXPECT_TRUE(StrContains(info, "cluster_slots_ok:16384\r\n"));
  host_.facts.members[2].match = persist::Index();
  const std::string shards = Ask("CLUSTER SHARDS");
  EXPECT_TRUE(StrContains(shards, "health\r\n$6\r\nonline\r\n")) << shards;
  EXPECT_TRUE(StrContains(shards, "health\r\n$4\r\nfail\r\n")) << shards;
  EXPECT_TRUE(StrContains(shards, "health\r\n$7\r\nloading\r\n")) << shards;
}

TEST_F(IntrospectionTest, WhoIsCutOffSaysThatNothingIsServed) {
  client_.redirects = true;
  host_.facts.raft.role = raft::Role::kPreCandidate;
  host_.facts.raft.leader = runtime::NodeId();
  host_.facts.last_leader = runtime::NodeId(2);
  host_.facts.led = false;
  host_.facts.members[1].heard = false;
  host_.facts.members[2].heard = false;
  const std::string nodes = Ask("CLUSTER NODES");
  EXPECT_TRUE(StrContains(nodes,
                          " n2:6390@6390 master,fail? - 0 0 3 "
                          "disconnected 0-16383\n"))
      << nodes;
  EXPECT_TRUE(StrContains(nodes, " n1:6389@6389 myself,slave ")) << nodes;
  const std::string info = Ask("CLUSTER INFO");
  EXPECT_TRUE(StrContains(info, "cluster_state:fail\r\n"));
  EXPECT_TRUE(StrContains(info, "cluster_slots_assigned:16384\r\n"));
  EXPECT_TRUE(StrContains(info, "cluster_slots_ok:0\r\n"));
  EXPECT_TRUE(StrContains(info, "cluster_slots_pfail:16384\r\n"));
}

TEST_F(IntrospectionTest, KeysAreCountedBySlot) {
  client_.redirects = true;
  Ask({"SET foo 1", "SET {foo}a 1", "SET bar 1", "SADD {foo}s x"});
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 12182"), ":3\r\n");
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 5061"), ":1\r\n");
  EXPECT_EQ(Ask("CLUSTER GETKEYSINSLOT 5061 10"), "*1\r\n$3\r\nbar\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("CLUSTER GETKEYSINSLOT 12182 2"), "*2\r\n"));
  Ask({"DEL {foo}a", "SREM {foo}s x", "RENAME bar {foo}b"});
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 12182"), ":2\r\n");
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 5061"), ":0\r\n");
  EXPECT_EQ(Ask("CLUSTER GETKEYSINSLOT 5061 10"), "*0\r\n");
  Ask("FLUSHALL");
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 12182"), ":0\r\n");
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT 16384"), "-ERR Invalid slot\r\n");
  EXPECT_EQ(Ask("CLUSTER COUNTKEYSINSLOT x"),
            "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Ask("CLUSTER GETKEYSINSLOT 0 -1"),
            "-ERR Invalid slot or number of keys\r\n");
}

TEST_F(IntrospectionTest, ReplicasAreThoseThatFollow) {
  client_.redirects = true;
  const std::string id = Ask("CLUSTER MYID").substr(5, 40);
  EXPECT_TRUE(absl::StartsWith(Ask("CLUSTER REPLICAS " + id), "*2\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("CLUSTER SLAVES " + id), "*2\r\n"));
  EXPECT_EQ(Ask("CLUSTER REPLICAS x"), "-ERR Unknown node x\r\n");
}

}  // namespace
}  // namespace kv
