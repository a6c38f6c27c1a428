// The Redis front door: accepts connections and serves each with a fiber of its
// own.
//
// A connection reads what is there, takes as many whole requests from it as
// make one reasonable entry, executes their commands as one (one place in the
// log, one round to the quorum), and words the answers in order: a pipeline
// costs what a single command costs, and its commands take effect in their
// order, whatever happens to the leader meanwhile. Answers leave in one write
// for all that are ready, from a second fiber, so that a client that sends much
// before it reads anything does not stand in its own way.
//
// A listener either forwards (any node serves any client; for those that know
// of one server) or redirects: requests whose keys are led elsewhere are
// answered MOVED, for clients that know of Redis Cluster.
//
// Reading goes on while answers wait to be taken, for many clients write all
// they have to ask before they read anything. So what waits is bounded: for one
// client, beyond which no more is read of it, and for all of them together,
// beyond which the one that holds most is dropped.
//
// There are no passwords. In protected mode clients of other machines are told
// so and not served. Who speaks HTTP here is a browser that somebody else's
// page has sent, and is not served either.
//
// One executor: that of the node.

#ifndef KV_RESP_SERVER_H_
#define KV_RESP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/frontend.h"
#include "kv/resp/command_stats.h"
#include "kv/resp/rate_meter.h"
#include "kv/resp/requests.h"
#include "kv/store.h"
#include "net/network.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/instant.h"

namespace kv {

class RespConnection;

// What strangers can make happen as often as they like is noted once a minute.
class RareNote {
 public:
  static constexpr absl::Duration kInterval = absl::Minutes(1);

  // Whether it is time; `count` is how often it happened since the last note.
  bool IsDue(runtime::Instant now, uint64_t* count);

 private:
  std::optional<runtime::Instant> last_;
  uint64_t count_ = 0;
};

struct RespServerOptions {
  // Beyond it connections are refused in Redis' words.
  size_t clients_max = 10'000;
  // Of one request, and of what waits for EXEC. At most kRequestBytesMax.
  size_t request_bytes_max = kRequestBytesMax;
  // Answers that wait to be taken by one client.
  size_t answer_bytes_max = 512 << 20;
  // What all clients hold: requests that are not executed, transactions, and
  // answers, with the room kept for them.
  size_t memory_bytes_max = 1 << 30;
  // Serves nobody but those who dial from this very machine.
  bool protected_mode = false;
  // Those that carry much have more: TransferTime().
  absl::Duration request_timeout = absl::Seconds(5);
  // What took longer is noted (slow_log.h).
  absl::Duration slow_request = absl::Milliseconds(100);
};

// What the server knows of its node and its cluster.
class ServerView {
 public:
  virtual ~ServerView() = default;
  // What concerns clients is filled in by RespServer.
  virtual ServerFacts Facts() const = 0;
  virtual ProcessUsage Process() const = 0;
  virtual Store& store() = 0;
  // As RespHost::LeaderElsewhere().
  virtual std::optional<net::Address> LeaderElsewhere() const = 0;
};

class RespServer final : public RespHost {
 public:
  enum class Manner : uint8_t { kForwards, kRedirects };

  // What one entry takes from a pipeline; one request may exceed it.
  static constexpr size_t kBatchBytesMax = 256 << 10;
  static constexpr size_t kBatchCommandsMax = 512;
  // A client that takes no byte for so long is given up.
  static constexpr absl::Duration kWriteTimeout = absl::Minutes(5);
  // The same where its answers have reached their bound: its requests are not
  // read either, so that it may be stuck for good.
  static constexpr absl::Duration kDeafTimeout = absl::Seconds(30);

  // `executor`, `frontend` and `view` outlive this.
  RespServer(runtime::Executor& executor, Frontend& frontend, ServerView& view,
             RespServerOptions options);
  // Requires: Stop() came before, or the whole process is being killed.
  ~RespServer() override;

  // Serves who dials `listener` from now on. Once for each listener.
  void Start(std::unique_ptr<net::Listener> listener, Manner manner);

  size_t client_count() const { return connections_.size(); }
  // What is held for all of them.
  size_t clients_bytes() const { return memory_bytes_; }

  // RespHost.
  ServerFacts Facts() override;
  ProcessUsage Process() override { return view_.Process(); }
  std::optional<net::Address> LeaderElsewhere() override;
  RespSettings& settings() override { return settings_; }
  std::vector<const RespClient*> Clients() override;
  bool EndClient(uint64_t id) override;
  SlowLog& slow_log() override { return slow_log_; }
  size_t request_bytes_max() const override {
    return options_.request_bytes_max;
  }
  void OnCrossProtocol(const RespClient& client) override;
  CommandStats& stats() override { return stats_; }
  runtime::Instant Now() override { return executor_.Now(); }
  size_t CountKeysInSlot(uint32_t slot) override {
    return view_.store().keyspace().CountInSlot(slot);
  }
  std::vector<std::string> KeysInSlot(uint32_t slot, size_t max) override {
    return view_.store().KeysInSlot(slot, max);
  }
  void ResetStats() override;
  const ServerFacts& FactsAtReset() override { return at_reset_; }

  // For connections.
  runtime::Executor& executor() { return executor_; }
  Frontend& frontend() { return frontend_; }
  const RespServerOptions& options() const { return options_; }
  // One of them holds `after` bytes now, of which `before` are counted. May
  // drop connections, that one too.
  void Recount(size_t before, size_t after);
  // It takes none of the answers that keep it from being read.
  void OnDeaf(RespConnection& connection);
  void OnAnswered(runtime::Instant now, uint64_t requests) {
    requests_.Add(now, requests);
  }
  void OnRead(runtime::Instant now, size_t bytes) {
    ++traffic_.reads;
    bytes_in_.Add(now, bytes);
  }
  void OnWritten(runtime::Instant now, size_t bytes) {
    ++traffic_.writes;
    bytes_out_.Add(now, bytes);
  }

  // Suspends: accepts nobody any more, closes idle connections, answers what
  // is under way until `deadline`, then drops the rest.
  void Stop(runtime::Instant deadline);

 private:
  void RunAcceptor(net::Listener& listener, Manner manner);
  void Admit(std::unique_ptr<net::Stream> stream, Manner manner);
  // Says why, in one line, if there are not too many who must hear such things.
  void Refuse(std::unique_ptr<net::Stream> stream, absl::string_view why);
  // Drops those that hold most until the rest may stay.
  void DropLargest();
  void DropOne(RespConnection& connection, absl::string_view why);
  void Serve(uint64_t id, std::unique_ptr<net::Stream> stream, Manner manner);

  runtime::Executor& executor_;
  Frontend& frontend_;
  ServerView& view_;
  const RespServerOptions options_;
  RespSettings settings_;
  SlowLog slow_log_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  uint64_t last_client_ = 0;  // Also how many were accepted.
  uint64_t refused_ = 0;
  size_t memory_bytes_ = 0;  // Of all connections; RespConnection::Account().
  uint64_t dropped_ = 0;     // Connections, for what they held.
  RareNote attacks_;
  RareNote foreigners_;
  RareNote drops_;
  CommandStats stats_;
  TrafficFacts traffic_;
  RateMeter requests_;
  RateMeter bytes_in_;
  RateMeter bytes_out_;
  ServerFacts at_reset_;
  bool stopping_ = false;
  // By client id. They lie on the stacks of their fibers; null until those have
  // begun.
  absl::btree_map<uint64_t, RespConnection*> connections_;
  runtime::FiberGroup fibers_;
};

}  // namespace kv

#endif  // KV_RESP_SERVER_H_
