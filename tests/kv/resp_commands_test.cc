#include "kv/resp_commands.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "kv/resp_table.h"
#include "kv/store.h"

namespace kv {
namespace {

using absl::string_view;

// Requests as words, answered by a store of its own.
class RespCommandsTest : public testing::Test {
 protected:
  RespCommandsTest() {
    facts_.raft.role = raft::Role::kLeader;
    facts_.raft.leader = runtime::NodeId(1);
    facts_.raft.term = persist::Term(3);
    facts_.raft.commit = persist::Index(9);
    facts_.storage.stores.stores_waiting = 7;
    facts_.storage.stores.oldest_age = absl::Milliseconds(30);
    facts_.self = runtime::NodeId(1);
    facts_.redis = {"n1", 6379};
    facts_.clients_max = 10000;
    facts_.wall = absl::FromUnixMicros(1'700'000'000'000'042);
    client_.id = 7;
  }

  // The answers to all of `lines`, planned together; words separated by one
  // blank.
  std::string Ask(const std::vector<std::string>& lines) {
    std::vector<std::vector<string_view>> requests;
    for (const std::string& line : lines) {
      requests.push_back(absl::StrSplit(line, ' '));
    }
    RespPlan plan;
    for (const auto& words : requests) {
      PlanRequest(
          words, client_, [this] { return facts_; }, plan);
    }
    std::string out;
    (void)plan.Word(runtime::Bytes(), out);
    size_t done = 0;
    while (!plan.done()) {
      const size_t worded = plan.Word(Execute(plan.commands(), done), out);
      EXPECT_GT(worded, 0u);
      if (worded == 0) break;
      done += worded;
    }
    EXPECT_EQ(done, plan.commands().size());
    return out;
  }
  std::string Ask(const std::string& line) {
    return Ask(std::vector<std::string>{line});
  }

  runtime::Bytes Execute(const CommandBatch& batch, size_t first) {
    const raft::Command command{++index_, persist::Term(1),
                                EncodeEntry({}, batch, first)};
    runtime::Bytes result;
    store_.Apply({&command, 1}, {&result, 1});
    return result;
  }

  Store store_;
  persist::Index index_;
  ServerFacts facts_;
  RespClient client_;
};

TEST_F(RespCommandsTest, StringsBehaveAsInRedis) {
  EXPECT_EQ(Ask("SET k v"), "+OK\r\n");
  EXPECT_EQ(Ask("get k"), "$1\r\nv\r\n");
  EXPECT_EQ(Ask("GET none"), "$-1\r\n");
  EXPECT_EQ(Ask("APPEND k w"), ":2\r\n");
  EXPECT_EQ(Ask("STRLEN k"), ":2\r\n");
  EXPECT_EQ(Ask("GETSET k x"), "$2\r\nvw\r\n");
  EXPECT_EQ(Ask("SETNX k y"), ":0\r\n");
  EXPECT_EQ(Ask("MSET a 1 b 2"), "+OK\r\n");
  EXPECT_EQ(Ask("MGET a none b"), "*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n");
  EXPECT_EQ(Ask("EXISTS a b none"), ":2\r\n");
  EXPECT_EQ(Ask("TYPE a"), "+string\r\n");
  EXPECT_EQ(Ask("TYPE none"), "+none\r\n");
  EXPECT_EQ(Ask("DBSIZE"), ":3\r\n");
  EXPECT_EQ(Ask("DEL a none"), ":1\r\n");
  EXPECT_EQ(Ask("UNLINK b"), ":1\r\n");
}

TEST_F(RespCommandsTest, SetKnowsItsOptions) {
  EXPECT_EQ(Ask("SET k 1 XX"), "$-1\r\n");
  EXPECT_EQ(Ask("SET k 1 nx"), "+OK\r\n");
  EXPECT_EQ(Ask("SET k 2 NX"), "$-1\r\n");
  EXPECT_EQ(Ask("SET k 3 XX"), "+OK\r\n");
  EXPECT_EQ(Ask("SET k 4 GET"), "$1\r\n3\r\n");
  EXPECT_EQ(Ask("SET k 5 NX GET"), "$1\r\n4\r\n");
  EXPECT_EQ(Ask("SET k 6 GET XX"), "$1\r\n4\r\n");
  EXPECT_EQ(Ask("SET k 7 KEEPTTL"), "+OK\r\n");
  EXPECT_EQ(Ask("GET k"), "$1\r\n7\r\n");
  EXPECT_EQ(Ask("SET k 8 NX XX"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("SET k 8 HUH"), "-ERR syntax error\r\n");
  for (const char* expiry : {"EX 10", "px 10", "EXAT 10", "PXAT 10"}) {
    EXPECT_TRUE(absl::StartsWith(Ask(absl::StrCat("SET k 8 ", expiry)),
                                 "-ERR keys that expire are not supported"))
        << expiry;
  }
  EXPECT_EQ(Ask("GET k"), "$1\r\n7\r\n");
}

TEST_F(RespCommandsTest, CountersBehaveAsInRedis) {
  EXPECT_EQ(Ask("INCR n"), ":1\r\n");
  EXPECT_EQ(Ask("INCRBY n 41"), ":42\r\n");
  EXPECT_EQ(Ask("DECR n"), ":41\r\n");
  EXPECT_EQ(Ask("DECRBY n -9"), ":50\r\n");
  EXPECT_EQ(Ask("DECRBY n -9223372036854775808"),
            "-ERR decrement would overflow\r\n");
  EXPECT_EQ(Ask("INCRBY n 9223372036854775807"),
            "-ERR increment or decrement would overflow\r\n");
  EXPECT_EQ(Ask("INCRBY n x"),
            "-ERR value is not an integer or out of range\r\n");
  Ask("SET s text");
  EXPECT_EQ(Ask("INCR s"), "-ERR value is not an integer or out of range\r\n");
}

TEST_F(RespCommandsTest, APipelineIsAnsweredInOrderWhateverItsKinds) {
  EXPECT_EQ(
      Ask({"PING", "SET k 1", "ECHO x", "INCR k", "GET k", "NOPE", "PING end"}),
      "+PONG\r\n+OK\r\n$1\r\nx\r\n:2\r\n$1\r\n2\r\n"
      "-ERR unknown command 'NOPE', with args beginning with: \r\n"
      "$3\r\nend\r\n");
}

TEST_F(RespCommandsTest, AnErrorAnswersWhatIsLeftAndKeepsTheOrder) {
  const std::vector<string_view> set = {"SET", "k", "v"};
  const std::vector<string_view> ping = {"PING"};
  RespPlan plan;
  for (const auto* words : {&set, &ping, &set}) {
    PlanRequest(
        *words, client_, [this] { return facts_; }, plan);
  }
  std::string out;
  EntryReply reply;
  reply.code = KvReply::Code::kUnknown;
  plan.WordError(ErrorOf(reply), out);
  const std::string unknown =
      "-TIMEOUT the outcome is unknown; it may yet take effect\r\n";
  EXPECT_EQ(out, absl::StrCat(unknown, "+PONG\r\n", unknown));
  EXPECT_TRUE(plan.done());
}

TEST_F(RespCommandsTest, ErrorsSayWhetherSomethingMayHaveHappened) {
  const auto error = [](KvReply::Code code) {
    EntryReply reply;
    reply.code = code;
    return ErrorOf(reply);
  };
  EXPECT_EQ(error(KvReply::Code::kNotLeader), "CLUSTERDOWN no leader");
  EXPECT_EQ(error(KvReply::Code::kBusy), "BUSY try again later");
  EXPECT_EQ(error(KvReply::Code::kUnknown),
            "TIMEOUT the outcome is unknown; it may yet take effect");
}

TEST_F(RespCommandsTest, MisuseIsWordedAsRedisWordsIt) {
  EXPECT_EQ(Ask("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(Ask("MSET a 1 b"),
            "-ERR wrong number of arguments for 'mset' command\r\n");
  EXPECT_EQ(Ask("FOO a b"),
            "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' "
            "\r\n");
  EXPECT_EQ(Ask("CLIENT NOPE"),
            "-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.\r\n");
  EXPECT_EQ(Ask("SELECT 1"), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(Ask("SELECT 0"), "+OK\r\n");
  EXPECT_EQ(Ask("CLUSTER INFO"),
            "-ERR This instance has cluster support disabled\r\n");
  EXPECT_EQ(Ask("HELLO 3"), "-NOPROTO unsupported protocol version\r\n");
}

TEST_F(RespCommandsTest, ClientsMayIntroduceThemselves) {
  EXPECT_EQ(Ask("CLIENT GETNAME"), "$-1\r\n");
  EXPECT_EQ(Ask("CLIENT SETNAME me"), "+OK\r\n");
  EXPECT_EQ(Ask("CLIENT GETNAME"), "$2\r\nme\r\n");
  EXPECT_EQ(Ask("CLIENT ID"), ":7\r\n");
  EXPECT_EQ(Ask("CLIENT SETINFO LIB-NAME lib"), "+OK\r\n");
  EXPECT_TRUE(absl::StrContains(Ask("CLIENT INFO"), "lib-name=lib"));
  EXPECT_EQ(Ask("RESET"), "+RESET\r\n");
  EXPECT_EQ(Ask("CLIENT GETNAME"), "$-1\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("HELLO 2 AUTH default x SETNAME you"),
                               "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  EXPECT_EQ(client_.name, "you");
  EXPECT_FALSE(client_.quit);
  EXPECT_EQ(Ask("QUIT"), "+OK\r\n");
  EXPECT_TRUE(client_.quit);
}

TEST_F(RespCommandsTest, RedisToolsFindWhatTheyAskFor) {
  EXPECT_EQ(Ask("CONFIG GET save"), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  EXPECT_EQ(Ask("CONFIG GET append*nly"),
            "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n");
  EXPECT_EQ(Ask("CONFIG GET nothing"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND DOCS"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND COUNT"),
            absl::StrCat(":", RespCommands().size(), "\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("COMMAND INFO get nope"),
                               "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n"));
  EXPECT_EQ(Ask("TIME"), "*2\r\n$10\r\n1700000000\r\n$2\r\n42\r\n");
}

TEST_F(RespCommandsTest, InfoAndRoleTellTheTruthAboutTheLead) {
  std::string info = Ask("INFO");
  EXPECT_TRUE(absl::StrContains(info, "role:master\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_current_term:3\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_stores_waiting:7\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_store_oldest_ms:30\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "loading:0\r\n"));
  EXPECT_EQ(Ask("ROLE"), "*3\r\n$6\r\nmaster\r\n:9\r\n*0\r\n");
  facts_.raft.role = raft::Role::kFollower;
  facts_.leader_redis = net::Address{"n2", 6380};
  info = Ask("INFO replication");
  EXPECT_TRUE(absl::StrContains(info, "role:slave\r\nmaster_host:n2\r\n"));
  EXPECT_FALSE(absl::StrContains(info, "# Raft"));
  EXPECT_EQ(Ask("ROLE"),
            "*5\r\n$5\r\nslave\r\n$2\r\nn2\r\n:6380\r\n$9\r\nconnected\r\n"
            ":9\r\n");
}

}  // namespace
}  // namespace kv
