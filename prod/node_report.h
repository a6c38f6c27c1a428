// What a node says about itself, and how another thread asks it.
//
// The report is made on the network runtime, between two events: its numbers
// fit each other. Whoever asks waits no longer than it says, so that a runtime
// that hangs is noticed and not waited for.

#ifndef PROD_NODE_REPORT_H_
#define PROD_NODE_REPORT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "kv/peer_watch.h"
#include "net/peer_transport.h"
#include "persist/persister.h"
#include "raft/node.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/instant.h"

namespace prod {

struct NodeReport {
  enum class Phase : uint8_t { kStarting, kServing, kStopping };
  // What a leader knows about another member.
  struct Follower {
    runtime::NodeId node;
    persist::Index match;  // Its log is known to equal the leader's up to here.
  };

  Phase phase = Phase::kStarting;
  absl::Duration uptime;
  // All below only while serving or stopping.
  raft::NodeStatus raft;
  persist::Index durable;
  std::vector<runtime::NodeId> voters;
  std::vector<Follower> followers;  // Empty unless leading.
  net::PeerTransportStats transport;
  runtime::Instant now;                    // That the links speak of.
  std::vector<net::PeerLinkReport> links;  // Raft's own messages.
  std::vector<kv::PeerReach> peers;        // Requests that are forwarded.
  persist::PersisterStats log;
  uint64_t keys = 0;
  uint64_t redis_clients = 0;
  uint64_t redis_clients_max = 0;
  uint64_t redis_clients_accepted = 0;
  uint64_t redis_clients_refused = 0;
  uint64_t redis_commands = 0;
};

const char* PhaseName(NodeReport::Phase phase);

class NodeReporter {
 public:
  // `make` runs on `network`, as a task, outside fibers. Both outlive this and
  // every task that `network` still runs.
  NodeReporter(runtime::Executor& network,
               absl::AnyInvocable<NodeReport()> make);

  // Any thread but that of the runtime; waits up to `patience`. Nothing: the
  // runtime did not get to it. However many ask, at most one task waits there.
  std::optional<NodeReport> Ask(absl::Duration patience);

 private:
  struct State;

  runtime::Executor& network_;
  // Shared with the task that is under way, which may be dropped unrun or run
  // when nobody waits any more.
  std::shared_ptr<State> state_;
};

}  // namespace prod

#endif  // PROD_NODE_REPORT_H_
