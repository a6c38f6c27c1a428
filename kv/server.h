// One node of the replicated keyspace, whole: Raft host, keyspace, RPC service
// and Redis front door on one process.
//
// Writes and linearizable reads are served through any node: those that do not
// lead forward. Lives on the network executor of its process, like everything
// of this room.
//
// scenarios/cluster boots it on simulated hosts, prod/raft_server on a real
// one; nothing in here knows which.

#ifndef KV_SERVER_H_
#define KV_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/process_usage.h"
#include "kv/sessions.h"
#include "net/address.h"
#include "net/client_end.h"
#include "net/rpc_server.h"
#include "raft/host.h"

namespace kv {

class Frontend;
class Store;
struct PeerReach;    // kv/peer_watch.h
struct ServerFacts;  // kv/resp/requests.h

struct ServerMember {
  runtime::NodeId node;
  net::Address peer;   // PeerTransport.
  net::Address rpc;    // kv/service.h: other nodes forward here.
  net::Address redis;  // Redis clients, which are forwarded.
  // Redis clients that follow MOVED; what MOVED and CLUSTER answers name.
  std::optional<net::Address> cluster = std::nullopt;
};

struct ServerOptions {
  raft::HostOptions host;  // `members` is filled in from below.
  std::vector<ServerMember> members;
  net::Address rpc_listen;
  std::optional<net::Address> redis_listen;    // None: no Redis front door.
  std::optional<net::Address> cluster_listen;  // Needs redis_listen.
  // How long a Redis command may take before it is answered with an error.
  absl::Duration request_timeout = absl::Seconds(5);
  // How much of that it may wait for a leader, before anybody was asked.
  absl::Duration leader_wait = absl::Seconds(3);
  // How many of them may wait at the same time; kv/frontend.h.
  size_t parked_max = 16 << 10;
  // Redis requests that take longer are noted (kv/resp/slow_log.h).
  absl::Duration slow_request = absl::Milliseconds(100);
  size_t redis_clients_max = 10'000;
  // See kv/resp/server.h.
  size_t request_bytes_max = kRequestBytesMax;
  size_t client_answer_bytes_max = 512 << 20;
  size_t clients_bytes_max = 1 << 30;
  bool protected_mode = false;
  // What the system knows of the process, for INFO. None: all is 0.
  std::function<ProcessUsage()> process_usage;
  size_t rpc_connections_max = 1024;  // Other nodes'.
  // See kv/sessions.h: the same on every node, for the life of the cluster.
  // Fewer are for tests and simulations, whose clients are few.
  size_t sessions_max = Sessions::kSessionsMax;
};

// What is taken of all that one node bounds. Without clients, and when all is
// acknowledged, nothing is, but for connections that stand.
struct ServerLoad {
  raft::NodeLoad node;
  persist::PersisterStats storage;
  net::PeerTransportLoad peers;
  net::ServerStats rpc;
  net::ClientLoad forwarded;  // What others were asked for.
  size_t parked = 0;          // Requests that wait for a leader.
  size_t parked_bytes = 0;
  size_t numbers_pending = 0;  // Of the node's own sessions.
  size_t sessions_left = 0;
  size_t redis_clients = 0;
  size_t redis_bytes = 0;  // Held for them.
  size_t unfreed = 0;      // Values that are gone and not freed yet.
};

class Server {
 public:
  // Suspends. Errors: those of raft::Host::Start() and Network::Listen().
  static absl::StatusOr<std::unique_ptr<Server>> Start(raft::HostWorld world,
                                                       ServerOptions options);
  // Requires: Stop() came before, or the whole process is being killed.
  ~Server();

  raft::Node& node();
  raft::Host& host();
  const Store& store() const;
  ServerLoad load() const;
  // For those who serve this node's clients by other means.
  Frontend& frontend();
  net::Address rpc_address() const;
  std::optional<net::Address> redis_address() const;
  std::optional<net::Address> cluster_address() const;
  // Requires: there is a Redis front door.
  ServerFacts facts();
  // The other nodes, as requests are forwarded to them.
  std::vector<PeerReach> peers() const;

  // Suspends: refuses new work, drains what is under way until `deadline`,
  // stops everything. Errors: those of raft::Host::Stop().
  absl::Status Stop(runtime::Instant deadline);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kv

#endif  // KV_SERVER_H_
