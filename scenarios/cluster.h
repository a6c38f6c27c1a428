// The nodes of one cluster on the hosts of a world: the very kv::Server that
// raft_server runs, booted, killed and booted again, watched by every safety
// check.
//
// Nodes are numbered from 1; node 2 runs on the host "n2", its disk survives
// its processes. A process that ends by itself (its storage failed, it refused
// to start) is reported to the exit handler, whose business it is to boot it
// again.
//
// A node is told to found the cluster (--init-cluster) at every start, or until
// a life of it has started (ClusterShape::init_cluster): either way one whose
// disk comes back empty must not.

#ifndef SCENARIOS_CLUSTER_H_
#define SCENARIOS_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/server.h"
#include "net/address.h"
#include "persist/disk.h"
#include "raft/node.h"
#include "scenarios/checks/safety_checks.h"
#include "scenarios/checks/violations.h"
#include "scenarios/damage_ledger.h"
#include "scenarios/narrator.h"
#include "scenarios/raft_lens.h"
#include "scenarios/scenario.h"
#include "scenarios/wall_times.h"
#include "sim/world.h"

namespace scenarios {

// What stands between a node and its disk; null: nothing. Called at each boot.
using DiskWrapper = std::function<std::unique_ptr<persist::Disk>(
    uint32_t node, persist::Disk& disk)>;

class Cluster {
 public:
  static constexpr uint16_t kPeerPort = 7001;
  static constexpr uint16_t kRpcPort = 7002;
  static constexpr uint16_t kRedisPort = 6379;
  static constexpr uint16_t kClusterPort = 6380;

  // Adds the hosts; boots nothing. `world` must outlive this.
  Cluster(sim::World& world, const ClusterShape& shape,
          Atlas atlas = Atlas::kWithin, DiskWrapper wrap_disk = nullptr);
  ~Cluster();

  uint32_t size() const { return shape_.nodes; }
  sim::HostId host(uint32_t node) const { return hosts_[node - 1]; }
  net::Address rpc_address(uint32_t node) const;
  net::Address redis_address(uint32_t node) const;
  // Of the door that answers MOVED.
  net::Address cluster_address(uint32_t node) const;

  // Nodes that are booted from now on listen for Redis clients.
  void OpenRedisDoors() { redis_ = true; }

  // Requires: !running(node).
  void Boot(uint32_t node);
  // As a signal stops raft_server: the node has `grace` for what is under way,
  // then ends by itself with exit code 0. False: it is not up yet.
  // Requires: running(node).
  bool Stop(uint32_t node, absl::Duration grace);
  void BootAllThatAreDown();
  // kill -9. Nothing if it does not run.
  void Kill(uint32_t node);
  void PowerOff(uint32_t node);
  // The node goes down and loses its disk; it will find an empty one. False,
  // and nothing is done, if the atlas forbids it.
  bool Wipe(uint32_t node);

  // All jumps go through here, so that what clocks can have shown is known.
  void JumpWallClock(uint32_t node, absl::Duration by);
  const WallTimes& walls() const { return walls_; }

  bool running(uint32_t node) const { return world_.running(host(node)); }
  // Asked to, and not ended yet.
  bool stopping(uint32_t node) const {
    return running(node) && asked_to_stop_[node - 1];
  }
  // Its last life has ended because it was asked to.
  bool ended_as_asked(uint32_t node) const {
    return !running(node) && asked_to_stop_[node - 1] &&
           last_exit_code(node) == 0;
  }
  // Null: it does not run, or is not up yet.
  const NodeView* View(uint32_t node) const { return checks_->View(node); }
  // The running leader of the highest term; 0 if none.
  uint32_t leader() const;
  // The one of `among` that leads in their highest term, and whom a majority of
  // the cluster follows that belongs to `among`; 0 if none.
  uint32_t leader_of_majority(const std::vector<uint32_t>& among) const;
  // Every node: 1, 2, ...
  const std::vector<uint32_t>& nodes() const { return nodes_; }
  // "n1 leader of term 3, 17 committed; n2 is down": for evidence.
  std::string Describe(const std::vector<uint32_t>& nodes) const;
  // How the last process of the node ended by itself; 0: it did not.
  int last_exit_code(uint32_t node) const { return exit_codes_[node - 1]; }

  // Called when a process has ended by itself; may boot it again.
  void SetExitHandler(std::function<void(uint32_t node, int code)> handler) {
    on_exit_ = std::move(handler);
  }

  // Somebody else may watch, too: called for each new life with the observer of
  // the checks, returns the one to use, which hands on everything. Both must
  // outlive the life.
  using Tap =
      std::function<raft::NodeObserver*(uint32_t node, raft::NodeObserver*)>;
  void SetTap(Tap tap) { tap_ = std::move(tap); }

  // Soon runs `visit` on a fiber of its own in the node's process, whose end is
  // the visit's end. False: it does not run, or is not up yet.
  using Visitor = std::function<void(kv::Server&)>;
  bool Visit(uint32_t node, Visitor visit);

  // Where whoever watches the cluster reports what must never be.
  Violations& violations() { return *violations_; }
  SafetyChecks& checks() { return *checks_; }
  const SafetyChecks& checks() const { return *checks_; }
  DamageLedger& damage() { return *damage_; }
  const DamageLedger& damage() const { return *damage_; }
  // How the checks read the disk of `node`.
  ShadowReader Shadow(uint32_t node) const;

 private:
  // A violation ends the world.
  class WorldViolations;
  // Where a running node takes visitors in.
  class Reception;

  void RunNode(uint32_t node, raft::NodeObserver* observer,
               sim::Process& process);
  kv::ServerOptions OptionsOf(uint32_t node) const;
  void OnExit(sim::HostId host, int code, const std::string& why);
  uint64_t DiskFaultsStruck() const;

  sim::World& world_;
  const RaftLens lens_;
  const ClusterShape shape_;
  const DiskWrapper wrap_disk_;
  bool redis_ = false;
  WallTimes walls_;
  std::vector<uint32_t> nodes_;
  std::vector<sim::HostId> hosts_;  // n1 is at 0.
  // How many disk faults had struck when a node was booted.
  std::vector<uint64_t> faults_at_boot_;
  std::vector<Reception*> receptions_;  // Null: it is not up.
  Tap tap_;
  std::vector<bool> asked_to_stop_;  // The last life of each.
  std::vector<int> exit_codes_;
  std::unique_ptr<Violations> violations_;
  std::unique_ptr<SafetyChecks> checks_;
  std::unique_ptr<DamageLedger> damage_;
  // One for each life, if there is a trace.
  std::vector<std::unique_ptr<Narrator>> narrators_;
  std::function<void(uint32_t, int)> on_exit_;
};

// How the checks read the disk of `host`: what it has acknowledged, as if the
// device had kept its word. What damage does to that is the ledger's business.
ShadowReader ShadowOf(sim::World& world, sim::HostId host);

}  // namespace scenarios

#endif  // SCENARIOS_CLUSTER_H_
