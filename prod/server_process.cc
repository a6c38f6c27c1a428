#include "prod/server_process.h"

#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

#include <unistd.h>

#include "kv/exit_code.h"
#include "kv/resp/requests.h"
#include "prod/cpu_list.h"
#include "prod/log.h"
#include "prod/process_meter.h"
#include "prod/server_config.h"
#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

using kv::ExitCodeOf;
using kv::kExitIo;
using kv::kExitUsage;

// How often the main thread looks around.
constexpr absl::Duration kLook = absl::Milliseconds(500);
constexpr absl::Duration kMeasureDisk = absl::Seconds(10);
// The log takes the next segments while somebody makes room.
constexpr uint64_t kSegmentsWanted = 4;

// The medium failed: nothing that is not yet on it may be promised any more, so
// the process ends here and now, without unwinding anything.
[[noreturn]] void DieOfStorage(const absl::Status& why) {
  Log(LogLevel::kError, "storage.failed", {{"why", why.message()}});
  FlushLog();
  _exit(kExitIo);
}

// Others know a later life of this node: nothing may be promised from here.
[[noreturn]] void DieOutlived(const absl::Status& why) {
  Log(LogLevel::kError, "server.failed", {{"why", why.message()}});
  FlushLog();
  _exit(kExitUsage);
}

uint64_t EntropySeed() {
  uint64_t seed = 0;
  if (getentropy(&seed, sizeof(seed)) != 0) {
    std::perror("getentropy");
    std::exit(kExitIo);
  }
  return seed;
}

}  // namespace

ServerProcess::ServerProcess(const ServerConfig& config, PosixDisk& disk)
    : config_(config),
      disk_(disk),
      began_(clock_.Now()),
      network_executor_(clock_, network_stacks_),
      storage_executor_(
          config.placement == Placement::kSplit
              ? own_storage_executor_.emplace(clock_, storage_stacks_)
              : network_executor_),
      network_(network_executor_),
      reporter_(network_executor_, [this] { return Report(); }),
      pages_({.config = config_,
              .raft = raft_counters_,
              .network = network_.counters(),
              .disk = disk_.counters(),
              .network_runtime = network_executor_.counters(),
              .storage_runtime = storage_executor_.counters()},
             reporter_),
      disk_watch_(disk.counters(), kSegmentsWanted * config.segment_bytes),
      stop_asked_(network_executor_) {}

int ServerProcess::Run() {
  absl::Status run = TakeSignals();
  if (run.ok()) run = OpenAdminPort();
  if (run.ok()) run = RunThreads();
  admin_.reset();
  if (run.ok()) return exit_code_;
  Log(LogLevel::kError, "server.failed", {{"why", run.message()}});
  return ExitCodeOf(run);
}

absl::Status ServerProcess::TakeSignals() {
  ASSIGN_OR_RETURN(signals_, ProcessSignals::Make());
  return absl::OkStatus();
}

absl::Status ServerProcess::RunThreads() {
  std::thread storage;
  if (own_storage_executor_.has_value()) {
    ASSIGN_OR_RETURN(storage, StartThreadOn(config_.storage_cpus, [this] {
                       own_storage_executor_->Run();
                     }));
  }
  absl::StatusOr<std::thread> network =
      StartThreadOn(config_.network_cpus, [this] {
        runtime::FiberGroup root(network_executor_);
        root.Spawn("server", [this] { Serve(); });
        network_executor_.Run();
      });
  if (network.ok()) {
    WaitForSignals();
    network_executor_.Stop();
    network->join();
  }
  if (storage.joinable()) {
    own_storage_executor_->Stop();
    storage.join();
  }
  return network.status();
}

absl::Status ServerProcess::OpenAdminPort() {
  const std::optional<net::Address> address = AdminAddressOf(config_);
  if (!address.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(admin_,
                   HttpServer::Start(*address, [this](absl::string_view path) {
                     return pages_.Answer(path);
                   }));
  Log(LogLevel::kInfo, "admin.ready",
      {{"address", admin_->local_address().ToString().c_str()}});
  return absl::OkStatus();
}

void ServerProcess::WaitForSignals() {
  for (;;) {
    const ProcessSignals::News news = signals_->Wait(kLook);
    if (news.ended) return;
    if (news.signal != 0) OnSignal(news.signal, news.sender);
    LookAtDisk();
  }
}

void ServerProcess::OnSignal(int signal, int64_t sender) {
  if (signal == SIGHUP) {
    Log(LogLevel::kInfo, "signal.hangup",
        {{"from", sender},
         {"note",
          "the log is standard error and has nothing to reopen; "
          "settings are read when the process starts"}});
    return;
  }
  if (signal != SIGTERM && signal != SIGINT) {
    Log(LogLevel::kWarning, "signal.ignored",
        {{"signal", signal}, {"from", sender}});
    return;
  }
  if (std::exchange(stopping_, true)) {
    Log(LogLevel::kWarning, "server.killed",
        {{"signal", signal}, {"from", sender}});
    FlushLog();
    _exit(128 + signal);
  }
  Log(LogLevel::kInfo, "server.stopping",
      {{"signal", signal}, {"from", sender}});
  network_executor_.Post([this] {
    stop_ = true;
    phase_ = NodeReport::Phase::kStopping;
    stop_asked_.NotifyAll();
  });
}

void ServerProcess::LookAtDisk() {
  const runtime::Instant now = clock_.Now();
  disk_watch_.Look(now);
  if (now < measure_disk_at_) return;
  measure_disk_at_ = now + kMeasureDisk;
  if (measuring_disk_.exchange(true)) return;
  storage_executor_.Post([this] {
    disk_.MeasureSpace();
    measuring_disk_.store(false);
  });
}

void ServerProcess::Serve() {
  const absl::Status status = StartAndStop();
  if (!status.ok()) {
    Log(LogLevel::kError, "server.failed", {{"why", status.message()}});
  }
  exit_code_ = ExitCodeOf(status);
  signals_->End();
}

absl::Status ServerProcess::StartAndStop() {
  raft::HostWorld world{.network_executor = network_executor_,
                        .storage_executor = storage_executor_,
                        .network = network_,
                        .disk = disk_,
                        .random = runtime::Random(EntropySeed()),
                        .observer = &raft_counters_,
                        .on_storage_failure = DieOfStorage,
                        .on_outlived = DieOutlived};
  kv::ServerOptions options = ServerOptionsOf(config_);
  options.process_usage = MeasureProcess;
  RETURN_IF_ERROR(StartServer(std::move(world), std::move(options)));
  if (server_ == nullptr) return absl::OkStatus();
  if (!stop_) phase_ = NodeReport::Phase::kServing;
  Log(LogLevel::kInfo, "server.ready",
      {{"node", config_.node_id},
       {"redis", server_->redis_address()->ToString().c_str()},
       {"data_dir", config_.data_dir.c_str()}});
  while (!stop_) (void)stop_asked_.Wait();
  const absl::Status stopped =
      server_->Stop(network_executor_.Now() + config_.stop_timeout);
  Log(LogLevel::kInfo, "server.stopped", {{"node", config_.node_id}});
  server_.reset();
  return stopped;
}

// Suspends. A start may take as long as it takes until all founding members are
// there: when it is to stop meanwhile, there is no server, and no error.
absl::Status ServerProcess::StartServer(raft::HostWorld world,
                                        kv::ServerOptions options) {
  std::optional<absl::Status> started;
  runtime::FiberGroup starting(network_executor_);
  starting.Spawn("server.start", [&] {
    absl::StatusOr<std::unique_ptr<kv::Server>> server =
        kv::Server::Start(std::move(world), std::move(options));
    started = server.status();
    if (server.ok()) server_ = *std::move(server);
    stop_asked_.NotifyAll();
  });
  while (!started.has_value() && !stop_) (void)stop_asked_.Wait();
  if (!started.has_value()) {
    starting.Cancel();
    (void)starting.Join();
    if (absl::IsCancelled(*started)) return absl::OkStatus();
  }
  return *started;
}

NodeReport ServerProcess::Report() {
  NodeReport report;
  report.phase = phase_;
  report.uptime = clock_.Now() - began_;
  if (server_ == nullptr) return report;
  raft::Host& host = server_->host();
  const raft::Core& core = *raft_counters_.core();
  report.raft = host.node().status();
  report.durable = core.durable_index();
  report.voters.assign(core.configuration().voters.begin(),
                       core.configuration().voters.end());
  if (const raft::Leader* leader = core.leading()) {
    for (const auto& [node, progress] : leader->peers) {
      report.followers.push_back({.node = node, .match = progress.match});
    }
  }
  report.transport = host.transport().stats();
  report.now = clock_.Now();
  report.links = host.transport().links();
  report.peers = server_->peers();
  report.log = host.persister().stats();
  const kv::ServerFacts facts = server_->facts();
  report.keys = facts.keys;
  report.redis_clients = facts.clients;
  report.redis_clients_max = facts.clients_max;
  report.redis_clients_accepted = facts.clients_accepted;
  report.redis_clients_refused = facts.clients_refused;
  report.redis_commands = facts.requests;
  return report;
}

}  // namespace prod
