// Three keyspace servers in one world, and Redis clients that speak to them
// over simulated streams: the small language of the cluster tests.

#ifndef TESTS_KV_KV_CLUSTER_H_
#define TESTS_KV_KV_CLUSTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/server.h"
#include "kv/store.h"
#include "net/stream.h"
#include "sim/world.h"

namespace kv {

inline constexpr int kNodes = 3;
inline constexpr uint16_t kPeerPort = 7001;
inline constexpr uint16_t kRpcPort = 7002;
inline constexpr uint16_t kRedisPort = 6379;
inline constexpr uint16_t kRedirectPort = 6479;  // Answers MOVED.

// Suspends.
inline void Sleep(sim::Process& process, absl::Duration span) {
  process.network_executor().SleepFor(span).IgnoreError();
}

// One connection of a Redis client. Everything suspends.
class RedisClient {
 public:
  // Nothing heard for so long: the server is taken for dead.
  static constexpr absl::Duration kPatience = absl::Seconds(8);

  explicit RedisClient(sim::Process& process) : process_(process) {}

  // Node 1 to 3. False if nobody answers.
  bool Connect(int node, uint16_t port = kRedisPort);
  void Close() { stream_.reset(); }
  bool connected() const { return stream_ != nullptr; }

  bool Send(absl::string_view bytes);
  // One whole reply as it came; nothing if the connection ended before.
  std::optional<std::string> Receive();
  // One request and its reply.
  std::optional<std::string> Ask(const std::vector<std::string>& words);

 private:
  bool ReadMore();
  // The size of the reply at `from` in received_; 0: not all there yet.
  size_t ReplySize(size_t from) const;

  sim::Process& process_;
  std::unique_ptr<net::Stream> stream_;
  std::string received_;
};

// "*2\r\n$3\r\nGET\r\n..."
std::string Request(const std::vector<std::string>& words);

class KvCluster {
 public:
  using ClientBody = std::function<void(sim::Process&)>;

  explicit KvCluster(uint64_t seed, sim::Knobs knobs = {});
  ~KvCluster();

  sim::World& world() { return *world_; }
  ServerOptions& options() { return options_; }  // Before BootAll().

  void BootAll();
  void Boot(int node);  // 1 to 3.
  void PowerOff(int node);
  // Asks the node to end by itself, gracefully.
  void Stop(int node) { nodes_[Slot(node)].stop = true; }

  // Null while the node is not up.
  Server* server(int node) { return nodes_[Slot(node)].server; }
  // Who leads in the highest term; 0: nobody that is up.
  int leader();
  int AwaitLeader();
  sim::HostId host(int node) const { return nodes_[Slot(node)].host; }

  // Runs `body` on a client host of its own and returns at once.
  void StartClient(ClientBody body);
  // Runs the world until all clients have returned. False: they did not in
  // `patience`, or the world failed.
  bool AwaitClients(absl::Duration patience = absl::Minutes(2));
  // Both.
  bool RunClient(ClientBody body) {
    StartClient(std::move(body));
    return AwaitClients();
  }

  // Runs until all nodes that are up have applied the same entries; their state
  // hashes then.
  std::vector<uint64_t> AwaitEqualHashes();

 private:
  struct Node {
    sim::HostId host = 0;
    Server* server = nullptr;  // On the process's stack.
    bool stop = false;
  };

  static size_t Slot(int node) { return static_cast<size_t>(node - 1); }
  void Run(sim::Process& process, int node);

  std::unique_ptr<sim::World> world_;
  ServerOptions options_;
  std::vector<Node> nodes_;
  std::vector<sim::HostId> clients_;
  size_t clients_running_ = 0;
};

}  // namespace kv

#endif  // TESTS_KV_KV_CLUSTER_H_
