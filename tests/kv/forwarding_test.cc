// What a node does with an entry that another one forwards to it.

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "kv/command.h"
#include "kv/service.h"
#include "net/client_end.h"
#include "raft/host.h"
#include "sim/sim_network.h"
#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

EntryReply Forward(sim::Process& process, int node, uint64_t founding) {
  CommandBatch batch;
  batch.Add(Operation::kAppend, {"k", "x"});
  net::ClientEnd rpc(process.network_executor(), process.network(),
                     process.Stream("rpc"),
                     {.targets = {{absl::StrCat("n", node), kRpcPort}}});
  net::CallResult<EntryReply> result = rpc.Call<EntryRequest, EntryReply>(
      kForwardMethod, EntryRequest{founding, EncodeEntry({}, {}, batch)});
  rpc.Stop();
  EXPECT_TRUE(result.ok()) << result.status;
  return result.response;
}

TEST(ForwardingTest, NothingIsDoneForANodeOfAnotherCluster) {
  KvCluster cluster(1);
  cluster.BootAll();
  const int leader = cluster.AwaitLeader();
  const uint64_t founding = cluster.server(leader)->host().founding();
  ASSERT_NE(founding, 0u);
  for (int node = 1; node <= kNodes; ++node) {
    EXPECT_EQ(cluster.server(node)->host().founding(), founding);
  }
  ASSERT_TRUE(cluster.RunClient([&](sim::Process& process) {
    EXPECT_EQ(Forward(process, leader, founding).code, KvReply::Code::kOk);
    const EntryReply refused = Forward(process, leader, founding + 1);
    EXPECT_EQ(refused.code, KvReply::Code::kNotLeader);
    EXPECT_EQ(refused.text, "it belongs to another cluster");
  }));
  EXPECT_EQ(cluster.server(leader)->store().Get("k"), "x");
}

}  // namespace
}  // namespace kv
