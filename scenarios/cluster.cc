#include "scenarios/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "kv/exit_code.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"
#include "scenarios/bulk_client.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"

namespace scenarios {

class Cluster::WorldViolations final : public Violations {
 public:
  explicit WorldViolations(sim::World& world) : world_(world) {}
  void Report(absl::string_view check, std::string evidence) override {
    world_.Fail(check, std::move(evidence));
  }

 private:
  sim::World& world_;
};

// On the stack of the node's root fiber: gone when the process is.
class Cluster::Reception {
 public:
  Reception(runtime::Executor& executor, Reception** registered)
      : executor_(executor), bell_(executor), registered_(registered) {
    *registered_ = this;
  }
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;
  ~Reception() { *registered_ = nullptr; }

  // From outside the process; a task for a dead process never runs.
  void Send(Visitor visit) {
    executor_.Post([this, visit = std::move(visit)]() mutable {
      waiting_.push_back(std::move(visit));
      bell_.NotifyAll();
    });
  }

  void AskToStop(absl::Duration grace) {
    executor_.Post([this, grace] {
      grace_ = grace;
      bell_.NotifyAll();
    });
  }

  // How long it may take; nullopt: nobody has asked.
  std::optional<absl::Duration> grace() const { return grace_; }
  runtime::WaitQueue& bell() { return bell_; }
  std::vector<Visitor> TakeWaiting() { return std::exchange(waiting_, {}); }

 private:
  runtime::Executor& executor_;
  runtime::WaitQueue bell_;  // Rung for visitors and for a failed storage.
  std::vector<Visitor> waiting_;
  std::optional<absl::Duration> grace_;
  Reception** const registered_;
};

ShadowReader ShadowOf(sim::World& world, sim::HostId host) {
  const sim::SimDisk& disk = world.disk(host);
  return {
      .read = [&disk](const std::string& path, uint64_t offset,
                      std::span<std::byte> out) -> size_t {
        const std::optional<sim::ShadowFile> file = disk.Shadow(path);
        return file.has_value() ? file->ReadSound(offset, out) : 0;
      },
      .file_version = [&disk](const std::string& path) -> uint64_t {
        const std::optional<sim::ShadowFile> file = disk.Shadow(path);
        // Another file under the same name may have come as far.
        return file.has_value() ? runtime::MixHash(file->id(), file->version())
                                : 0;
      },
      .version = [&disk] { return disk.shadow_version(); },
  };
}

Cluster::Cluster(sim::World& world, const ClusterShape& shape, Atlas atlas,
                 DiskWrapper wrap_disk)
    : world_(world),
      shape_(shape),
      wrap_disk_(std::move(wrap_disk)),
      walls_(shape.nodes,
             [this](uint32_t node) {
               return absl::ToUnixMillis(world_.clock(host(node)).WallNow());
             }),
      faults_at_boot_(shape.nodes, 0),
      receptions_(shape.nodes, nullptr),
      asked_to_stop_(shape.nodes, false),
      exit_codes_(shape.nodes, 0),
      violations_(std::make_unique<WorldViolations>(world)) {
  std::vector<ShadowReader> shadows;
  for (uint32_t node = 1; node <= shape_.nodes; ++node) {
    nodes_.push_back(node);
    hosts_.push_back(world_.AddHost(absl::StrCat("n", node)));
    shadows.push_back(ShadowOf(world_, hosts_.back()));
  }
  damage_ = std::make_unique<DamageLedger>(world_, hosts_, shadows, atlas);
  world_.network().SetLens(&lens_);
  checks_ = std::make_unique<SafetyChecks>(*violations_, std::move(shadows),
                                           shape_.store_limits());
  for (uint32_t node = 1; node <= size(); ++node) {
    world_.disk(host(node))
        .damage()
        .SetGate([this, node](const sim::DamageSite& site) {
          // What was acknowledged was on the disk, though it is lost now.
          checks_->CatchUpWithDisk(node);
          return damage_->Allows(node, site);
        });
  }
  world_.SetExitHandler(
      [this](sim::HostId host, int code, const std::string& why) {
        OnExit(host, code, why);
      });
}

Cluster::~Cluster() {
  world_.SetExitHandler(nullptr);
  world_.network().SetLens(nullptr);
  for (uint32_t node = 1; node <= size(); ++node) {
    Kill(node);
    world_.disk(host(node)).damage().SetGate(nullptr);
  }
}

ShadowReader Cluster::Shadow(uint32_t node) const {
  return ShadowOf(world_, host(node));
}

net::Address Cluster::rpc_address(uint32_t node) const {
  return {world_.host_name(host(node)), kRpcPort};
}

net::Address Cluster::redis_address(uint32_t node) const {
  return {world_.host_name(host(node)), kRedisPort};
}

net::Address Cluster::cluster_address(uint32_t node) const {
  return {world_.host_name(host(node)), kClusterPort};
}

void Cluster::JumpWallClock(uint32_t node, absl::Duration by) {
  walls_.OnJump(node);
  world_.JumpWallClock(host(node), by);
  walls_.OnJump(node);
}

kv::ServerOptions Cluster::OptionsOf(uint32_t node) const {
  kv::ServerOptions options;
  options.host.cluster = runtime::ClusterId(1);
  options.host.self = runtime::NodeId(node);
  options.host.listen = {world_.host_name(host(node)), kPeerPort};
  options.host.core.election_timeout_min = shape_.election_timeout_min;
  options.host.core.election_timeout_max = shape_.election_timeout_max;
  options.host.core.heartbeat_interval = shape_.heartbeat_interval;
  options.host.core.uncommitted_bytes_max = shape_.uncommitted_bytes;
  options.host.storage.segment_bytes = shape_.segment_bytes;
  options.host.storage.under_way = shape_.store_limits();
  options.sessions_max = shape_.sessions_max;
  options.leader_wait = shape_.leader_wait;
  options.parked_max = shape_.parked_max;
  options.request_timeout = shape_.request_timeout;
  options.host.init_cluster =
      shape_.init_cluster == ClusterShape::InitCluster::kKept ||
      !checks_->EverStarted(node);
  // Small, so that bounds are met; told to serve clients of other hosts.
  options.request_bytes_max = BulkClient::kRequestBytesMax;
  options.client_answer_bytes_max = BulkClient::kAnswerBytesMax;
  options.clients_bytes_max = BulkClient::kClientsBytesMax;
  options.protected_mode = false;
  options.rpc_listen = rpc_address(node);
  if (redis_) {
    options.redis_listen = redis_address(node);
    options.cluster_listen = cluster_address(node);
  }
  for (uint32_t member = 1; member <= size(); ++member) {
    options.members.push_back(
        {.node = runtime::NodeId(member),
         .peer = {world_.host_name(host(member)), kPeerPort},
         .rpc = rpc_address(member),
         .redis = redis_ ? redis_address(member) : net::Address(),
         .cluster =
             redis_ ? std::optional(cluster_address(member)) : std::nullopt});
  }
  return options;
}

// The root fiber of a node's process; see raft_server's main.
void Cluster::RunNode(uint32_t node, raft::NodeObserver* observer,
                      sim::Process& process) {
  absl::Status failure;
  int exit_code = kv::kExitIo;
  Reception reception(process.network_executor(), &receptions_[node - 1]);
  const std::unique_ptr<persist::Disk> wrapped =
      wrap_disk_ ? wrap_disk_(node, process.disk()) : nullptr;
  absl::StatusOr<std::unique_ptr<kv::Server>> server =
      kv::Server::Start({.network_executor = process.network_executor(),
                         .storage_executor = process.storage_executor(),
                         .network = process.network(),
                         .disk = wrapped != nullptr ? *wrapped : process.disk(),
                         .random = process.Stream("node"),
                         .observer = observer,
                         .on_storage_failure =
                             [&failure, &reception](const absl::Status& why) {
                               failure = why;
                               reception.bell().NotifyAll();
                             },
                         .on_outlived =
                             [&](const absl::Status& why) {
                               failure = why;
                               exit_code = kv::ExitCodeOf(why);
                               reception.bell().NotifyAll();
                             }},
                        OptionsOf(node));
  if (!server.ok()) {
    process.Exit(kv::ExitCodeOf(server.status()), server.status().message());
  }
  damage_->NoteUp(node);
  runtime::FiberGroup visits(process.network_executor());
  std::optional<absl::Status> stopped;
  runtime::FiberGroup stopper(process.network_executor());
  while (failure.ok() && !stopped.has_value()) {
    for (Visitor& visit : reception.TakeWaiting()) {
      visits.Spawn("visit",
                   [&server, visit = std::move(visit)] { visit(**server); });
    }
    if (reception.grace().has_value() && stopper.size() == 0) {
      const runtime::Instant deadline =
          process.network_executor().Now() + *reception.grace();
      stopper.Spawn("stop", [&server, &stopped, &reception, deadline] {
        stopped = (*server)->Stop(deadline);
        reception.bell().NotifyAll();
      });
    }
    if (!reception.bell().Wait().ok()) return;
  }
  if (!failure.ok()) process.Exit(exit_code, failure.message());
  visits.Cancel();
  if (!visits.Join().ok() || !stopper.Join().ok()) return;
  server->reset();
  process.Exit(kv::ExitCodeOf(*stopped), stopped->message());
}

bool Cluster::Stop(uint32_t node, absl::Duration grace) {
  Reception* const reception = receptions_[node - 1];
  if (reception == nullptr || View(node) == nullptr) return false;
  asked_to_stop_[node - 1] = true;
  reception->AskToStop(grace);
  return true;
}

void Cluster::Boot(uint32_t node) {
  CHECK(!running(node), "n", node, " runs");
  faults_at_boot_[node - 1] = DiskFaultsStruck();
  asked_to_stop_[node - 1] = false;
  raft::NodeObserver* observer =
      checks_->Begin(node, world_.boots(host(node)) + 1);
  if (tap_) observer = tap_(node, observer);
  if (world_.traced()) {
    narrators_.push_back(
        std::make_unique<Narrator>(world_, host(node), *observer));
    observer = narrators_.back().get();
  }
  world_.Boot(host(node), [this, node, observer](sim::Process& process) {
    RunNode(node, observer, process);
  });
}

void Cluster::BootAllThatAreDown() {
  for (uint32_t node = 1; node <= size(); ++node) {
    if (!running(node)) Boot(node);
  }
}

void Cluster::Kill(uint32_t node) {
  checks_->End(node);
  world_.Kill(host(node));
}

void Cluster::PowerOff(uint32_t node) {
  checks_->End(node);
  world_.PowerOff(host(node));
}

bool Cluster::Visit(uint32_t node, Visitor visit) {
  Reception* const reception = receptions_[node - 1];
  if (reception == nullptr || View(node) == nullptr) return false;
  reception->Send(std::move(visit));
  return true;
}

bool Cluster::Wipe(uint32_t node) {
  if (!damage_->Admit(node)) return false;
  Kill(node);
  checks_->CatchUpWithDisk(node);
  damage_->NoteWiped(node);
  world_.disk(host(node)).Replace();
  return true;
}

uint64_t Cluster::DiskFaultsStruck() const {
  uint64_t struck = 0;
  for (const auto& [kind, count] : world_.fault_counts().by_kind) {
    const bool ends_a_process =
        absl::StartsWith(kind, "disk.") &&
        (absl::EndsWith(kind, "_failed") || absl::EndsWith(kind, ".full"));
    if (ends_a_process) struck += count;
  }
  return struck;
}

void Cluster::OnExit(sim::HostId host, int code, const std::string& why) {
  const auto found = std::find(hosts_.begin(), hosts_.end(), host);
  if (found == hosts_.end()) return;  // A client.
  const uint32_t node = static_cast<uint32_t>(found - hosts_.begin()) + 1;
  checks_->End(node);
  exit_codes_[node - 1] = code;
  const bool explained = code == sim::kExitCrashed ||
                         code == sim::kExitOutOfMemory ||
                         (code == 0 && asked_to_stop_[node - 1]) ||
                         damage_->Explains(node, code, why) ||
                         DiskFaultsStruck() > faults_at_boot_[node - 1];
  if (!explained) {
    violations_->Report(
        "node-ends-without-cause",
        absl::StrCat("n", node, " exits with ", code, ": ", why));
    return;
  }
  if (on_exit_) on_exit_(node, code);
}

uint32_t Cluster::leader() const {
  uint32_t leader = 0;
  persist::Term highest;
  for (uint32_t node = 1; node <= size(); ++node) {
    const NodeView* view = View(node);
    if (view == nullptr || view->role != raft::Role::kLeader) continue;
    if (leader != 0 && view->term < highest) continue;
    leader = node;
    highest = view->term;
  }
  return leader;
}

uint32_t Cluster::leader_of_majority(const std::vector<uint32_t>& among) const {
  uint32_t candidate = 0;
  persist::Term term;
  for (const uint32_t node : among) {
    const NodeView* view = View(node);
    if (view == nullptr || view->role != raft::Role::kLeader) continue;
    if (candidate != 0 && view->term < term) continue;
    candidate = node;
    term = view->term;
  }
  if (candidate == 0) return 0;
  uint32_t followers = 0;
  for (const uint32_t node : among) {
    const NodeView* view = View(node);
    if (view != nullptr && view->term == term &&
        view->leader == raft::NodeId(candidate)) {
      ++followers;
    }
  }
  return 2 * followers > size() ? candidate : 0;
}

std::string Cluster::Describe(const std::vector<uint32_t>& nodes) const {
  std::string text;
  for (const uint32_t node : nodes) {
    absl::StrAppend(&text, text.empty() ? "n" : ", n", node);
    const NodeView* view = View(node);
    if (view == nullptr) {
      absl::StrAppend(&text, " is down (exit ", last_exit_code(node), ")");
    } else {
      absl::StrAppend(&text, " ", raft::RoleName(view->role), " in term ",
                      view->term.value(), " with ", view->last.value(),
                      " entries, ", view->commit.value(), " committed");
    }
  }
  return text;
}

}  // namespace scenarios
