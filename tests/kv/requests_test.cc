#include "kv/resp/requests.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/table.h"
#include "tests/kv/resp_fixture.h"

namespace kv {
namespace {

using absl::string_view;

using RequestsTest = RespFixture;

TEST_F(RequestsTest, StringsBehaveAsInRedis) {
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

TEST_F(RequestsTest, SetKnowsItsOptions) {
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
  EXPECT_EQ(Ask("SET k 8 EX 10 PX 10"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("SET k 8 EX"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("SET k 8 EX 0"),
            "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(Ask("GET k"), "$1\r\n7\r\n");
  EXPECT_EQ(Ask("SET k 8 EX 10"), "+OK\r\n");
  EXPECT_EQ(Ask("PTTL k"), ":10000\r\n");
  EXPECT_EQ(Ask("SET k 9 KEEPTTL"), "+OK\r\n");
  EXPECT_EQ(Ask("TTL k"), ":10\r\n");
  now_ms_ += 9'999;
  EXPECT_EQ(Ask("GET k"), "$1\r\n9\r\n");
  now_ms_ += 1;
  EXPECT_EQ(Ask("GET k"), "$-1\r\n");
  EXPECT_EQ(Ask("TTL k"), ":-2\r\n");
}

TEST_F(RequestsTest, CountersBehaveAsInRedis) {
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

TEST_F(RequestsTest, APipelineIsAnsweredInOrderWhateverItsKinds) {
  EXPECT_EQ(
      Ask({"PING", "SET k 1", "ECHO x", "INCR k", "GET k", "NOPE", "PING end"}),
      "+PONG\r\n+OK\r\n$1\r\nx\r\n:2\r\n$1\r\n2\r\n"
      "-ERR unknown command 'NOPE', with args beginning with: \r\n"
      "$3\r\nend\r\n");
}

TEST_F(RequestsTest, AnErrorAnswersWhatIsLeftAndKeepsTheOrder) {
  const std::vector<string_view> set = {"SET", "k", "v"};
  const std::vector<string_view> ping = {"PING"};
  RespPlan plan;
  for (const auto* words : {&set, &ping, &set}) {
    PlanRequest(*words, client_, host_, plan);
  }
  std::string out;
  EntryReply reply;
  reply.code = KvReply::Code::kUnknown;
  plan.WordError(ErrorOf(reply), out);
  const std::string unknown =
      "-UNCERTAIN the outcome is unknown; it may yet take effect\r\n";
  EXPECT_EQ(out, absl::StrCat(unknown, "+PONG\r\n", unknown));
  EXPECT_TRUE(plan.done());
}

TEST_F(RequestsTest, ErrorsSayWhetherSomethingMayHaveHappened) {
  const auto error = [](KvReply::Code code) {
    EntryReply reply;
    reply.code = code;
    return ErrorOf(reply);
  };
  EXPECT_EQ(error(KvReply::Code::kNotLeader), "CLUSTERDOWN no leader");
  EXPECT_EQ(error(KvReply::Code::kBusy),
            "BUSY the server has too much to do, try again later");
  EXPECT_EQ(error(KvReply::Code::kUnknown),
            "UNCERTAIN the outcome is unknown; it may yet take effect");
}

TEST_F(RequestsTest, MisuseIsWordedAsRedisWordsIt) {
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
  EXPECT_EQ(Ask("HELLO 4"), "-NOPROTO unsupported protocol version\r\n");
}

TEST_F(RequestsTest, ClientsMayIntroduceThemselves) {
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

TEST_F(RequestsTest, RedisToolsFindWhatTheyAskFor) {
  EXPECT_EQ(Ask("CONFIG GET save"), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  EXPECT_EQ(Ask("CONFIG GET append*nly"),
            "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n");
  EXPECT_EQ(Ask("CONFIG GET nothing"), "*0\r\n");
  EXPECT_EQ(Ask("CONFIG SET hz 20"), "+OK\r\n");
  EXPECT_EQ(Ask("CONFIG GET HZ"), "*2\r\n$2\r\nhz\r\n$2\r\n20\r\n");
  EXPECT_EQ(Ask("CONFIG SET databases 2"),
            "-ERR CONFIG SET failed (possibly related to argument "
            "'databases') - can't set immutable config\r\n");
  EXPECT_EQ(Ask("COMMAND GETKEYS mset a 1 b 2"),
            "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("COMMAND INFO get nope"),
                               "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n"));
  EXPECT_EQ(Ask("TIME"), "*2\r\n$10\r\n1700000000\r\n$2\r\n42\r\n");
}

TEST_F(RequestsTest, InfoAndRoleTellTheTruthAboutTheLead) {
  host_.facts.clients_accepted = 12;
  host_.facts.clients_refused = 2;
  host_.facts.requests = 345;
  std::string info = Ask("INFO");
  EXPECT_TRUE(absl::StrContains(info,
                                "# Stats\r\ntotal_connections_received:12\r\n"
                                "total_commands_processed:345\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "\r\nrejected_connections:2\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "role:master\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_current_term:3\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_stores_waiting:7\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "raft_store_oldest_ms:30\r\n"));
  EXPECT_TRUE(absl::StrContains(info, "loading:0\r\n"));
  host_.facts.members[1].heard = false;
  EXPECT_EQ(Ask("ROLE"),
            "*3\r\n$6\r\nmaster\r\n:9\r\n*1\r\n*3\r\n$2\r\nn3\r\n$4\r\n6381"
            "\r\n$1\r\n7\r\n");
  host_.facts.raft.role = raft::Role::kFollower;
  host_.facts.raft.leader = runtime::NodeId(2);
  info = Ask("INFO replication");
  EXPECT_TRUE(absl::StrContains(info, "role:slave\r\nmaster_host:n2\r\n"));
  EXPECT_FALSE(absl::StrContains(info, "# Raft"));
  EXPECT_EQ(Ask("ROLE"),
            "*5\r\n$5\r\nslave\r\n$2\r\nn2\r\n:6380\r\n$9\r\nconnected\r\n"
            ":9\r\n");
  host_.facts.led = false;
  EXPECT_TRUE(absl::StrContains(Ask("ROLE"), "$7\r\nconnect\r\n"));
  EXPECT_TRUE(absl::StrContains(Ask("INFO replication"),
                                "master_link_status:down\r\n"));
}

TEST_F(RequestsTest, ATransactionIsOneCommandAndOneAnswer) {
  EXPECT_EQ(Ask({"MULTI", "SET a 1", "PING", "INCR a", "INCR b c", "EXEC"}),
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
            "-ERR wrong number of arguments for 'incr' command\r\n"
            "-EXECABORT Transaction discarded because of previous errors."
            "\r\n");
  EXPECT_EQ(Ask("EXISTS a"), ":0\r\n");
  EXPECT_EQ(Ask({"MULTI", "SET a 1", "PING", "INCR a", "RENAME c a", "EXEC"})
                .substr(5 + 4 * 9),
            "*4\r\n+OK\r\n+PONG\r\n:2\r\n"
            "-ERR no such key\r\n");
  EXPECT_EQ(Ask({"MULTI", "SET a 9", "DISCARD", "GET a"}),
            "+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n2\r\n");
  EXPECT_EQ(Ask("EXEC"), "-ERR EXEC without MULTI\r\n");
  EXPECT_EQ(Ask("DISCARD"), "-ERR DISCARD without MULTI\r\n");
  EXPECT_EQ(Ask({"MULTI", "MULTI", "WATCH a", "EXEC"}),
            "+OK\r\n-ERR MULTI calls can not be nested\r\n"
            "-ERR WATCH inside MULTI is not allowed\r\n*0\r\n");
}

TEST_F(RequestsTest, TheRepliesOfATransactionAreBoundedTogether) {
  Ask("RPUSH l " + std::string(1 << 20, 'x'));
  std::vector<std::string> lines = {"MULTI"};
  for (int i = 0; i < 80; ++i) lines.emplace_back("RPOPLPUSH l l");
  lines.emplace_back("INCR n");
  lines.emplace_back("RPUSH n 1");
  lines.emplace_back("EXEC");
  const std::string answer = Ask(lines);
  EXPECT_LT(answer.size(), kReplyBytesMax);
  EXPECT_TRUE(absl::StrContains(answer, "*82\r\n$1048576\r\nxxx"));
  EXPECT_TRUE(absl::StrContains(answer, "-ERR the command was executed, but"));
  // Small ones are told to the end, and everything was done.
  EXPECT_TRUE(absl::EndsWith(answer,
                             ":1\r\n-WRONGTYPE Operation against a key holding "
                             "the wrong kind of value\r\n"));
  EXPECT_EQ(Ask("LLEN l"), ":1\r\n");
}

TEST_F(RequestsTest, WhatAClientKeepsHereIsBounded) {
  const std::string key(1 << 20, 'k');
  for (char c = 'a'; c < 'd'; ++c) {
    EXPECT_EQ(Ask(absl::StrCat("WATCH ", key, std::string(1, c))), "+OK\r\n");
  }
  EXPECT_EQ(Ask("WATCH " + key + "z"), "-ERR too many watched keys\r\n");
  EXPECT_EQ(client_.watched.size(), 3u);
  EXPECT_EQ(Ask("UNWATCH"), "+OK\r\n");
  std::vector<std::string> lines = {"MULTI"};
  for (int i = 0; i < 1000; ++i) lines.emplace_back("COMMAND");
  lines.emplace_back("EXEC");
  const std::string answer = Ask(lines);
  EXPECT_LT(answer.size(), kReplyBytesMax);
  EXPECT_TRUE(absl::EndsWith(
      answer, "-ERR the replies of the transaction are too large\r\n"));
}

TEST_F(RequestsTest, ATransactionHasRoomForALargePipeline) {
  // What client libraries send for a loop over as many keys.
  constexpr int kSets = 100'000;
  std::vector<std::string> lines = {"MULTI"};
  for (int i = 0; i < kSets; ++i) {
    lines.push_back(absl::StrCat("SET key:", i, " v EX 60"));
  }
  lines.emplace_back("EXEC");
  const std::string answer = Ask(lines);
  EXPECT_TRUE(absl::StrContains(answer, absl::StrCat("*", kSets, "\r\n+OK")));
  EXPECT_EQ(store_.key_count(), size_t{kSets});
  // A large answer within it, and beside it.
  Ask("SET big " + std::string(10 << 20, 'x'));
  EXPECT_GT(Ask({"MULTI", "GET big", "GET big", "EXEC"}).size(),
            size_t{20} << 20);
}

TEST_F(RequestsTest, ATransactionThatIsTooLargeIsRefusedWithItsLimit) {
  const std::string large(10 << 20, 'x');
  std::vector<std::string> lines = {"MULTI"};
  for (int i = 0; i < 7; ++i) lines.push_back("SET k " + large);
  lines.emplace_back("EXEC");
  lines.emplace_back("EXISTS k");
  const std::string answer = Ask(lines);
  EXPECT_TRUE(absl::EndsWith(
      answer,
      "+QUEUED\r\n-ERR the transaction is larger than 67108864 bytes "
      "(network.request_size_max)\r\n-EXECABORT Transaction discarded because "
      "of previous errors.\r\n:0\r\n"))
      << answer;
  // What is too large to be kept at all is refused likewise.
  std::string out;
  RespPlan plan;
  PlanRequest(std::vector<string_view>{"MULTI"}, client_, host_, plan);
  PlanRefusal("the request is too large", client_, host_, plan);
  CarryOut(plan, out);
  EXPECT_EQ(out, "+OK\r\n-ERR the request is too large\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("EXEC"), "-EXECABORT"));
}

TEST_F(RequestsTest, WhoSpeaksHttpIsNotAnswered) {
  for (const char* line : {"POST / HTTP/1.1", "host: localhost", "pOsT"}) {
    host_.attackers.clear();
    client_.quit = false;
    EXPECT_EQ(Ask(line), "") << line;
    EXPECT_TRUE(client_.quit) << line;
    EXPECT_EQ(host_.attackers, std::vector<uint64_t>{7}) << line;
  }
  client_.quit = false;
  EXPECT_EQ(Ask(std::vector<std::string>{"MULTI", "POST / HTTP/1.1"}),
            "+OK\r\n");
  EXPECT_TRUE(client_.quit);
}

TEST_F(RequestsTest, AWatchedKeyThatChangesCallsTheTransactionOff) {
  EXPECT_EQ(Ask({"SET a 1", "WATCH a b", "MULTI", "GET a", "EXEC"}),
            "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n$1\r\n1\r\n");
  // The same value again is a change, too.
  EXPECT_EQ(Ask({"WATCH a b", "SET a 1", "MULTI", "GET a", "EXEC"}),
            "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n");
  // So is to come and go.
  EXPECT_EQ(Ask({"WATCH b", "SET b 1", "DEL b", "MULTI", "EXEC"}),
            "+OK\r\n+OK\r\n:1\r\n+OK\r\n*-1\r\n");
  EXPECT_EQ(Ask({"WATCH b", "SET b 1", "UNWATCH", "MULTI", "EXEC"}),
            "+OK\r\n+OK\r\n+OK\r\n+OK\r\n*0\r\n");
  // EXEC forgets what was watched, whatever comes of it.
  EXPECT_EQ(Ask({"MULTI", "GET b", "EXEC"}),
            "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n1\r\n");
  Ask("SET a 2 PX 10");
  EXPECT_EQ(Ask("WATCH a"), "+OK\r\n");
  now_ms_ += 10;
  EXPECT_EQ(Ask({"MULTI", "PING", "EXEC"}), "+OK\r\n+QUEUED\r\n*-1\r\n");
}

TEST_F(RequestsTest, TheThirdVersionHasItsOwnWords) {
  EXPECT_TRUE(absl::StartsWith(Ask("HELLO 3"),
                               "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  EXPECT_EQ(Ask("GET none"), "_\r\n");
  EXPECT_EQ(Ask("CONFIG GET hz"), "%1\r\n$2\r\nhz\r\n$2\r\n10\r\n");
  EXPECT_TRUE(absl::StartsWith(Ask("INFO cluster"), "="));
  EXPECT_EQ(Ask("RESET"), "+RESET\r\n");
  EXPECT_EQ(Ask("GET none"), "$-1\r\n");
}

TEST_F(RequestsTest, ClientsThatFollowAreSentToTheLeader) {
  client_.redirects = true;
  host_.leader = net::Address{"n2", 6390};
  EXPECT_EQ(Ask("SET foo 1"), "-MOVED 12182 n2:6390\r\n");
  EXPECT_EQ(Ask("GET {foo}x"), "-MOVED 12182 n2:6390\r\n");
  EXPECT_EQ(Ask("WATCH foo"), "-MOVED 12182 n2:6390\r\n");
  EXPECT_EQ(Ask({"MULTI", "SET foo 1", "EXEC"}),
            "+OK\r\n-MOVED 12182 n2:6390\r\n-EXECABORT Transaction "
            "discarded because of previous errors.\r\n");
  // What has no key is forwarded, and so are reads of those who said READONLY.
  EXPECT_EQ(Ask("DBSIZE"), ":0\r\n");
  EXPECT_EQ(Ask({"READONLY", "GET foo", "SET foo 1"}),
            "+OK\r\n$-1\r\n-MOVED 12182 n2:6390\r\n");
  host_.leader.reset();
  EXPECT_EQ(Ask("SET foo 1"), "+OK\r\n");
}

TEST_F(RequestsTest, TheSlotMapNamesTheLeaderFirstAndIsNeverEmpty) {
  client_.redirects = true;
  host_.facts.last_leader = runtime::NodeId(2);
  host_.facts.raft.leader = runtime::NodeId();
  host_.facts.raft.role = raft::Role::kFollower;
  host_.facts.led = false;
  const std::string slots = Ask("CLUSTER SLOTS");
  EXPECT_TRUE(absl::StartsWith(
      slots, "*1\r\n*5\r\n:0\r\n:16383\r\n*4\r\n$2\r\nn2\r\n:6390\r\n"))
      << slots;
  const std::string id = Ask("CLUSTER MYID");
  EXPECT_TRUE(absl::StartsWith(id, "$40\r\n"));
  EXPECT_TRUE(absl::StrContains(
      Ask("CLUSTER NODES"),
      absl::StrCat(id.substr(5, 40), " n1:6389@6389 myself,slave ")));
  EXPECT_EQ(Ask("CLUSTER KEYSLOT foo"), ":12182\r\n");
  EXPECT_EQ(Ask("CLUSTER KEYSLOT {}foo"), ":9500\r\n");
}

TEST_F(RequestsTest, RepliesMayBeTurnedOff) {
  EXPECT_EQ(Ask({"CLIENT REPLY OFF", "SET k 1", "PING", "CLIENT REPLY ON"}),
            "+OK\r\n");
  EXPECT_EQ(Ask({"CLIENT REPLY SKIP", "INCR k", "INCR k"}), ":3\r\n");
}

}  // namespace
}  // namespace kv
