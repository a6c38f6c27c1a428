// Whole hosts on simulated machines, that are told to run nodes: for what
// happens before and around a node's life (tests/raft/founding_test.cc,
// tests/raft/identity_test.cc).

#ifndef TESTS_RAFT_MACHINES_H_
#define TESTS_RAFT_MACHINES_H_

#include <cstddef>
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

#include "persist/disk.h"
#include "raft/host.h"
#include "runtime/fiber_group.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"
#include "sim/world.h"
#include "tests/raft/recorder.h"

namespace raft {

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

  // What the disk of `node` holds for certain, by path.
  using Copy = std::map<std::string, std::vector<std::byte>>;
  Copy CopyDisk(sim::HostId node) {
    Copy copy;
    for (const std::string& path : world_.disk(node - 1).ShadowPaths()) {
      const sim::ShadowFile file = *world_.disk(node - 1).Shadow(path);
      copy[path].resize(file.size());
      EXPECT_EQ(file.Read(0, copy[path]), file.size());
    }
    return copy;
  }
  // Such a copy is all that is on its disk. Requires: it is down.
  void PutBack(sim::HostId node, const Copy& copy) {
    Wipe(node);
    bool written = false;
    world_.Boot(node - 1, [&copy, &written](sim::Process& process) {
      runtime::FiberGroup fibers(process.storage_executor());
      fibers.Spawn("put-back", [&] {
        for (const auto& [path, bytes] : copy) {
          auto file =
              process.disk().Open(path, persist::OpenMode::kCreateExclusive);
          ASSERT_TRUE(file.ok()) << file.status();
          ASSERT_TRUE((*file)->WriteAt(0, bytes).ok());
          ASSERT_TRUE((*file)->SyncData().ok());
        }
        ASSERT_TRUE(process.disk().SyncDirectory("").ok());
        written = true;
      });
      (void)process.network_executor().SleepFor(absl::Seconds(2));
    });
    RunFor(absl::Seconds(3));
    EXPECT_TRUE(written);
  }
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

}  // namespace raft

#endif  // TESTS_RAFT_MACHINES_H_
