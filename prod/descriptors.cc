#include "prod/descriptors.h"

#include <algorithm>

#include <sys/resource.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "prod/http_server.h"

namespace prod {
namespace {

// Standard streams, epoll and wake-ups of two runtimes, signals, the end of the
// server, listeners; the data directory, its lock, segments that are written,
// made ready and removed; name lookups.
constexpr uint64_t kOwn = 64;
// The listener, its stop, and every connection that it may hold.
constexpr uint64_t kAdmin = 2 + HttpServer::kWorkers + HttpServer::kWaitingMax;
// To each other node: one to its peer port, one to its RPC port, and the next
// of each while the last is closed.
constexpr uint64_t kDialledPerNode = 4;
// From each other node, to each of the two ports: those of a life that ended
// and was not noticed yet, and strangers.
constexpr uint64_t kTakenPerNode = 4;
constexpr uint64_t kStrangers = 8;
// More, as long as that is a small part of all.
constexpr uint64_t kShare = 16;
constexpr uint64_t kPeerConnectionsMax = 256;
constexpr uint64_t kRpcConnectionsMax = 1024;

}  // namespace

uint64_t RaiseDescriptorLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  const rlim_t before = files.rlim_cur;
  files.rlim_cur = files.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : before;
}

absl::StatusOr<DescriptorBudget> DivideDescriptors(uint64_t limit,
                                                   uint64_t nodes,
                                                   uint64_t redis_clients_max) {
  const uint64_t others = std::max<uint64_t>(nodes, 1) - 1;
  const uint64_t least = kTakenPerNode * others + kStrangers;
  const uint64_t taken = std::max(least, limit / kShare);
  DescriptorBudget budget{.limit = limit,
                          .redis_clients_max = redis_clients_max,
                          .peer_connections_max = std::min(
                              taken, std::max(least, kPeerConnectionsMax)),
                          .rpc_connections_max = std::min(
                              taken, std::max(least, kRpcConnectionsMax))};
  budget.reserve = kOwn + kAdmin + kDialledPerNode * others +
                   budget.peer_connections_max + budget.rpc_connections_max;
  if (limit <= budget.reserve) {
    return absl::InvalidArgumentError(
        absl::StrCat("this process may have ", limit,
                     " descriptors (ulimit -n, LimitNOFILE)"
                     "; a node of ",
                     nodes, " needs more than ", budget.reserve));
  }
  budget.redis_clients_max =
      std::min(redis_clients_max, limit - budget.reserve);
  return budget;
}

}  // namespace prod
