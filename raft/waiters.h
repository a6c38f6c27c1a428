// Who waits for what: the fibers that proposed a command or asked to read, and
// the one rule by which each is answered exactly once.
//
// A command that stands in the log at (index, term) is applied when that index
// is applied with that term, and proved lost when it is applied with another.
// Until then its outcome is unknown, whoever leads.

#ifndef RAFT_WAITERS_H_
#define RAFT_WAITERS_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"

#include "raft/core/core.h"
#include "raft/node.h"
#include "raft/stage_times.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/wait_queue.h"

namespace raft {

class Waiters {
 public:
  // One waiting fiber; lies on its stack and leaves the books when it unwinds.
  class Waiter {
   public:
    Waiter(Waiters& waiters, runtime::Executor& executor);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    Ticket ticket() const { return ticket_; }

    // Suspends until answered or until the wait fails.
    absl::Status Wait(runtime::Instant deadline);

    // Valid once Wait() returned OK.
    Outcome outcome;

   private:
    friend class Waiters;

    enum class Stage : uint8_t { kAsked, kInLog, kReadable, kAnswered };

    Waiters& waiters_;
    const Ticket ticket_;
    Stage stage_ = Stage::kAsked;
    Index index_;  // kInLog, kReadable.
    Term term_;    // kInLog.
    runtime::Instant asked_at_;
    runtime::Instant in_log_at_;
    runtime::WaitQueue done_;
  };

  // Both outlive this; `observer` may be null.
  Waiters(const Core& core, NodeObserver* observer)
      : core_(core), observer_(observer) {}
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  ~Waiters();

  // What the core said.
  void OnAccepted(const Accepted& accepted, runtime::Instant now);
  void OnRefused(const Refused& refused, NodeId leader);
  void OnReadReady(const ReadReady& ready, Index applied);

  // What the applier did: `index`, of `term`, is applied. `result` is null for
  // entries that are not commands; `clock` knows when it passed the stages
  // before.
  void OnApplied(Index index, Term term, const runtime::Bytes* result,
                 StageClock& clock, runtime::Instant now);
  // Everything up to `applied` is: reads that waited for it may go.
  void OnReadable(Index applied);

  // How many are in the books.
  size_t size() const {
    return asked_.size() + in_log_.size() + readable_.size();
  }

  // Nobody will be answered any more: their outcome is unknown.
  void AbandonAll();

 private:
  void Answer(Waiter& waiter, Outcome outcome);
  void Abandon(Waiter& waiter);
  void Forget(Waiter& waiter);

  const Core& core_;
  NodeObserver* const observer_;
  uint64_t tickets_ = 0;
  absl::btree_map<Ticket, Waiter*> asked_;
  // By index; one index may have waiters of several terms.
  absl::btree_multimap<Index, Waiter*> in_log_;
  absl::btree_multimap<Index, Waiter*> readable_;
};

}  // namespace raft

#endif  // RAFT_WAITERS_H_
