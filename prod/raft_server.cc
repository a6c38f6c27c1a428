// The program that people deploy: one node of the replicated keyspace.
//
// Two threads of fibers, one for the network and one for storage, and the main
// thread, which does nothing but wait for signals.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <unistd.h>

#include "kv/exit_code.h"
#include "kv/server.h"
#include "prod/build_info.h"
#include "prod/command_line.h"
#include "prod/config_text.h"
#include "prod/log.h"
#include "prod/posix_disk.h"
#include "prod/real_clock.h"
#include "prod/real_executor.h"
#include "prod/server_config.h"
#include "prod/tcp_network.h"
#include "runtime/fiber_group.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace prod {
namespace {

using kv::ExitCodeOf;
using kv::kExitIo;
using kv::kExitUsage;

// The medium failed: nothing that is not yet on it may be promised any more, so
// the process ends here and now, without unwinding anything.
[[noreturn]] void DieOfStorage(const absl::Status& why) {
  Log(LogLevel::kError, "storage.failed", {{"why", why.message()}});
  _exit(kExitIo);
}

uint64_t EntropySeed() {
  uint64_t seed = 0;
  if (getentropy(&seed, sizeof(seed)) != 0) {
    std::perror("getentropy");
    std::exit(kExitIo);
  }
  return seed;
}

// The server's root fiber and what it shares with the main thread.
class ServerProcess {
 public:
  ServerProcess(const ServerConfig& config, PosixDisk& disk)
      : config_(config),
        disk_(disk),
        network_executor_(clock_, network_stacks_),
        storage_executor_(clock_, storage_stacks_),
        network_(network_executor_),
        stop_asked_(network_executor_) {}

  // Runs until the server has stopped; returns the exit code.
  int Run() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
      sigaddset(&signals, signal);
    }
    // Blocked before there are threads, so that only sigwait() gets them.
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    std::thread storage([this] { storage_executor_.Run(); });
    std::thread network([this] {
      runtime::FiberGroup root(network_executor_);
      root.Spawn("server", [this] { Serve(); });
      network_executor_.Run();
    });
    WaitForSignals(signals);
    network_executor_.Stop();
    network.join();
    storage_executor_.Stop();
    storage.join();
    return exit_code_;
  }

 private:
  // SIGTERM or SIGINT: stop in good order; again: at once. SIGUSR1 comes from
  // the root fiber, when it has ended.
  void WaitForSignals(const sigset_t& signals) {
    bool stopping = false;
    for (;;) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0) continue;
      if (signal == SIGUSR1) return;
      if (stopping) {
        Log(LogLevel::kWarning, "server.killed", {{"signal", signal}});
        _exit(128 + signal);
      }
      stopping = true;
      Log(LogLevel::kInfo, "server.stopping", {{"signal", signal}});
      network_executor_.Post([this] {
        stop_ = true;
        stop_asked_.NotifyAll();
      });
    }
  }

  void Serve() {
    const absl::Status status = StartAndStop();
    if (!status.ok()) {
      Log(LogLevel::kError, "server.failed", {{"why", status.message()}});
    }
    exit_code_ = ExitCodeOf(status);
    kill(getpid(), SIGUSR1);
  }

  absl::Status StartAndStop() {
    raft::HostWorld world{.network_executor = network_executor_,
                          .storage_executor = storage_executor_,
                          .network = network_,
                          .disk = disk_,
                          .random = runtime::Random(EntropySeed()),
                          .observer = nullptr,
                          .on_storage_failure = DieOfStorage};
    absl::StatusOr<std::unique_ptr<kv::Server>> server =
        kv::Server::Start(std::move(world), ServerOptionsOf(config_));
    if (!server.ok()) return server.status();
    Log(LogLevel::kInfo, "server.ready",
        {{"node", config_.node_id},
         {"redis", (*server)->redis_address()->ToString().c_str()},
         {"data_dir", config_.data_dir.c_str()}});
    while (!stop_) (void)stop_asked_.Wait();
    const absl::Status stopped =
        (*server)->Stop(network_executor_.Now() + config_.stop_timeout);
    Log(LogLevel::kInfo, "server.stopped", {{"node", config_.node_id}});
    return stopped;
  }

  const ServerConfig& config_;
  PosixDisk& disk_;
  RealClock clock_;
  runtime::StackPool network_stacks_;
  runtime::StackPool storage_stacks_;
  RealExecutor network_executor_;
  RealExecutor storage_executor_;
  TcpNetwork network_;

  // Network thread only.
  bool stop_ = false;
  runtime::WaitQueue stop_asked_;
  int exit_code_ = EXIT_SUCCESS;
};

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

void Complain(const absl::Status& status) {
  std::fprintf(stderr, "raft_server: %s\n",
               std::string(status.message()).c_str());
}

int Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? EXIT_SUCCESS : kExitIo;
}

int Serve(const ServerConfig& config) {
  SetLogLevel(config.log_level);
  LogProbes probes;
  runtime::probe_sink = &probes;
  absl::StatusOr<std::unique_ptr<PosixDisk>> disk =
      PosixDisk::Open(config.data_dir);
  if (!disk.ok()) {
    Log(LogLevel::kError, "server.failed", {{"why", disk.status().message()}});
    return ExitCodeOf(disk.status());
  }
  ServerProcess process(config, **disk);
  return process.Run();
}

int Main(std::span<const char* const> arguments) {
  const absl::StatusOr<CommandLine> line = ParseCommandLine(arguments);
  if (!line.ok()) {
    Complain(line.status());
    return kExitUsage;
  }
  if (line->action == Action::kHelp) return Print(HelpText());
  if (line->action == Action::kVersion) return Print(VersionText());
  if (line->action == Action::kSampleConfig) return Print(SampleConfig());
  const absl::StatusOr<ServerConfig> config =
      LoadServerConfig(*line, FromEnvironment);
  if (!config.ok()) {
    Complain(config.status());
    return kExitUsage;
  }
  if (line->action == Action::kPrintConfig) return Print(PrintConfig(*config));
  if (line->action == Action::kCheckConfig) {
    return Print("the configuration is in order\n");
  }
  return Serve(*config);
}

}  // namespace
}  // namespace prod

int main(int argc, char** argv) {
  return prod::Main(
      {argv + 1, argc > 0 ? static_cast<size_t>(argc - 1) : size_t{0}});
}
