// One node as a process: its runtimes, each a thread of fibers, its admin port,
// and the main thread, which waits for signals and looks at the disk.
//
// SIGTERM or SIGINT stops in good order: the node is no longer ready, hands
// the lead over, answers what is under way, syncs, ends. A second one ends the
// process at once, which is always safe. Other signals that a process may be
// sent (SIGHUP, SIGUSR1, SIGUSR2) are logged and change nothing.

#ifndef PROD_SERVER_PROCESS_H_
#define PROD_SERVER_PROCESS_H_

#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>

#include "absl/status/status.h"

#include "kv/server.h"
#include "prod/admin_pages.h"
#include "prod/disk_watch.h"
#include "prod/http_server.h"
#include "prod/node_report.h"
#include "prod/posix_disk.h"
#include "prod/process_signals.h"
#include "prod/raft_counters.h"
#include "prod/real_clock.h"
#include "prod/real_executor.h"
#include "prod/settings.h"
#include "prod/tcp_network.h"
#include "runtime/fiber.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace prod {

class ServerProcess {
 public:
  // Both outlive this.
  ServerProcess(const ServerConfig& config, PosixDisk& disk);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Runs until the server has stopped; returns the exit code. Once, and before
  // the process has other threads: they would take its signals.
  int Run();

 private:
  // Errors: those of HttpServer::Start().
  absl::Status OpenAdminPort();
  // Errors: those of ProcessSignals::Make().
  absl::Status TakeSignals();
  // Until the server has stopped. Errors: those of StartThreadOn().
  absl::Status RunThreads();
  void WaitForSignals();
  void OnSignal(int signal, int64_t sender);
  void LookAtDisk();

  // ---- network thread
  void Serve();
  absl::Status StartAndStop();
  absl::Status StartServer(raft::HostWorld world, kv::ServerOptions options);
  NodeReport Report();

  const ServerConfig& config_;
  PosixDisk& disk_;
  RealClock clock_;
  const runtime::Instant began_;
  runtime::StackPool network_stacks_;
  runtime::StackPool storage_stacks_;
  RealExecutor network_executor_;
  std::optional<RealExecutor> own_storage_executor_;  // Placement::kSplit.
  RealExecutor& storage_executor_;  // That one, or the network's.
  TcpNetwork network_;
  RaftCounters raft_counters_;
  NodeReporter reporter_;
  AdminPages pages_;
  std::optional<ProcessSignals> signals_;  // From Run() on.

  // Main thread only.
  bool stopping_ = false;
  DiskWatch disk_watch_;
  runtime::Instant measure_disk_at_;
  // The storage runtime has yet to measure the disk.
  std::atomic<bool> measuring_disk_{false};

  // Network thread only.
  bool stop_ = false;
  runtime::WaitQueue stop_asked_;
  std::unique_ptr<kv::Server> server_;  // Null while it starts.
  NodeReport::Phase phase_ = NodeReport::Phase::kStarting;
  int exit_code_ = EXIT_SUCCESS;

  std::unique_ptr<HttpServer> admin_;  // Null: no admin port. Uses all above.
};

}  // namespace prod

#endif  // PROD_SERVER_PROCESS_H_
