// What a core is told, and what it wants done: its events and its effects.
//
// An event comes from the driver, one at a time. Effects are values, to be
// carried out in the order and under the rules that raft/core/core.h states.

#ifndef RAFT_CORE_EVENTS_H_
#define RAFT_CORE_EVENTS_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "persist/persister.h"
#include "raft/core/message.h"
#include "runtime/bytes.h"
#include "runtime/ids.h"
#include "runtime/strong_int.h"

namespace raft {

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

// A connection to this peer broke: what was in flight is lost. If it led us, it
// is most likely dead, unless only bulk went that way.
struct PeerLost {
  NodeId peer;
  bool only_bulk = false;
};

// Somebody else is to lead. Thesis §3.10.
struct TransferLead {
  Ticket ticket;
  NodeId to;  // 0: whoever is there and knows most.
};

using Event = std::variant<DeadlineReached, Inbound, Propose, ReadRequest,
                           Durable, PeerLost, TransferLead>;

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
  kHandingOver,  // Leader, but another is about to lead: try again soon.
  kStorageFull,  // Leader, but its disk is behind (raft/storage_gate.h).
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

enum class TransferEnd : uint8_t {
  kStoodDown,  // We lead no more: most likely because another does.
  kNotLeader,  // Nor did we when it was asked.
  kUnderWay,   // Another transfer is.
  kNoTarget,   // Not another voter, or none that is there.
  kLost,       // The connection to the target broke. We lead on.
  kTooLate,    // An election timeout has passed. We lead on.
};

// How the transfer of this ticket ended.
struct TransferEnded {
  Ticket ticket;
  TransferEnd end;
};

struct Effects {
  std::vector<persist::Store> stores;
  std::vector<Send> sends;
  std::vector<Accepted> accepted;
  std::vector<Refused> refused;
  std::vector<ReadReady> reads;
  std::vector<TransferEnded> transfers;
  // Everything up to here is committed and durable on this member, and may be
  // applied. Set when it moved. (Core::commit() may be further.)
  std::optional<Index> commit;
  // Role, term or known leader changed.
  bool role_changed = false;

  void Clear();
};

}  // namespace raft

#endif  // RAFT_CORE_EVENTS_H_
