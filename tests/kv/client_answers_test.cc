// What a server says of its clients, and what of its settings they may change:
// the answers of Redis 7.0, as far as they can be true here.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/kv/introspection.h"

namespace kv {
namespace {

using absl::StrContains;
// Two texts in braces could be one text, from here to there.
using Lines = std::vector<std::string>;

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

}  // namespace
}  // namespace kv
