// One step of one core, as the checks see it: what it was told, how it stood
// before and stands after, and what it wants done.

#ifndef SCENARIOS_CHECKS_CORE_STEP_H_
#define SCENARIOS_CHECKS_CORE_STEP_H_

#include <cstdint>

#include "raft/core/core.h"
#include "raft/core/invariants.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

// The facts of an event. The event itself is consumed by the step.
struct Told {
  enum class Kind : uint8_t {
    kNothing,
    kDeadline,
    kPreVoteRequest,
    kPreVoteReply,
    kVoteRequest,
    kVoteReply,
    kAppendRequest,
    kAppendReply,
    kHeartbeatRequest,
    kHeartbeatReply,
    kPropose,
    kReadRequest,
    kDurable,
    kPeerLost,
    kTimeoutNow,
    kTransferLead,
  };

  Kind kind = Kind::kNothing;
  runtime::Instant now;  // By the clock of the node.
  // Messages, kPeerLost: the peer; 0 for the rest.
  uint32_t from = 0;
  runtime::Incarnation incarnation;  // Of the sender of a message.
  // The term that a message speaks for; of a pre-vote, the one to come.
  persist::Term term;
  persist::Term own_term;  // kPreVoteReply: the sender's.
  // Granted, accepted; kVoteRequest: the leader wants it; kPeerLost: the peer
  // itself may be gone.
  bool yes = false;
  uint64_t session = 0;     // kAppendRequest, kAppendReply.
  uint64_t read_round = 0;  // Heartbeats, appends and their replies.
  persist::Index commit;    // kAppendRequest, kHeartbeatRequest.
  persist::Index previous;  // kAppendRequest: its previous_index.
  persist::Term previous_term;
  // Requests for votes: the claimed end of the log. kAppendRequest: its last
  // entry, or previous if it is empty. kAppendReply: its match. kTimeoutNow:
  // the end of the leader's log.
  persist::Index last;
  persist::Term last_term;
  // kAppendRequest: the first of its entries that another one of our log stands
  // in the place of; 0 if there is none.
  persist::Index conflict;
  raft::Ticket ticket;        // kReadRequest, kTransferLead.
  persist::Sequence durable;  // kDurable.
};

// What `event` says to a core whose log is `log`.
Told TellOf(const raft::Event& event, const LogMirror& log,
            runtime::Instant now);

struct CoreStep {
  NodeLife life;
  const Told& told;
  const raft::Moment& before;
  const raft::Moment& after;
  raft::NodeId leader;          // After; 0: not known.
  const raft::Leader* leading;  // After; null unless it leads.
  persist::Index durable_upto;  // Its log, as it believes.
  // After: when it acts by itself; unless it leads, it campaigns then.
  runtime::Instant deadline;
  const raft::CoreOptions& options;
  const raft::Effects& effects;  // Not yet carried out.
  const LogMirror& log;          // After.

  bool leads() const { return after.role == raft::Role::kLeader; }
  bool same_term() const { return after.term == before.term; }
  bool became_leader() const {
    return leads() && (before.role != raft::Role::kLeader || !same_term());
  }
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_CORE_STEP_H_
