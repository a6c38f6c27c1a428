// The Raft protocol of one group on one member, and nothing else.
//
// Core::Step() takes one event and says what follows from it. No clock, no
// dice of its own making, no I/O, no waiting: the environment brings the time
// and the dice, and the driver (raft/node.h) carries the effects out.
//
// Contract with the driver:
//  1. Stores are executed strictly in order of sequence, and Durable{n} is
//     reported only when everything up to n is on the medium.
//  2. A Send leaves only when Durable >= its `after`. That is the only rule
//     between disk and network: a leader's AppendRequest has after = 0 and so
//     overlaps its own disk; a vote waits for the vote, an acknowledgement for
//     the entries it acknowledges.
//  3. Nothing but a Send may be skipped.
//  4. Deadline is delivered when the clock reaches deadline(); late or missed
//     ones collapse into one.
//
// Always on, without flags: pre-vote, check-quorum, leader stickiness, the
// no-op gate, stepping down when the own disk is stuck.
//
// The paper's terms are used throughout: Raft §n is Ongaro & Ousterhout 2014,
// thesis §n is Ongaro 2014. Impossible states CHECK (core/invariants.h).
//
// Files: election, replication, reads, membership implement the event handlers
// of this class by chapter of the paper; log, progress, quorum are values it is
// made of.

#ifndef RAFT_CORE_CORE_H_
#define RAFT_CORE_CORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "persist/persister.h"
#include "raft/core/log.h"
#include "raft/core/membership.h"
#include "raft/core/message.h"
#include "raft/core/progress.h"
#include "runtime/bytes.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace raft {

struct CoreOptions {
  // A follower campaigns when it has not heard from a leader for a time drawn
  // from [min, max]; it refuses other candidates for `min` after contact.
  absl::Duration election_timeout_min = absl::Milliseconds(150);
  absl::Duration election_timeout_max = absl::Milliseconds(300);
  absl::Duration heartbeat_interval = absl::Milliseconds(50);

  // Replication window per follower.
  size_t inflight_messages_max = 64;
  size_t inflight_bytes_max = 4 << 20;
  size_t append_bytes_max = 256 << 10;  // Per message; one entry may exceed it.

  // Proposals are refused as busy beyond this.
  size_t uncommitted_bytes_max = 64 << 20;
};

// Names a request of the driver in the answers to it. Chosen by the driver.
using Ticket = runtime::StrongInt<struct TicketTag>;

// ---------------------------------------------------------------- events

// The clock has reached deadline().
struct DeadlineReached {};

struct Inbound {
  NodeId from;
  runtime::Incarnation incarnation;  // Of the sender.
  Message message;
};

// Commands to be replicated, in this order.
struct Propose {
  struct Item {
    Ticket ticket;
    runtime::Bytes payload;
    uint32_t payload_crc32c;
  };
  std::vector<Item> items;
};

// A linearizable read wants to know when it may look at the state machine.
// Raft §8, thesis §6.4.
struct ReadRequest {
  Ticket ticket;
};

// The stream of stores is durable up to here.
struct Durable {
  Sequence upto;
};

// A connection to this peer broke: what was in flight is lost.
struct PeerLost {
  NodeId peer;
};

using Event = std::variant<DeadlineReached, Inbound, Propose, ReadRequest,
                           Durable, PeerLost>;

// --------------------------------------------------------------- effects

struct Send {
  NodeId to;
  // The life of the receiver that this answers; 0: it answers nobody.
  runtime::Incarnation echo;
  Sequence after;  // Leave only when durable up to here; 0: at once.
  Message message;
};

// The ticket's command stands in the log; what becomes of it is decided when
// that index is applied: the same term means applied, another means lost.
struct Accepted {
  Ticket ticket;
  Index index;
  Term term;
};

enum class RefusalReason : uint8_t {
  kNotLeader,
  kBusy,      // Leader, but too much is uncommitted: try again later.
  kLostLead,  // A read that waited for its quorum round when the lead was lost.
};

// The ticket's request will have no effect, ever.
struct Refused {
  Ticket ticket;
  RefusalReason reason;
};

// The read may look at the state machine once `index` is applied.
struct ReadReady {
  Ticket ticket;
  Index index;
};

struct Effects {
  std::vector<persist::Store> stores;
  std::vector<Send> sends;
  std::vector<Accepted> accepted;
  std::vector<Refused> refused;
  std::vector<ReadReady> reads;
  // Set when the commit index moved: everything up to it may be applied.
  std::optional<Index> commit;
  // Role, term or known leader changed.
  bool role_changed = false;

  void Clear();
};

// ------------------------------------------------------------------ core

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

const char* RoleName(Role role);

// States as a variant: a follower has no match index, a leader no election.
struct Follower {
  NodeId leader;  // 0: not known.
  // When the leader of this term was last heard; none since boot or since the
  // term began.
  std::optional<runtime::Instant> leader_contact;
};
struct PreCandidate {
  absl::btree_map<NodeId, bool> votes;  // Including our own.
};
struct Candidate {
  absl::btree_map<NodeId, bool> votes;  // Own vote only once it is durable.
  Sequence own_vote_after;  // Counted when durable up to here.
};
struct Leader {
  struct PendingRead {
    Ticket ticket;
    uint64_t round;  // Confirmed by any round >= this one.
    Index index;     // The commit index at the time of asking; 0 before the
                     // no-op of this term is committed.
  };
  absl::btree_map<NodeId, Progress> peers;  // Without ourselves.
  Index noop_index;                         // The entry that opened this term.
  uint64_t read_round = 0;                  // Of the last heartbeat round sent.
  std::vector<PendingRead> reads;
  runtime::Instant heartbeat_due;
  runtime::Instant quorum_check_due;
  size_t uncommitted_bytes = 0;
};

class Core {
 public:
  struct Init {
    NodeId self;
    runtime::GroupId group;
    CoreOptions options;
    HardState hard_state;
    std::vector<Record> entries;  // Contiguous from 1; not empty.
  };

  // What the outside brings to each call.
  struct Env {
    runtime::Instant now;
    runtime::Random& dice;
  };

  // Requires: entries hold a configuration (see membership.h: bootstrap).
  Core(Init init, const Env& env);

  // Appends what follows from `event` to `effects`. Pure: state, environment
  // and event decide everything. Never suspends.
  void Step(const Env& env, Event event, Effects& effects);

  // When to deliver DeadlineReached.
  runtime::Instant deadline() const;

  // ----- for drivers, checkers and people
  NodeId self() const { return self_; }
  runtime::GroupId group() const { return group_; }
  Role role() const;
  Term term() const { return hard_state_.term; }
  NodeId vote() const { return hard_state_.vote; }
  NodeId leader() const;  // 0 when not known; self when leading.
  Index commit() const { return commit_; }
  Sequence durable() const { return durable_; }
  const Log& log() const { return log_; }
  const Configuration& configuration() const { return log_.configuration(); }
  // Null unless leading.
  const Leader* leading() const { return std::get_if<Leader>(&state_); }

 private:
  NodeId self_;
  runtime::GroupId group_;
  CoreOptions options_;
  HardState hard_state_;
  Log log_;
  Index commit_;
  Sequence submitted_;  // Of the last Store handed out.
  Sequence durable_;    // Reported durable.
  std::variant<Follower, PreCandidate, Candidate, Leader> state_;
};

}  // namespace raft

#endif  // RAFT_CORE_CORE_H_
