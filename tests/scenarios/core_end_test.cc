#include "scenarios/core_end.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "sim/sim_disk.h"

namespace scenarios {
namespace {

Scenario Short(uint32_t nodes) {
  Scenario scenario;
  scenario.name = "short";
  scenario.cluster.nodes = nodes;
  scenario.phases = {.warm_up = absl::Seconds(1),
                     .chaos = absl::Seconds(1),
                     .quiet = absl::Seconds(8)};
  scenario.choices.endings = {Ending::kCore};
  return scenario;
}

TEST(CoreEndTest, TheCoreIsAMajorityAndNeverEverybody) {
  for (const uint32_t nodes : {3u, 4u, 5u, 7u}) {
    std::set<std::vector<uint32_t>> cores;
    const Scenario scenario = Short(nodes);
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      sim::World world({.seed = seed});
      Cluster cluster(world, scenario.cluster);
      const CoreEnd end(world, cluster, scenario);
      EXPECT_GT(2 * end.core().size(), nodes);
      EXPECT_LT(end.core().size(), nodes);
      EXPECT_TRUE(std::is_sorted(end.core().begin(), end.core().end()));
      cores.insert(end.core());
    }
    EXPECT_GE(cores.size(), 3u);
  }
}

TEST(CoreEndTest, ACoreWorksWhateverIsBrokenOutside) {
  std::set<std::string> outside;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = RunScenario(Short(5), options);
    EXPECT_TRUE(result.passed()) << "seed " << seed << ": " << result.signature
                                 << ": " << result.message;
    for (const auto& [kind, count] : result.faults) {
      if (kind.starts_with("core.outside_")) outside.insert(kind);
    }
    EXPECT_EQ(result.knobs[1], "ending = core");
  }
  EXPECT_EQ(outside.size(), 7u) << "each way to be broken for good";
}

TEST(CoreEndTest, ACoreThatMayNotHaveTheTimeFails) {
  Scenario hasty = Short(5);
  Step crash;
  crash.at = absl::Milliseconds(1990);
  crash.deed = Act(Crash{{{Target::Kind::kAll, 0}}});
  hasty.steps.push_back(crash);
  hasty.demands.leader_within = absl::Milliseconds(1);
  RunOptions options;
  options.seed = 3;
  EXPECT_EQ(RunScenario(hasty, options).signature, "liveness-core-leader");
}

// A cluster in a world of its own, to which the test can do what no scenario
// can: break the core after it has healed.
class BrokenCore {
 public:
  explicit BrokenCore(uint64_t seed)
      : world_({.seed = seed}),
        scenario_(Short(5)),
        cluster_(world_, scenario_.cluster),
        end_(world_, cluster_, scenario_) {
    cluster_.BootAllThatAreDown();
    end_.Start();
    world_.RunFor(absl::Seconds(6));
  }

  // Stops the leader of the core for longer than the others wait for it.
  void DeposeLeader() {
    const uint32_t leader = cluster_.leader_of_majority(end_.core());
    if (leader == 0) return;
    world_.Pause(cluster_.host(leader));
    world_.RunFor(absl::Seconds(1));
    world_.Resume(cluster_.host(leader));
    world_.RunFor(absl::Seconds(1));
  }

  sim::World world_;
  Scenario scenario_;
  Cluster cluster_;
  CoreEnd end_;
};

TEST(CoreEndTest, LeadersThatChangeForEverAreALivelock) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    BrokenCore broken(seed);
    ASSERT_FALSE(broken.world_.failure().has_value());
    if (broken.end_.core().size() == 3) continue;  // It cannot lose anybody.
    for (int i = 0; i < 3; ++i) broken.DeposeLeader();
    ASSERT_TRUE(broken.world_.failure().has_value()) << "seed " << seed;
    EXPECT_EQ(broken.world_.failure()->check, "core-livelock");
    return;
  }
  FAIL() << "no seed with a core of four";
}

TEST(CoreEndTest, ALeaderThatChangesSinceANodeEndedIsNoLivelock) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    BrokenCore broken(seed);
    if (broken.end_.core().size() == 3) continue;
    for (int i = 0; i < 3; ++i) {
      broken.DeposeLeader();
      const std::vector<uint32_t>& core = broken.end_.core();
      const uint32_t member =
          broken.cluster_.leader() == core[0] ? core[1] : core[0];
      broken.cluster_.Kill(member);
      broken.cluster_.Boot(member);
      broken.world_.RunFor(absl::Seconds(1));
    }
    EXPECT_FALSE(broken.world_.failure().has_value()) << "seed " << seed;
    return;
  }
  FAIL() << "no seed with a core of four";
}

TEST(CoreEndTest, WholeDisksAreNoExcuse) {
  BrokenCore broken(2);
  EXPECT_EQ(broken.end_.Excuse(), std::nullopt);
}

TEST(CoreEndTest, ACommittedEntryOnNoDiskOfTheCoreIsAnExcuse) {
  BrokenCore broken(2);
  ASSERT_GT(broken.cluster_.checks().committed().value(), 0u);
  for (const uint32_t node : broken.end_.core()) {
    EXPECT_EQ(broken.end_.CommittedEntriesAreLost(), std::nullopt);
    broken.cluster_.PowerOff(node);
    broken.world_.disk(broken.cluster_.host(node)).Replace();
  }
  const std::optional<std::string> excuse =
      broken.end_.CommittedEntriesAreLost();
  ASSERT_TRUE(excuse.has_value());
  EXPECT_EQ(*excuse,
            "the core holds 0 of " +
                std::to_string(broken.cluster_.checks().committed().value()) +
                " committed entries");
}

// Nodes that are down for another reason than their disk are no excuse.
TEST(CoreEndTest, ADeadCoreIsNoExcuse) {
  BrokenCore broken(2);
  for (const uint32_t node : broken.end_.core()) broken.cluster_.Kill(node);
  EXPECT_EQ(broken.end_.TooFewDisksAreWhole(), std::nullopt);
  EXPECT_EQ(broken.end_.CommittedEntriesAreLost(), std::nullopt);
}

}  // namespace
}  // namespace scenarios
