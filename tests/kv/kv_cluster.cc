#include "tests/kv/kv_cluster.h"

#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/writer.h"
#include "raft/node.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "sim/sim_network.h"

namespace kv {
namespace {

constexpr absl::Duration kStep = absl::Milliseconds(1);

std::string HostName(int node) { return absl::StrCat("n", node); }

}  // namespace

// ------------------------------------------------------------ RedisClient

std::string Request(const std::vector<std::string>& words) {
  std::string out;
  RespWriter writer(out);
  writer.Array(words.size());
  for (const std::string& word : words) writer.Bulk(word);
  return out;
}

bool RedisClient::Connect(int node, uint16_t port) {
  received_.clear();
  stream_.reset();
  auto stream = process_.network().Dial(
      {HostName(node), port}, net::Framing::kBytes,
      process_.network_executor().Now() + absl::Seconds(1));
  if (!stream.ok()) return false;
  stream_ = *std::move(stream);
  return true;
}

bool RedisClient::Send(absl::string_view bytes) {
  return stream_ != nullptr &&
         stream_
             ->Write(runtime::AsBytes(bytes),
                     process_.network_executor().Now() + kPatience)
             .ok();
}

bool RedisClient::ReadMore() {
  char chunk[16384];
  if (stream_ == nullptr) return false;
  const auto count =
      stream_->Read(std::as_writable_bytes(std::span(chunk)),
                    process_.network_executor().Now() + kPatience);
  if (!count.ok() || *count == 0) {
    stream_.reset();
    return false;
  }
  received_.append(chunk, *count);
  return true;
}

size_t RedisClient::ReplySize(size_t from) const {
  const size_t line_end = received_.find("\r\n", from);
  if (line_end == std::string::npos) return 0;
  const char kind = received_[from];
  size_t end = line_end + 2;
  int64_t number = 0;
  (void)absl::SimpleAtoi(
      absl::string_view(received_).substr(from + 1, line_end - from - 1),
      &number);
  if (kind == '$' && number >= 0) {
    end += static_cast<size_t>(number) + 2;
    return end <= received_.size() ? end - from : 0;
  }
  if (kind == '*') {
    for (int64_t i = 0; i < number; ++i) {
      if (end >= received_.size()) return 0;
      const size_t size = ReplySize(end);
      if (size == 0) return 0;
      end += size;
    }
  }
  return end - from;
}

std::optional<std::string> RedisClient::Receive() {
  size_t size = 0;
  while (received_.empty() || (size = ReplySize(0)) == 0) {
    if (!ReadMore()) return std::nullopt;
  }
  std::string reply = received_.substr(0, size);
  received_.erase(0, size);
  return reply;
}

std::optional<std::string> RedisClient::Ask(
    const std::vector<std::string>& words) {
  if (!Send(Request(words))) return std::nullopt;
  return Receive();
}

// -------------------------------------------------------------- KvCluster

KvCluster::KvCluster(uint64_t seed, sim::Knobs knobs) {
  sim::WorldOptions options;
  options.seed = seed;
  options.knobs = knobs;
  world_ = std::make_unique<sim::World>(std::move(options));
  for (int node = 1; node <= kNodes; ++node) {
    nodes_.push_back({.host = world_->AddHost(HostName(node))});
    options_.members.push_back(
        {.node = runtime::NodeId(uint64_t(node)),
         .peer = {HostName(node), kPeerPort},
         .rpc = {HostName(node), kRpcPort},
         .redis = {HostName(node), kRedisPort},
         .cluster = net::Address{HostName(node), kRedirectPort}});
  }
  options_.host.cluster = runtime::ClusterId(42);
  options_.host.init_cluster = true;
  options_.host.storage.segment_bytes = 1 << 20;
}

KvCluster::~KvCluster() = default;

void KvCluster::BootAll() {
  for (int node = 1; node <= kNodes; ++node) Boot(node);
}

void KvCluster::Boot(int node) {
  nodes_[Slot(node)].stop = false;
  world_->Boot(host(node),
               [this, node](sim::Process& process) { Run(process, node); });
}

void KvCluster::Run(sim::Process& process, int node) {
  Node& slot = nodes_[Slot(node)];
  ServerOptions options = options_;
  const std::string name = HostName(node);
  options.host.self = runtime::NodeId(uint64_t(node));
  options.host.listen = {name, kPeerPort};
  options.rpc_listen = {name, kRpcPort};
  options.redis_listen = net::Address{name, kRedisPort};
  options.cluster_listen = net::Address{name, kRedirectPort};
  runtime::Executor& executor = process.network_executor();
  auto server = Server::Start({.network_executor = executor,
                               .storage_executor = process.storage_executor(),
                               .network = process.network(),
                               .disk = process.disk(),
                               .random = process.Stream("server"),
                               .observer = nullptr,
                               .on_storage_failure = {},
                               .on_outlived = {}},
                              std::move(options));
  if (!server.ok()) {
    world_->Fail("test: a server did not start", server.status().ToString());
    return;
  }
  slot.server = server->get();
  while (!slot.stop) {
    if (!executor.SleepFor(kStep).ok()) break;
  }
  const absl::Status stopped =
      (*server)->Stop(executor.Now() + absl::Seconds(5));
  slot.server = nullptr;
  if (!stopped.ok()) {
    world_->Fail("test: a server did not stop", stopped.ToString());
  }
}

void KvCluster::PowerOff(int node) {
  nodes_[Slot(node)].server = nullptr;
  world_->PowerOff(host(node));
}

int KvCluster::leader() {
  int leader = 0;
  raft::Term term;
  for (int node = 1; node <= kNodes; ++node) {
    if (server(node) == nullptr) continue;
    const raft::NodeStatus status = server(node)->node().status();
    if (status.role == raft::Role::kLeader && status.term > term) {
      leader = node;
      term = status.term;
    }
  }
  return leader;
}

int KvCluster::AwaitLeader() {
  for (int i = 0; i < 10'000 && leader() == 0 && !world_->failure(); ++i) {
    world_->RunFor(kStep);
  }
  return leader();
}

void KvCluster::StartClient(ClientBody body) {
  clients_.push_back(
      world_->AddHost(absl::StrCat("client", clients_.size() + 1)));
  ++clients_running_;
  world_->Boot(clients_.back(),
               [this, run = std::move(body)](sim::Process& process) {
                 run(process);
                 --clients_running_;
               });
}

bool KvCluster::AwaitClients(absl::Duration patience) {
  const int64_t steps = patience / kStep;
  for (int64_t i = 0; i < steps && clients_running_ > 0; ++i) {
    world_->RunFor(kStep);
    if (world_->failure().has_value()) {
      ADD_FAILURE() << world_->failure()->check << ": "
                    << world_->failure()->message;
      return false;
    }
  }
  EXPECT_EQ(clients_running_, 0u) << "clients that never returned";
  return clients_running_ == 0;
}

std::vector<uint64_t> KvCluster::AwaitEqualHashes() {
  std::vector<uint64_t> hashes;
  for (int i = 0; i < 10'000 && !world_->failure(); ++i) {
    hashes.clear();
    bool settled = true;
    for (int node = 1; node <= kNodes; ++node) {
      if (server(node) == nullptr) continue;
      const raft::NodeStatus status = server(node)->node().status();
      settled = settled && status.applied == status.last;
      hashes.push_back(server(node)->store().StateHash());
    }
    for (const uint64_t hash : hashes) settled = settled && hash == hashes[0];
    if (settled && leader() != 0) return hashes;
    world_->RunFor(kStep);
  }
  ADD_FAILURE() << "the nodes do not come to the same state";
  return hashes;
}

}  // namespace kv
