// The driver, whole: real cores, logs and transports on simulated hosts.

#include "raft/host.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "sim/world.h"
#include "tests/raft/recorder.h"

namespace raft {
namespace {

// Counts the steps of a core after its disk has failed.
class StepsAfterFailure final : public NodeObserver {
 public:
  void OnStarted(const Core&, runtime::Instant) override {}
  void OnEvent(const Core&, const Event&, runtime::Instant) override {
    ++(failed_ ? after_ : before_);
  }
  void OnStep(const Core&, const Effects&) override {}
  void OnSendLeaves(const Core&, const Send&) override {}
  void OnApplied(const Core&, std::span<const Command>,
                 std::span<const runtime::Bytes>, Index, uint64_t) override {}
  void OnAnswered(const Core&, Ticket, const Outcome&) override {}
  void OnStored(const Core&, Sequence) override {}
  void OnStorageFailed(const Core&) override { failed_ = true; }

  int before() const { return before_; }
  int after() const { return after_; }

 private:
  bool failed_ = false;
  int before_ = 0;
  int after_ = 0;
};

// Three hosts that found a group, and handles to look inside while they live.
class Trio {
 public:
  static constexpr uint64_t kStoresUnderWayMax = 8;

  // `observer` may be null; it sees the first host.
  explicit Trio(uint64_t seed, NodeObserver* observer = nullptr)
      : observer_(observer), world_({.seed = seed, .knobs = {}}) {
    for (int i = 1; i <= 3; ++i) world_.AddHost(absl::StrCat("n", i));
    for (sim::HostId host = 0; host < 3; ++host) Boot(host);
  }

  void Boot(sim::HostId host) {
    world_.Boot(host, [this](sim::Process& process) { Serve(process); });
  }

  sim::World& world() { return world_; }
  Node* node(sim::HostId host) { return nodes_[host]; }
  Recorder* machine(sim::HostId host) { return machines_[host]; }
  // Where node() lives.
  runtime::Executor* executor(sim::HostId host) { return executors_[host]; }

  // Soon runs `visit` on a fiber of the node's process.
  void Visit(sim::HostId host, std::function<void()> visit) {
    executors_[host]->Post([this, host, visit = std::move(visit)] {
      fibers_[host]->Spawn("visitor", visit);
    });
  }

  // Commands that some node said were applied.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }

  Node* Leader() {
    for (const auto& [host, node] : nodes_) {
      if (node != nullptr && node->status().role == Role::kLeader) return node;
    }
    return nullptr;
  }
  sim::HostId LeaderHost() {
    for (const auto& [host, node] : nodes_) {
      if (node != nullptr && node->status().role == Role::kLeader) return host;
    }
    return 99;
  }

 private:
  // Says goodbye also when the process is killed.
  struct Visible {
    Trio& trio;
    sim::HostId host;
    ~Visible() {
      trio.nodes_[host] = nullptr;
      trio.machines_[host] = nullptr;
    }
  };

  void Serve(sim::Process& process) {
    const sim::HostId host = process.host();
    HostOptions options;
    options.cluster = runtime::ClusterId(7);
    options.self = NodeId(host + 1);
    options.listen = {world_.host_name(host), 7001};
    for (uint64_t i = 1; i <= 3; ++i) {
      options.members.push_back(
          {NodeId(i), {world_.host_name(static_cast<uint32_t>(i - 1)), 7001}});
    }
    options.storage.segment_bytes = 64 << 10;
    options.storage.under_way.stores_max = kStoresUnderWayMax;
    options.init_cluster = true;
    Recorder machine;
    const Visible visible{*this, host};
    absl::StatusOr<std::unique_ptr<Host>> started =
        Host::Start({.network_executor = process.network_executor(),
                     .storage_executor = process.storage_executor(),
                     .network = process.network(),
                     .disk = process.disk(),
                     .random = process.Stream("raft"),
                     .observer = host == 0 ? observer_ : nullptr,
                     .on_storage_failure = {},
                     .on_outlived = {}},
                    options, machine);
    ASSERT_TRUE(started.ok()) << started.status();
    nodes_[host] = &(*started)->node();
    machines_[host] = &machine;
    executors_[host] = &process.network_executor();
    runtime::FiberGroup fibers(process.network_executor());
    fibers_[host] = &fibers;
    fibers.Spawn("proposer", [&] { ProposeForEver(process, **started); });
    (void)process.network_executor().Park();
  }

  // Every node proposes all the time; those that do not lead are refused.
  void ProposeForEver(sim::Process& process, Host& host) {
    runtime::Executor& executor = process.network_executor();
    for (int i = 0;; ++i) {
      const std::string command =
          absl::StrCat(process.host(), "/", process.boot(), "/", i);
      const Outcome outcome =
          host.node().Propose(runtime::Bytes::Copy(command),
                              executor.Now() + absl::Milliseconds(500));
      if (outcome.kind == Outcome::Kind::kApplied) {
        acknowledged_.push_back(command);
        EXPECT_TRUE(
            host.node().ReadBarrier(executor.Now() + absl::Seconds(1)).ok() ||
            host.node().status().role != Role::kLeader);
      }
      if (!executor.SleepFor(absl::Milliseconds(20)).ok()) return;
    }
  }

  NodeObserver* const observer_;
  std::vector<std::string> acknowledged_;
  std::map<sim::HostId, runtime::Executor*> executors_;
  std::map<sim::HostId, runtime::FiberGroup*> fibers_;
  std::map<sim::HostId, Node*> nodes_;
  std::map<sim::HostId, Recorder*> machines_;
  sim::World world_;
};

TEST(HostTest, ThreeNodesElectOneLeader) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Trio trio(seed);
    trio.world().RunFor(absl::Seconds(3));
    ASSERT_FALSE(trio.world().failure().has_value())
        << trio.world().failure()->check << " "
        << trio.world().failure()->message;
    int leaders = 0;
    for (sim::HostId host = 0; host < 3; ++host) {
      ASSERT_NE(trio.node(host), nullptr);
      leaders += trio.node(host)->status().role == Role::kLeader ? 1 : 0;
    }
    EXPECT_EQ(leaders, 1) << "seed " << seed;
    EXPECT_GT(trio.acknowledged().size(), 20u) << "seed " << seed;
  }
}

TEST(HostTest, WhatWasAcknowledgedSurvivesAPowerCutOfAll) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Trio trio(seed);
    trio.world().RunFor(absl::Seconds(3));
    const std::vector<std::string> before = trio.acknowledged();
    ASSERT_FALSE(before.empty());
    for (sim::HostId host = 0; host < 3; ++host) trio.world().PowerOff(host);
    for (sim::HostId host = 0; host < 3; ++host) {
      EXPECT_EQ(trio.node(host), nullptr);
      trio.Boot(host);
    }
    trio.world().RunFor(absl::Seconds(3));
    ASSERT_FALSE(trio.world().failure().has_value());
    ASSERT_NE(trio.Leader(), nullptr) << "seed " << seed;
    const std::vector<std::string>& now =
        trio.machine(trio.LeaderHost())->applied;
    for (const std::string& command : before) {
      EXPECT_EQ(std::count(now.begin(), now.end(), command), 1)
          << command << " seed " << seed;
    }
  }
}

TEST(HostTest, AMessageThatIsThereAlreadyIsNotTakenAfterTheDiskHasFailed) {
  StepsAfterFailure steps;
  Trio trio(1, &steps);
  trio.world().RunFor(absl::Seconds(1));
  trio.executor(0)->Post([&trio] {
    trio.node(0)->OnPeerLink(NodeId(2), false);
    trio.node(0)->OnFailure(absl::DataLossError("the disk is gone"));
  });
  trio.world().RunFor(absl::Seconds(1));
  EXPECT_GT(steps.before(), 10);
  EXPECT_EQ(steps.after(), 0);
}

// One deadline covers all stages: here the disk of the leader hangs, so that
// what it proposes stays where it is.
TEST(HostTest, AProposalEndsAtItsDeadlineWhateverHangs) {
  Trio trio(1);
  trio.world().RunFor(absl::Seconds(2));
  ASSERT_NE(trio.Leader(), nullptr);
  const sim::HostId leader = trio.LeaderHost();
  for (sim::HostId host = 0; host < 3; ++host) {
    trio.world().disk(host).SetStuck(true);
  }
  runtime::Executor& executor = *trio.executor(leader);
  const runtime::Instant began = executor.Now();
  std::optional<Outcome> outcome;
  runtime::Instant ended;
  trio.Visit(leader, [&] {
    outcome = trio.node(leader)->Propose(runtime::Bytes::Copy("late"),
                                         began + absl::Milliseconds(200));
    ended = executor.Now();
  });
  trio.world().RunFor(absl::Milliseconds(400));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Outcome::Kind::kUnknown);
  EXPECT_LE(ended - began, absl::Milliseconds(210));
  EXPECT_GT(trio.node(leader)->storage_status().stores.stores_waiting, 0u);
}

// What finds no room on the way to a disk that hangs never enters the log; the
// heartbeats go on, and all stay with their leader until it steps down.
TEST(HostTest, AFullGateRefusesProposalsAndLetsHeartbeatsThrough) {
  Trio trio(1);
  trio.world().RunFor(absl::Seconds(2));
  ASSERT_NE(trio.Leader(), nullptr);
  const sim::HostId leader = trio.LeaderHost();
  Node& node = *trio.Leader();
  const Term term = node.status().term;
  trio.world().disk(leader).SetStuck(true);
  std::vector<Outcome> outcomes;
  Index last_when_full;
  trio.Visit(leader, [&] {
    runtime::Executor& executor = *trio.executor(leader);
    for (uint64_t i = 0; i < 2 * Trio::kStoresUnderWayMax; ++i) {
      outcomes.push_back(node.Propose(runtime::Bytes::Copy("late"),
                                      executor.Now() + absl::Milliseconds(2)));
      if (i == Trio::kStoresUnderWayMax) last_when_full = node.status().last;
    }
  });
  trio.world().RunFor(absl::Milliseconds(450));
  ASSERT_EQ(outcomes.size(), 2 * Trio::kStoresUnderWayMax);
  EXPECT_EQ(outcomes.front().kind, Outcome::Kind::kUnknown);
  EXPECT_EQ(outcomes.back().kind, Outcome::Kind::kRefused);
  EXPECT_EQ(outcomes.back().reason, RefusalReason::kStorageFull);
  EXPECT_EQ(node.status().last, last_when_full);
  EXPECT_EQ(node.storage_status().stores.stores_waiting,
            Trio::kStoresUnderWayMax);
  for (sim::HostId host = 0; host < 3; ++host) {
    EXPECT_EQ(trio.node(host)->status().term, term);
    EXPECT_EQ(trio.node(host)->status().leader, NodeId(leader + 1));
  }
  trio.world().disk(leader).SetStuck(false);
  trio.world().RunFor(absl::Seconds(1));
  EXPECT_EQ(trio.node(leader)->storage_status().stores.stores_waiting, 0u);
}

// The lead goes to whoever is named, and the caller hears of it.
TEST(HostTest, LeadershipIsTransferred) {
  Trio trio(1);
  trio.world().RunFor(absl::Seconds(2));
  ASSERT_NE(trio.Leader(), nullptr);
  const sim::HostId from = trio.LeaderHost();
  const sim::HostId to = (from + 1) % 3;
  runtime::Executor& executor = *trio.executor(from);
  std::optional<absl::Status> moved;
  trio.Visit(from, [&] {
    moved = trio.node(from)->TransferLeadership(
        NodeId(to + 1), executor.Now() + absl::Seconds(1));
  });
  trio.world().RunFor(absl::Milliseconds(100));
  ASSERT_TRUE(moved.has_value());
  EXPECT_TRUE(moved->ok()) << *moved;
  EXPECT_EQ(trio.LeaderHost(), to);
}

TEST(HostTest, TheSameSeedGivesTheSameRun) {
  const auto run = [](uint64_t seed) {
    Trio trio(seed);
    trio.world().RunFor(absl::Seconds(2));
    EXPECT_NE(trio.Leader(), nullptr);
    if (trio.Leader() != nullptr) trio.world().PowerOff(trio.LeaderHost());
    trio.world().RunFor(absl::Seconds(2));
    return trio.world().digest().value();
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

}  // namespace
}  // namespace raft
