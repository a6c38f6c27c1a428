// What members of a group say to one another. Plain structs; the bytes are the
// business of raft/codec.h.
//
// The receiver learns sender and sender incarnation from the transport.

#ifndef RAFT_CORE_MESSAGE_H_
#define RAFT_CORE_MESSAGE_H_

#include <cstdint>
#include <variant>
#include <vector>

#include "persist/record.h"
#include "runtime/ids.h"

namespace raft {

using persist::HardState;
using persist::Index;
using persist::Record;
using persist::Sequence;
using persist::Term;
using runtime::NodeId;

// "Would you vote for me in `campaign_term`?" Changes nothing at the receiver.
// Raft thesis §9.6.
struct PreVoteRequest {
  Term campaign_term;  // The sender's term + 1.
  Index last_index;
  Term last_term;
  // Numbered by the sender, in this life of it: it may ask for one term often,
  // and what was granted long ago says nothing about now.
  uint64_t question = 0;
};

struct PreVoteReply {
  Term campaign_term;  // Echoed.
  Term term;           // The replier's own; a refusal may teach a higher one.
  bool granted = false;
  uint64_t question = 0;  // Echoed: the reply belongs to this question.
};

// Raft figure 2, RequestVote.
struct VoteRequest {
  Term term;
  Index last_index;
  Term last_term;
  // The leader itself wants it (TimeoutNow): nobody stands by it.
  bool by_leader = false;
};

struct VoteReply {
  Term term;
  bool granted = false;
};

// Raft figure 2, AppendEntries. Empty while probing.
struct AppendRequest {
  Term term;
  // The replication session, numbered by the leader of the term from 1.
  uint64_t session = 0;
  Index previous_index;
  Term previous_term;
  Index commit;
  // The newest read round (see ReadRequest) at the time of sending.
  uint64_t read_round = 0;
  std::vector<Record> entries;
};

struct AppendReply {
  Term term;
  // Echoed, if the request was of `term`; 0 if it was of an older one: each
  // leader numbers its sessions anew, in each of its terms. A rejection of
  // another session is stale; an acceptance is true in any.
  uint64_t session = 0;
  uint64_t read_round = 0;  // Echoed.
  bool accepted = false;
  // Accepted: everything up to here equals the leader's log and is durable.
  // Rejected: the request's previous_index, echoed.
  Index match;
  // Rejected only: where the two logs may still agree, both-sided term skip.
  // The last index <= previous_index whose term is <= previous_term, that term,
  // and the first index of that term here.
  Index hint_index{};
  Term hint_term{};
  Index hint_first_index{};
};

// Keeps the followers' election timers quiet, spreads the commit index, and
// carries the read rounds. Never moves a match index.
struct HeartbeatRequest {
  Term term;
  Index commit;  // Never beyond what the receiver is known to match.
  uint64_t read_round = 0;
};

struct HeartbeatReply {
  Term term;
  uint64_t read_round = 0;  // Echoed.
};

// The leader of `term` to the one it wants to succeed it: "you have all that I
// have; stand for election now." Thesis §3.10.
struct TimeoutNow {
  Term term;
  Index last_index;  // Of both logs. Late, when the receiver's goes further.
};

// A new kind goes to the end: the place is the number on the wire.
using Message = std::variant<PreVoteRequest, PreVoteReply, VoteRequest,
                             VoteReply, AppendRequest, AppendReply,
                             HeartbeatRequest, HeartbeatReply, TimeoutNow>;

// The kinds of log entry, stored in Record::kind.
enum class EntryKind : uint8_t {
  kNoop = 0,           // Opens a leader's term (Raft §8).
  kCommand = 1,        // For the state machine.
  kConfiguration = 2,  // The members; see raft/core/membership.h.
};

}  // namespace raft

#endif  // RAFT_CORE_MESSAGE_H_
