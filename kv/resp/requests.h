// What each request of a Redis client means.
//
// A request is answered at once (PING, INFO, a syntax error), or becomes a
// command of the keyspace (kv/commands/table.h) whose reply is worded later, or
// waits for EXEC. A plan (plan.h) takes them all, in order.
//
// Knows nothing of connections and of Raft: pure.

#ifndef KV_RESP_REQUESTS_H_
#define KV_RESP_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/keyspace.h"
#include "kv/process_usage.h"
#include "kv/resp/client.h"
#include "kv/resp/command_stats.h"
#include "kv/resp/plan.h"
#include "kv/resp/settings.h"
#include "kv/resp/slow_log.h"
#include "kv/service.h"
#include "net/address.h"
#include "raft/node.h"

namespace kv {

// A node as clients may see it.
struct MemberFacts {
  runtime::NodeId node;
  net::Address redis;    // Its listener that forwards.
  net::Address cluster;  // Its listener that answers MOVED; else as `redis`.
  // What this node knows of it (raft/node.h, Contacts). Itself it hears.
  bool heard = true;
  persist::Index match;
  absl::Duration silence;
};

// What came from clients and went to them since the server began; and lately.
struct TrafficFacts {
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t requests_per_second = 0;
  uint64_t bytes_in_per_second = 0;
  uint64_t bytes_out_per_second = 0;
};

// What a client may ask about the server.
struct ServerFacts {
  raft::NodeStatus raft;
  raft::StorageStatus storage;
  runtime::NodeId self;
  uint64_t cluster = 0;  // Names the cluster.
  std::vector<MemberFacts> members;
  // Whether a leader is known and alive (raft/node.h, Contacts).
  bool led = false;
  // Messages of this node to the others, and of them to it.
  uint64_t peer_messages_sent = 0;
  uint64_t peer_messages_received = 0;
  // The leader, or else who led last, or else any member: never 0.
  runtime::NodeId last_leader;
  size_t clients = 0;
  size_t clients_max = 0;
  // Since the server began.
  uint64_t clients_accepted = 0;
  uint64_t clients_refused = 0;
  uint64_t clients_dropped = 0;  // For what they held.
  size_t clients_bytes = 0;      // What all hold now; kv/resp/server.h.
  uint64_t requests = 0;
  TrafficFacts traffic;
  KeyspaceCounts lookups;
  size_t keys = 0;  // As applied here; may lag behind.
  size_t volatile_keys = 0;
  absl::Duration uptime;
  absl::Time wall;

  // The others that this node hears, if it leads.
  std::vector<const MemberFacts*> Followers() const;
  // Null if it is not a member.
  const MemberFacts* Member(runtime::NodeId node) const;
};

// The server, as those who plan requests see it.
class RespHost {
 public:
  virtual ~RespHost() = default;

  virtual ServerFacts Facts() = 0;
  // Asks the system: for those who need it.
  virtual ProcessUsage Process() = 0;
  // Where a client that follows MOVED finds the leader. Nothing: it is here, or
  // not known.
  virtual std::optional<net::Address> LeaderElsewhere() = 0;
  virtual RespSettings& settings() = 0;
  // All connections, in order of id.
  virtual std::vector<const RespClient*> Clients() = 0;
  // Ends that connection as soon as what it asked is answered. False if there
  // is none.
  virtual bool EndClient(uint64_t id) = 0;
  virtual SlowLog& slow_log() = 0;
  // What one request may weigh, and what waits for EXEC.
  virtual size_t request_bytes_max() const = 0;
  // Somebody speaks HTTP to us: a browser, most likely, on behalf of a page.
  virtual void OnCrossProtocol(const RespClient& client) = 0;
  virtual CommandStats& stats() = 0;
  virtual runtime::Instant Now() = 0;
  // As applied here. The second walks the keys, until it has `max` of them, and
  // suspends if that takes long.
  virtual size_t CountKeysInSlot(uint32_t slot) = 0;
  virtual std::vector<std::string> KeysInSlot(uint32_t slot, size_t max) = 0;
  // CONFIG RESETSTAT: from now on INFO counts from here.
  virtual void ResetStats() = 0;
  virtual const ServerFacts& FactsAtReset() = 0;
};

// Adds the request `args` (not empty) to `plan`. The views must live as long as
// the plan is used. Requires: !plan.complete().
void PlanRequest(std::span<const absl::string_view> args, RespClient& client,
                 RespHost& host, RespPlan& plan);

// The same for a request that was not kept, for being too large: answers why.
void PlanRefusal(absl::string_view why, RespClient& client, RespHost& host,
                 RespPlan& plan);

// The error line for an entry that was not executed: "BUSY try again later".
std::string ErrorOf(const EntryReply& reply);

}  // namespace kv

#endif  // KV_RESP_REQUESTS_H_
