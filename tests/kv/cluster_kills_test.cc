// Clients that increment one counter while leaders are killed under them.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/kv/kv_cluster.h"

namespace kv {
namespace {

using sim::Process;

int64_t IntegerOf(const std::string& reply) {
  int64_t value = -1;
  EXPECT_TRUE(absl::StartsWith(reply, ":")) << reply;
  EXPECT_TRUE(absl::SimpleAtoi(reply.substr(1, reply.size() - 3), &value));
  return value;
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

}  // namespace
}  // namespace kv
