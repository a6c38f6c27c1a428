// One member of one group, alive: the fibers around the pure core.
//
//   core loop   drains the mailbox, calls Core::Step for each event, hands the
//               stores to the Persister and the sends to the PeerTransport as
//               soon as what they depend on is durable.
//   applier     applies committed entries to the state machine in batches and
//               resolves the tickets of those who wait. From the start it
//               applies what the disk knows to be committed, in turns of a few
//               milliseconds, so that nobody waits for it to hear or to vote.
//
// Only the core loop touches the core. Everything here lives on the network
// executor of the process; the Persister works on the storage executor. What
// lies between the two is bounded: raft/storage_gate.h.
//
// Lifetimes: all collaborators outlive the Node. Stop() before destroying,
// except when the whole process is killed.

#ifndef RAFT_NODE_H_
#define RAFT_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "net/peer_transport.h"
#include "persist/persister.h"
#include "raft/core/core.h"
#include "raft/stage_times.h"
#include "raft/state_machine.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace raft {

// What became of a proposal. There are four answers and no fifth.
struct Outcome {
  enum class Kind : uint8_t {
    kApplied,  // Committed and applied here; `result` is the machine's answer.
    kRefused,  // It never entered a log and never will. Retry elsewhere.
    kLost,     // It was in a log and has been overwritten: proved not done.
    kUnknown,  // It may take effect at any time later, or never.
  };
  Kind kind = Kind::kUnknown;
  runtime::Bytes result;   // kApplied.
  Index index;             // kApplied.
  RefusalReason reason{};  // kRefused.
  NodeId leader_hint;      // kRefused: who may know better; or 0.
  StageTimes stages;       // kApplied.
};

// Sees everything the core does, for checkers. Never suspends, never calls
// back. Production counts with one (prod/raft_counters.h).
class NodeObserver {
 public:
  virtual ~NodeObserver() = default;
  virtual void OnStarted(const Core& core, runtime::Instant now) = 0;
  // `core` is about to take `event`; `now` is the time that it will see.
  virtual void OnEvent(const Core& core, const Event& event,
                       runtime::Instant now) = 0;
  // After each step, before any effect is carried out.
  virtual void OnStep(const Core& core, const Effects& effects) = 0;
  // A message leaves now: what it promises must be durable now.
  virtual void OnSendLeaves(const Core& core, const Send& send) = 0;
  // The state machine has applied everything up to `index`: of it `commands`,
  // which gave `results`. Nobody who waits has been told yet.
  virtual void OnApplied(const Core& core, std::span<const Command> commands,
                         std::span<const runtime::Bytes> results, Index index,
                         uint64_t state_hash) = 0;
  // Whoever waits for `ticket` is told `outcome` (of a read that may look now:
  // kApplied, without index). One who gives up is not told anything, unless
  // the command could be taken back.
  virtual void OnAnswered(const Core& core, Ticket ticket,
                          const Outcome& outcome) = 0;
  // The medium has reported that the stores up to `upto` are durable. The core
  // hears of it in its turn, as an event.
  virtual void OnStored(const Core& core, Sequence upto) = 0;
  // The medium has failed: nothing may leave any more.
  virtual void OnStorageFailed(const Core& core) = 0;
};

struct NodeStatus {
  Role role = Role::kFollower;
  Term term;
  NodeId leader;  // 0: not known.
  Index commit;
  Index applied;
  Index last;
};

// Whom a node hears, for those who ask about the cluster.
struct Contacts {
  struct Peer {
    NodeId node;
    // It answers its leader, which we are, or leads us and was heard, within an
    // election timeout. Two that only vote for each other do not talk: between
    // them a connection that stands is all that there is to know.
    bool heard = false;
    Index match;             // Leading: its log equals ours up to here.
    absl::Duration silence;  // Leading: since it last answered.
  };
  // A leader is known and alive, as far as this node can know.
  bool led = false;
  std::vector<Peer> peers;  // The other voters, in order.
};

// The way to the storage runtime, and what was left because it was full.
struct StorageStatus {
  persist::PersisterStats stores;
  uint64_t proposals_refused = 0;
  uint64_t messages_dropped = 0;  // Of peers, who will send them again.
};

// What is taken of all that a node counts. Nothing of it, when nobody asks for
// anything and everything is acknowledged.
struct NodeLoad {
  size_t waiters = 0;    // Who wait for a proposal or a read.
  size_t transfers = 0;  // Who wait for another to lead.
  size_t events = 0;     // In the mailbox, with what was proposed.
  size_t held = 0;       // Messages that wait for the disk.
};

class Node : public net::PeerReceiver, public persist::PersisterSink {
 public:
  // Beyond this many events waiting for the core loop, new proposals are
  // refused as busy and messages of peers are dropped.
  static constexpr size_t kMailboxEventsMax = 16384;

  struct Collaborators {
    runtime::Executor& executor;
    net::PeerTransport& transport;
    persist::Persister& persister;
    StateMachine& machine;
    NodeObserver* observer = nullptr;
    // Called once when the medium failed: the owner ends the process.
    absl::AnyInvocable<void(const absl::Status&)> on_storage_failure;
  };

  // `recovered` is the group as the medium holds it, not empty; `stored` is the
  // sequence of the last store that this life has submitted for it, durable (0,
  // unless the group was founded just now).
  Node(Collaborators collaborators, NodeId self, CoreOptions options,
       persist::RecoveredGroup recovered, Sequence stored,
       runtime::Random dice);
  ~Node() override;

  void Start();

  // Suspends until the command is applied here, or will certainly never be, or
  // the deadline passes (kUnknown if it might be in a log by then).
  Outcome Propose(runtime::Bytes command, runtime::Instant deadline);

  // Suspends until the state machine holds everything that was acknowledged
  // anywhere before the call; so does every later state of it.
  // Errors: FAILED_PRECONDITION (not the leader: see status().leader),
  //         DEADLINE_EXCEEDED, CANCELLED.
  absl::Status ReadBarrier(runtime::Instant deadline);

  // Suspends until another member leads: `to`, or with 0 whoever is there and
  // knows most. Meanwhile proposals are refused as kHandingOver. Gives up after
  // an election timeout at the latest, and leads on; so it may when this
  // returns an error, and is not bound to.
  // Errors: FAILED_PRECONDITION (not the leader), RESOURCE_EXHAUSTED (another
  //         transfer is under way), UNAVAILABLE (no such voter is there),
  //         DEADLINE_EXCEEDED, CANCELLED.
  absl::Status TransferLeadership(NodeId to, runtime::Instant deadline);

  // From now on whoever waits in `watcher` is woken when another leads, or
  // none, and when the term or the own role is another. Null: nobody is.
  void WatchLeadership(runtime::WaitQueue* watcher);

  NodeStatus status() const;
  Contacts contacts() const;
  StorageStatus storage_status() const;
  NodeLoad load() const;

  // Suspends until the fibers have ended. Waiting callers get kUnknown.
  void Stop();

  // PeerReceiver, PersisterSink.
  void OnPeerMessage(NodeId from, runtime::Incarnation incarnation,
                     runtime::Bytes message) override;
  void OnPeerLink(NodeId peer, bool up) override;
  void OnBulkLost(NodeId peer) override;
  void OnDurable(runtime::GroupId group, Sequence upto) override;
  void OnFailure(const absl::Status& why) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace raft

#endif  // RAFT_NODE_H_
