#include "kv/server.h"

#include <algorithm>
#include <utility>

#include "kv/command.h"
#include "kv/expirer.h"
#include "kv/frontend.h"
#include "kv/kv_service.h"
#include "kv/peer_watch.h"
#include "kv/peers.h"
#include "kv/reaper.h"
#include "kv/reply.h"
#include "kv/resp/server.h"
#include "kv/store.h"
#include "net/rpc_server.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/status_macros.h"

namespace kv {
namespace {

// Forwarding nodes have one connection each and a call for every connection of
// theirs.
constexpr size_t kRpcCallsMax = 16384;

net::ServerConfig RpcConfig(const ServerOptions& options) {
  net::ServerConfig config;
  config.listen = options.rpc_listen;
  config.connections_max = options.rpc_connections_max;
  config.calls_max = kRpcCallsMax;
  config.calls_per_connection_max = kRpcCallsMax;
  config.frame_bytes_max = kForwardBytesMax;
  return config;
}

// An entry travels whole, however large, and with what stands around it.
void CarryLargestEntry(net::PeerTransportOptions& transport) {
  constexpr size_t kBesides = 1 << 20;
  transport.frame_bytes_max =
      std::max(transport.frame_bytes_max, kEntryBytesMax + kBesides);
  transport.queued_bytes_max = std::max(transport.queued_bytes_max,
                                        transport.frame_bytes_max + kBesides);
}

std::vector<raft::Member> RaftMembers(
    const std::vector<ServerMember>& members) {
  std::vector<raft::Member> out;
  for (const ServerMember& member : members) {
    out.push_back({member.node, member.peer});
  }
  return out;
}

}  // namespace

class Server::Impl final : public ServerView {
 public:
  Impl(runtime::Executor& executor, net::Network& network,
       runtime::Random random, ServerOptions options)
      : executor_(executor),
        network_(network),
        random_(std::move(random)),
        options_(std::move(options)),
        started_(executor.Now()),
        store_(options_.sessions_max, &executor) {}

  absl::Status Start(raft::HostWorld world) {
    CarryLargestEntry(options_.host.transport);
    options_.host.members = RaftMembers(options_.members);
    ASSIGN_OR_RETURN(
        host_, raft::Host::Start(std::move(world), options_.host, store_));
    const absl::Status open = OpenDoors();
    if (!open.ok()) {
      if (rpc_ != nullptr) (void)rpc_->Stop(executor_.Now());
      if (watch_ != nullptr) watch_->Stop();
      if (peers_ != nullptr) peers_->Stop();
      (void)host_->Stop();
    }
    return open;
  }

  absl::Status Stop(runtime::Instant deadline) {
    if (expirer_ != nullptr) expirer_->Stop();
    HandLeadOver(deadline);
    if (resp_ != nullptr) resp_->Stop(deadline);
    (void)rpc_->Stop(deadline);  // What it had to cancel is unknown to them.
    watch_->Stop();
    peers_->Stop();
    return host_->Stop();
  }

  raft::Host& host() { return *host_; }
  const Store& store() const { return store_; }
  Frontend& frontend() { return *frontend_; }
  RespServer& resp() { return *resp_; }
  const PeerWatch& watch() const { return *watch_; }
  net::Address rpc_address() const { return rpc_->local_address(); }
  std::optional<net::Address> redis_address() const { return redis_address_; }
  std::optional<net::Address> cluster_address() const {
    return cluster_address_;
  }

  ServerLoad load() const {
    return {.node = host_->node().load(),
            .storage = host_->persister().stats(),
            .peers = host_->transport().load(),
            .rpc = rpc_->stats(),
            .forwarded = peers_->load(),
            .parked = frontend_->parked(),
            .parked_bytes = frontend_->parked_bytes(),
            .numbers_pending = frontend_->numbers_pending(),
            .sessions_left = frontend_->sessions_left(),
            .redis_clients = resp_ != nullptr ? resp_->client_count() : 0,
            .redis_bytes = resp_ != nullptr ? resp_->clients_bytes() : 0,
            .unfreed = store_.graveyard().size()};
  }

  ServerFacts Facts() const override {
    ServerFacts facts;
    facts.raft = host_->node().status();
    facts.storage = host_->node().storage_status();
    facts.self = options_.host.self;
    facts.cluster = options_.host.cluster.value();
    AddMembers(facts);
    const net::PeerTransportStats& peers = host_->transport().stats();
    facts.peer_messages_sent = peers.messages_sent;
    facts.peer_messages_received = peers.messages_received;
    facts.lookups = store_.keyspace().counts();
    facts.last_leader = LastLeader();
    facts.keys = store_.key_count();
    facts.volatile_keys = store_.volatile_key_count();
    facts.uptime = executor_.Now() - started_;
    facts.wall = executor_.clock().WallNow();
    return facts;
  }

  ProcessUsage Process() const override {
    return options_.process_usage ? options_.process_usage() : ProcessUsage();
  }

  Store& store() override { return store_; }

  std::optional<net::Address> LeaderElsewhere() const override {
    const runtime::NodeId leader = host_->node().status().leader;
    if (leader == runtime::NodeId() || leader == options_.host.self) {
      return std::nullopt;
    }
    for (const ServerMember& member : options_.members) {
      if (member.node == leader) return member.cluster.value_or(member.redis);
    }
    return std::nullopt;
  }

 private:
  void AddMembers(ServerFacts& facts) const {
    const raft::Contacts contacts = host_->node().contacts();
    facts.led = contacts.led;
    for (const ServerMember& member : options_.members) {
      MemberFacts known{.node = member.node,
                        .redis = member.redis,
                        .cluster = member.cluster.value_or(member.redis),
                        .heard = member.node == facts.self,
                        .match = {},
                        .silence = {}};
      for (const raft::Contacts::Peer& peer : contacts.peers) {
        if (peer.node != member.node) continue;
        known.heard = peer.heard;
        known.match = peer.match;
        known.silence = peer.silence;
      }
      facts.members.push_back(std::move(known));
    }
  }

  // Suspends. So that nobody has to find out that the leader is gone. If it
  // cannot be done, they will: when those who could take over stop as well, a
  // leader that has stood down waits for nobody.
  void HandLeadOver(runtime::Instant deadline) {
    raft::Node& node = host_->node();
    if (options_.members.size() < 2) return;
    if (node.status().role != raft::Role::kLeader) return;
    // A transfer takes one election timeout at most, and to hear of the next
    // leader another.
    const runtime::Instant in_time =
        executor_.Now() + 2 * options_.host.core.election_timeout_max;
    (void)node.TransferLeadership(runtime::NodeId(),
                                  std::min(deadline, in_time));
  }

  // Errors: those of Network::Listen().
  absl::Status OpenDoors() {
    const runtime::NodeId self = options_.host.self;
    service_ = std::make_unique<KvService>(host_->node(), store_,
                                           executor_.clock(), host_->founding(),
                                           random_.Fork("kv.service"));
    rpc_ = std::make_unique<net::RpcServer>(executor_, network_,
                                            RpcConfig(options_));
    service_->Register(*rpc_);
    rpc_->Handle<ClockRequest, ClockReply>(
        kClockMethod,
        [this](const net::CallContext& /*call*/,
               const ClockRequest& /*request*/) -> absl::StatusOr<ClockReply> {
          return ClockReply{
              .node = options_.host.self.value(),
              .founding = host_->founding(),
              .wall_nanos = absl::ToUnixNanos(executor_.clock().WallNow())};
        });
    RETURN_IF_ERROR(rpc_->Start());

    peers_ = std::make_unique<Peers>(
        executor_, network_, random_.Fork("kv.peers"), host_->founding(),
        options_.host.core.election_timeout_max);
    watch_ = std::make_unique<PeerWatch>(executor_, *peers_);
    for (const ServerMember& member : options_.members) {
      if (member.node == self) continue;
      peers_->Add(member.node, member.rpc);
      watch_->Add(member.node, member.rpc);
    }
    frontend_ = std::make_unique<Frontend>(
        Frontend::Collaborators{.executor = executor_,
                                .node = host_->node(),
                                .service = *service_,
                                .peers = *peers_,
                                .transport = host_->transport()},
        FrontendOptions{.self = self,
                        .leader_wait = options_.leader_wait,
                        .parked_max = options_.parked_max},
        random_.Fork("kv.frontend"));
    reaper_ = std::make_unique<Reaper>(executor_, store_);
    expirer_ = std::make_unique<Expirer>(executor_, host_->node(), store_);
    return options_.redis_listen.has_value() ? OpenRedisDoors()
                                             : absl::OkStatus();
  }

  // Errors: those of Network::Listen().
  absl::Status OpenRedisDoors() {
    ASSIGN_OR_RETURN(std::unique_ptr<net::Listener> redis,
                     network_.Listen(*options_.redis_listen));
    redis_address_ = redis->local_address();
    std::unique_ptr<net::Listener> cluster;
    if (options_.cluster_listen.has_value()) {
      ASSIGN_OR_RETURN(cluster, network_.Listen(*options_.cluster_listen));
      cluster_address_ = cluster->local_address();
    }
    resp_ = std::make_unique<RespServer>(
        executor_, *frontend_, *this,
        RespServerOptions{.clients_max = options_.redis_clients_max,
                          .request_bytes_max = options_.request_bytes_max,
                          .answer_bytes_max = options_.client_answer_bytes_max,
                          .memory_bytes_max = options_.clients_bytes_max,
                          .protected_mode = options_.protected_mode,
                          .request_timeout = options_.request_timeout,
                          .slow_request = options_.slow_request});
    resp_->Start(std::move(redis), RespServer::Manner::kForwards);
    if (cluster != nullptr) {
      resp_->Start(std::move(cluster), RespServer::Manner::kRedirects);
    }
    return absl::OkStatus();
  }

  // Remembers it, for those who ask while there is none.
  runtime::NodeId LastLeader() const {
    const runtime::NodeId leader = host_->node().status().leader;
    if (leader != runtime::NodeId()) last_leader_ = leader;
    return last_leader_ != runtime::NodeId() ? last_leader_
                                             : options_.host.self;
  }

  runtime::Executor& executor_;
  net::Network& network_;
  runtime::Random random_;
  ServerOptions options_;
  const runtime::Instant started_;

  // Each uses those above it.
  Store store_;
  std::unique_ptr<raft::Host> host_;
  std::unique_ptr<KvService> service_;
  std::unique_ptr<net::RpcServer> rpc_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<PeerWatch> watch_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<Expirer> expirer_;
  std::unique_ptr<Reaper> reaper_;
  std::unique_ptr<RespServer> resp_;  // Null without a Redis front door.

  std::optional<net::Address> redis_address_;
  std::optional<net::Address> cluster_address_;
  mutable runtime::NodeId last_leader_;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(raft::HostWorld world,
                                                      ServerOptions options) {
  auto impl =
      std::make_unique<Impl>(world.network_executor, world.network,
                             world.random.Fork("kv"), std::move(options));
  RETURN_IF_ERROR(impl->Start(std::move(world)));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

raft::Node& Server::node() { return impl_->host().node(); }
raft::Host& Server::host() { return impl_->host(); }
const Store& Server::store() const { return impl_->store(); }
Frontend& Server::frontend() { return impl_->frontend(); }
ServerLoad Server::load() const { return impl_->load(); }
net::Address Server::rpc_address() const { return impl_->rpc_address(); }
std::optional<net::Address> Server::redis_address() const {
  return impl_->redis_address();
}
std::optional<net::Address> Server::cluster_address() const {
  return impl_->cluster_address();
}

ServerFacts Server::facts() { return impl_->resp().Facts(); }
std::vector<PeerReach> Server::peers() const {
  return impl_->watch().reports();
}

absl::Status Server::Stop(runtime::Instant deadline) {
  return impl_->Stop(deadline);
}

}  // namespace kv
