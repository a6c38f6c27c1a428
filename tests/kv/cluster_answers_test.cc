// What CLUSTER and ROLE say: the answers of Redis 7.0, as far as they can be
// true here.

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "tests/kv/introspection.h"

namespace kv {
namespace {

using absl::StrContains;

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
