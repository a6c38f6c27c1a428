// At rest: each counter is compared with what is there, and one that is above
// it in the end of a whole run is a failure.

#include "scenarios/at_rest.h"

#include <string>

#include "gtest/gtest.h"

#include "scenarios/runner.h"

namespace scenarios {
namespace {

// How many counters are not what is there.
size_t Above(const kv::ServerLoad& load, const Connections& there) {
  size_t above = 0;
  for (const Counted& one : CountersOf(load, there)) {
    EXPECT_FALSE(one.what.empty());
    if (one.counted != one.there) ++above;
  }
  return above;
}

TEST(AtRestTest, NothingIsNothing) {
  EXPECT_EQ(Above(kv::ServerLoad(), {}), 0u);
}

TEST(AtRestTest, ConnectionsThatStandAreThere) {
  kv::ServerLoad load;
  load.peers.inbound = 2;
  load.rpc.connections_now = 1;
  EXPECT_EQ(Above(load, {.peers = 2, .rpc = 1}), 0u);
  EXPECT_EQ(Above(load, {.peers = 1, .rpc = 1}), 1u);
  EXPECT_EQ(Above(load, {.peers = 2}), 1u);
}

TEST(AtRestTest, AClientThatWentWithoutAWordIsThere) {
  kv::ServerLoad load;
  load.redis_clients = 1;
  load.redis_bytes = 16384;
  EXPECT_EQ(Above(load, {.redis = 1}), 0u);
  EXPECT_EQ(Above(load, {}), 2u);
  load.redis_clients = 2;
  EXPECT_EQ(Above(load, {.redis = 1}), 1u);
}

TEST(AtRestTest, EveryPlaceThatIsTakenIsSeen) {
  kv::ServerLoad load;
  load.node = {.waiters = 1, .transfers = 1, .events = 1, .held = 1};
  load.storage.stores_waiting = 1;
  load.storage.bytes_waiting = 1;
  load.peers.queued_bytes = 1;
  load.rpc.calls_now = 1;
  load.forwarded = {.calls = 1, .queued_bytes = 1};
  load.parked = 1;
  load.parked_bytes = 1;
  load.numbers_pending = 1;
  load.sessions_left = 1;
  load.redis_clients = 1;
  load.redis_bytes = 1;
  load.unfreed = 1;
  load.rpc.request_bytes_now = 1;
  EXPECT_EQ(Above(load, {}), 18u);
}

TEST(AtRestTest, AGoodRunEndsAtRest) {
  Scenario calm;
  calm.name = "calm";
  calm.phases = {.warm_up = absl::Seconds(1),
                 .chaos = absl::Seconds(2),
                 .quiet = absl::Seconds(6)};
  calm.workload.bank.clients = 2;
  calm.workload.leases.clients = 1;
  RunOptions options;
  const RunResult result = RunScenario(calm, options);
  EXPECT_TRUE(result.passed()) << result.signature << ": " << result.message;
}

}  // namespace
}  // namespace scenarios
