// Founding a cluster, and what must never found or join one: whole hosts on
// simulated machines.

#include "raft/founding.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "raft/core/core.h"
#include "raft/host.h"
#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace raft {
namespace {

class Recorder final : public StateMachine {
 public:
  void Apply(std::span<const Command> commands,
             std::span<runtime::Bytes> results) override {
    for (size_t i = 0; i < commands.size(); ++i) {
      applied.emplace_back(commands[i].payload.text());
      results[i] = runtime::Bytes();
    }
  }
  uint64_t StateHash() const override { return applied.size(); }

  std::vector<std::string> applied;
};

// Machines n1, n2, ... that are told to run nodes.
class Machines {
 public:
  explicit Machines(uint64_t seed, sim::HostId count = 3)
      : world_({.seed = seed, .knobs = {}}), slots_(count + 1) {
    for (sim::HostId node = 1; node <= count; ++node) {
      world_.AddHost(absl::StrCat("n", node));
    }
    world_.SetExitHandler(
        [this](sim::HostId host, int, const std::string& why) {
          slots_[host + 1].ended = why;
        });
  }

  // What discovery.peers of `node` names from now on; all, if not told.
  void Names(sim::HostId node, std::vector<sim::HostId> members) {
    slots_[node].members = std::move(members);
  }
  void Boot(sim::HostId node, bool init_cluster = true) {
    slots_[node].ended.reset();
    world_.Boot(node - 1, [this, node, init_cluster](sim::Process& process) {
      Serve(process, node, init_cluster);
    });
  }
  void Kill(sim::HostId node) { world_.PowerOff(node - 1); }
  void Wipe(sim::HostId node) { world_.disk(node - 1).Replace(); }
  void RunFor(absl::Duration span) {
    world_.RunFor(span);
    ASSERT_FALSE(world_.failure().has_value())
        << world_.failure()->check << ": " << world_.failure()->message;
  }

  bool up(sim::HostId node) const { return slots_[node].host != nullptr; }
  Host& host(sim::HostId node) { return *slots_[node].host; }
  std::vector<std::string> applied(sim::HostId node) const {
    return up(node) ? slots_[node].machine->applied
                    : std::vector<std::string>();
  }
  // Why the last life of `node` has ended by itself; empty: it has not.
  std::string ended(sim::HostId node) const {
    return slots_[node].ended.value_or("");
  }
  sim::HostId leader() {
    for (sim::HostId node = 1; node < slots_.size(); ++node) {
      if (up(node) && host(node).node().status().role == Role::kLeader) {
        return node;
      }
    }
    return 0;
  }
  // Tries at whoever leads until it is applied, or `span` has passed.
  bool Write(const std::string& command, absl::Duration span) {
    bool applied = false;
    for (absl::Duration at; !applied && at < span;
         at += absl::Milliseconds(50)) {
      const sim::HostId node = leader();
      if (node != 0) {
        slots_[node].executor->Post([this, node, command, &applied] {
          slots_[node].fibers->Spawn("write", [this, node, command, &applied] {
            const Outcome outcome = host(node).node().Propose(
                runtime::Bytes::Copy(command),
                slots_[node].executor->Now() + absl::Milliseconds(40));
            if (outcome.kind == Outcome::Kind::kApplied) applied = true;
          });
        });
      }
      world_.RunFor(absl::Milliseconds(50));
    }
    return applied;
  }
  sim::World& world() { return world_; }

 private:
  struct Slot {
    std::vector<sim::HostId> members;
    std::optional<std::string> ended;
    Host* host = nullptr;
    Recorder* machine = nullptr;
    runtime::Executor* executor = nullptr;
    runtime::FiberGroup* fibers = nullptr;
  };

  void Serve(sim::Process& process, sim::HostId node, bool init_cluster) {
    Slot& slot = slots_[node];
    HostOptions options;
    options.cluster = runtime::ClusterId(7);
    options.self = NodeId(node);
    options.listen = {absl::StrCat("n", node), 7001};
    std::vector<sim::HostId> members = slot.members;
    for (sim::HostId all = 1; slot.members.empty() && all < slots_.size();
         ++all) {
      members.push_back(all);
    }
    for (const sim::HostId member : members) {
      options.members.push_back(
          {NodeId(member), {absl::StrCat("n", member), 7001}});
    }
    options.storage.segment_bytes = 64 << 10;
    options.init_cluster = init_cluster;
    Recorder machine;
    std::optional<absl::Status> outlived;
    runtime::WaitQueue end(process.network_executor());
    absl::StatusOr<std::unique_ptr<Host>> started =
        Host::Start({.network_executor = process.network_executor(),
                     .storage_executor = process.storage_executor(),
                     .network = process.network(),
                     .disk = process.disk(),
                     .random = process.Stream("raft"),
                     .observer = nullptr,
                     .on_storage_failure = {},
                     .on_outlived =
                         [&](const absl::Status& why) {
                           outlived = why;
                           end.NotifyAll();
                         }},
                    options, machine);
    if (!started.ok()) process.Exit(2, started.status().message());
    runtime::FiberGroup fibers(process.network_executor());
    struct Visible {
      Slot& slot;
      ~Visible() {
        slot.host = nullptr;
        slot.machine = nullptr;
      }
    } const visible{slot};
    slot.host = started->get();
    slot.machine = &machine;
    slot.executor = &process.network_executor();
    slot.fibers = &fibers;
    while (!outlived.has_value()) {
      if (!end.Wait().ok()) return;
    }
    process.Exit(2, outlived->message());
  }

  sim::World world_;
  std::vector<Slot> slots_;  // By node; 0 is nobody.
};

TEST(FoundingTest, NobodyFoundsBeforeEverybodyIsThere) {
  Machines machines(1);
  machines.Boot(1);
  machines.Boot(2);
  machines.RunFor(absl::Seconds(10));
  EXPECT_FALSE(machines.up(1));
  EXPECT_FALSE(machines.up(2));
  EXPECT_EQ(machines.ended(1) + machines.ended(2), "");
  machines.Boot(3);
  EXPECT_TRUE(machines.Write("x", absl::Seconds(3)));
  for (const sim::HostId node : {1u, 2u, 3u}) EXPECT_TRUE(machines.up(node));
}

TEST(FoundingTest, OneAloneFoundsAtOnce) {
  Machines machines(1, 1);
  machines.Boot(1);
  EXPECT_TRUE(machines.Write("x", absl::Seconds(1)));
}

TEST(FoundingTest, WhoeverIsKilledMeanwhileFoundsTheSameCluster) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Machines machines(seed);
    runtime::Random dice(runtime::StreamSeed(seed, "test.kills"));
    for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
    for (int i = 0; i < 12; ++i) {
      machines.RunFor(
          dice.Between(absl::Milliseconds(1), absl::Milliseconds(60)));
      const auto node = static_cast<sim::HostId>(dice.Between(1, 3));
      machines.Kill(node);
      machines.RunFor(
          dice.Between(absl::Milliseconds(1), absl::Milliseconds(60)));
      machines.Boot(node);
    }
    EXPECT_TRUE(machines.Write("x", absl::Seconds(5))) << seed;
    machines.RunFor(absl::Seconds(1));
    for (const sim::HostId node : {1u, 2u, 3u}) {
      EXPECT_EQ(machines.ended(node), "") << seed;
      EXPECT_EQ(machines.applied(node), std::vector<std::string>{"x"}) << seed;
    }
  }
}

// Kill one; what is acknowledged now lies on the two others. Kill these, and
// one of them loses its disk: the one that has nothing and the one that never
// had it are a majority.
TEST(FoundingTest, AnEmptiedDirectoryDoesNotFoundAgain) {
  for (const bool holder_is_there : {false, true}) {
    Machines machines(1);
    for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
    machines.RunFor(absl::Seconds(2));
    machines.Kill(2);
    ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
    machines.RunFor(absl::Seconds(1));
    machines.Kill(1);
    machines.Kill(3);
    machines.Wipe(3);
    if (holder_is_there) machines.Boot(1);
    machines.Boot(2);
    machines.Boot(3);
    machines.RunFor(absl::Seconds(5));
    EXPECT_FALSE(machines.up(3));
    EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"))
        << machines.ended(3);
    if (!holder_is_there) {
      EXPECT_EQ(machines.leader(), 0u);
      EXPECT_FALSE(machines.Write("other", absl::Seconds(2)));
      machines.Boot(1);
    }
    EXPECT_TRUE(machines.Write("later", absl::Seconds(3)));
    EXPECT_EQ(machines.applied(2),
              (std::vector<std::string>{"precious", "later"}));
  }
}

// The one that was down since the founding knows nothing but its first entry.
TEST(FoundingTest, AnEmptiedDirectoryIsKnownToOneThatOnlyFounded) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  while (!(machines.up(1) && machines.up(2) && machines.up(3))) {
    machines.RunFor(absl::Milliseconds(1));
  }
  machines.Kill(2);
  ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
  machines.Kill(1);
  machines.Kill(3);
  machines.Wipe(3);
  machines.Boot(2);
  machines.Boot(3);
  machines.RunFor(absl::Seconds(5));
  EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"));
  EXPECT_EQ(machines.leader(), 0u);
}

TEST(FoundingTest, AnEmptyDirectoryWaitsForTheOneThatMayKnow) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(2));
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Kill(node);
  machines.Wipe(2);
  machines.Wipe(3);
  machines.Boot(2);
  machines.Boot(3);
  machines.RunFor(absl::Seconds(10));
  EXPECT_EQ(machines.ended(2) + machines.ended(3), "");
  EXPECT_EQ(machines.leader(), 0u);
  machines.Boot(1);
  machines.RunFor(absl::Seconds(2));
  EXPECT_TRUE(absl::StrContains(machines.ended(2), "never votes"));
  EXPECT_TRUE(absl::StrContains(machines.ended(3), "never votes"));
}

TEST(FoundingTest, UnequalListsDoNotFound) {
  Machines machines(1, 5);
  machines.Names(1, {1, 2, 3});
  machines.Names(2, {1, 2, 3});
  for (sim::HostId node = 1; node <= 5; ++node) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  EXPECT_EQ(machines.leader(), 0u);
  bool said = false;
  for (sim::HostId node = 1; node <= 5; ++node) {
    EXPECT_FALSE(machines.up(node));
    said |= absl::StrContains(machines.ended(node), "n1, n2, n3") &&
            absl::StrContains(machines.ended(node), "n1, n2, n3, n4, n5");
  }
  EXPECT_TRUE(said);
}

// Two new machines and one that was emptied would be a majority of five.
TEST(FoundingTest, AClusterDoesNotGrowByTheFile) {
  Machines machines(1, 5);
  for (const sim::HostId node : {1u, 2u, 3u}) {
    machines.Names(node, {1, 2, 3});
    machines.Boot(node);
  }
  ASSERT_TRUE(machines.Write("precious", absl::Seconds(3)));
  machines.Kill(3);
  machines.Wipe(3);
  machines.Names(3, {1, 2, 3, 4, 5});
  for (const sim::HostId node : {3u, 4u, 5u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  for (const sim::HostId node : {3u, 4u, 5u}) {
    EXPECT_FALSE(machines.up(node));
    EXPECT_TRUE(absl::StrContains(machines.ended(node), "n1, n2, n3,"))
        << machines.ended(node);
  }
  EXPECT_TRUE(machines.Write("later", absl::Seconds(3)));
}

// Founded alone, then the file was mended: it must not go on leading itself.
TEST(FoundingTest, AFileThatNamesOthersThanTheLogIsRefused) {
  Machines machines(1);
  machines.Names(1, {1});
  machines.Boot(1);
  ASSERT_TRUE(machines.Write("x", absl::Seconds(2)));
  machines.Kill(1);
  machines.Names(1, {1, 2, 3});
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  machines.RunFor(absl::Seconds(3));
  EXPECT_TRUE(absl::StrContains(
      machines.ended(1), "founded by n1, and discovery.peers names n1, n2, n3"))
      << machines.ended(1);
  EXPECT_EQ(machines.leader(), 0u);
}

// Two clusters of the same name that were founded at two times.
TEST(FoundingTest, ANodeOfAnotherFoundingIsRefusedAndGoesOnAlone) {
  Machines machines(1);
  for (const sim::HostId node : {1u, 2u, 3u}) machines.Boot(node);
  ASSERT_TRUE(machines.Write("old", absl::Seconds(3)));
  machines.Kill(1);
  for (const sim::HostId node : {2u, 3u}) {
    machines.Kill(node);
    machines.Wipe(node);
    machines.Names(node, {2, 3});
    machines.Boot(node);
  }
  ASSERT_TRUE(machines.Write("new", absl::Seconds(3)));
  machines.Boot(1);
  machines.RunFor(absl::Seconds(3));
  EXPECT_TRUE(machines.up(1));
  EXPECT_EQ(machines.host(1).node().status().leader, NodeId());
  EXPECT_GT(machines.host(1).transport().stats().refused_by_peers, 0u);
  EXPECT_TRUE(machines.Write("newer", absl::Seconds(3)));
}

TEST(FoundingTest, WithoutTheFlagNothingIsTouched) {
  Machines machines(1);
  machines.Boot(1, false);
  machines.RunFor(absl::Seconds(1));
  EXPECT_TRUE(absl::StrContains(machines.ended(1), "--init-cluster"));
  EXPECT_TRUE(machines.world().disk(0).ShadowPaths().empty());
}

// ----------------------------------------------------------------- strangers

TEST(StrangerTest, WhoIsNoMemberIsNotObeyed) {
  runtime::Random dice(1);
  const Core::Env env{.now = runtime::Instant(), .dice = dice};
  const Record founding = BootstrapEntry({NodeId(1), NodeId(2), NodeId(3)});
  Core core({.self = NodeId(1),
             .group = runtime::GroupId(1),
             .options = {},
             .hard_state = {.term = founding.term, .vote = {}, .commit = {}},
             .entries = {founding},
             .stored = {}},
            env);
  const auto tell = [&](Message message) {
    Effects effects;
    core.Step(env,
              Inbound{.from = NodeId(4),
                      .incarnation = runtime::Incarnation(1),
                      .message = std::move(message)},
              effects);
    EXPECT_TRUE(effects.sends.empty());
    EXPECT_TRUE(effects.stores.empty());
    EXPECT_EQ(core.term(), Term(1));
    EXPECT_EQ(core.leader(), NodeId());
    EXPECT_EQ(core.vote(), NodeId());
  };
  const Term later(9);
  tell(HeartbeatRequest{.term = later, .commit = {}});
  tell(AppendRequest{.term = later,
                     .previous_index = Index(1),
                     .previous_term = Term(1),
                     .commit = {},
                     .entries = {}});
  tell(VoteRequest{.term = later, .last_index = Index(9), .last_term = later});
  tell(PreVoteRequest{
      .campaign_term = later, .last_index = Index(9), .last_term = later});
  tell(AppendReply{.term = later, .match = {}});
  tell(TimeoutNow{.term = Term(9), .last_index = Index(1)});
}

TEST(ConfigurationTest, IdentitiesAreKept) {
  const Configuration founders{
      .voters = {NodeId(1), NodeId(4)},
      .identities = {{.high = 1, .low = 2}, {.high = 3, .low = 4}}};
  const absl::StatusOr<Configuration> read =
      DecodeConfiguration(EncodeConfiguration(founders).span());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, founders);
  EXPECT_EQ(read->IdentityOf(NodeId(4)), (Identity{.high = 3, .low = 4}));
  EXPECT_TRUE(read->IdentityOf(NodeId(2)).IsNone());
  const runtime::ClusterId cluster(7);
  EXPECT_NE(
      FoundingFingerprint(cluster, BootstrapEntry(founders)),
      FoundingFingerprint(cluster, BootstrapEntry({NodeId(1), NodeId(4)})));
}

}  // namespace
}  // namespace raft
