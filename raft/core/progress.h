// What a leader knows of one follower (Raft figure 2: nextIndex, matchIndex),
// and how it may send to it.
//
//   probe      The logs have not been compared yet, or something got lost. One
//              empty append at a time asks whether they agree at next - 1.
//   replicate  They agree. Appends are pipelined: `next` runs ahead of the
//              answers, as far as the window allows.
//
// Each return to probing begins a new session: rejections of what was sent
// before are recognised by their session and ignored. What was accepted is true
// in any session, but only an answer of the present one ends the probing: what
// an older one sent may still be on its way before the question. `match` only
// ever grows, and only by an acknowledgement of what an append has compared.

#ifndef RAFT_CORE_PROGRESS_H_
#define RAFT_CORE_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <variant>

#include "raft/core/message.h"
#include "runtime/instant.h"

namespace raft {

// Appends that were sent and not answered, oldest first.
class Window {
 public:
  // An append that ends at `last`. Appends are added in order.
  void Add(Index last, size_t bytes, runtime::Instant now);

  // Everything up to `match` is answered.
  void FreeUpTo(Index match, runtime::Instant now);

  size_t messages() const { return inflight_.size(); }
  size_t bytes() const { return bytes_; }
  bool empty() const { return inflight_.empty(); }

  // Since when no answer has moved the window. Valid unless empty.
  runtime::Instant waiting_since() const { return waiting_since_; }

 private:
  struct InFlight {
    Index last;
    size_t bytes;
  };

  std::deque<InFlight> inflight_;
  size_t bytes_ = 0;
  runtime::Instant waiting_since_;
};

struct Probing {
  bool outstanding = false;  // Asked, not answered.
};

struct Replicating {
  Window window;
};

struct Progress {
  // The follower's log is known to equal ours up to here, durably.
  Index match;
  // The first entry it has not been sent; probing: next - 1 is in question.
  // Always above match.
  Index next;
  uint64_t session = 1;
  std::variant<Probing, Replicating> state;

  // When it last answered anything in this term. Counts for check-quorum.
  runtime::Instant heard;
  // The newest read round it has echoed.
  uint64_t read_round = 0;

  Probing* probing() { return std::get_if<Probing>(&state); }
  Replicating* replicating() { return std::get_if<Replicating>(&state); }
  const Probing* probing() const { return std::get_if<Probing>(&state); }
  const Replicating* replicating() const {
    return std::get_if<Replicating>(&state);
  }

  // Everything up to `upto` is acknowledged, by an answer of `of_session`. One
  // of the present session lets the pipeline flow.
  void Acknowledge(Index upto, uint64_t of_session, runtime::Instant now);

  // Back to probing at `next_index`, in a new session.
  void Probe(Index next_index);
};

}  // namespace raft

#endif  // RAFT_CORE_PROGRESS_H_
