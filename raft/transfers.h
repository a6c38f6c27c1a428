// Who waits for the lead to go to somebody else.
//
// The core says how its part ended; what the caller wants to know is that
// another leads, and that is heard a little later.

#ifndef RAFT_TRANSFERS_H_
#define RAFT_TRANSFERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"

#include "raft/core/core.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace raft {

class Transfers {
 public:
  // One waiting fiber; lies on its stack and leaves the books when it unwinds.
  class Waiter {
   public:
    explicit Waiter(Transfers& transfers);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    Ticket ticket() const { return ticket_; }

    // Suspends. Errors: as Node::TransferLeadership().
    absl::Status Wait(runtime::Instant deadline);

   private:
    friend class Transfers;

    Transfers& transfers_;
    const Ticket ticket_;
    std::optional<TransferEnd> end_;
    bool abandoned_ = false;
    runtime::WaitQueue changed_;
  };

  // Both outlive this.
  Transfers(runtime::Executor& executor, const Core& core)
      : executor_(executor), core_(core) {}
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;
  // Killed: those who wait are unwound after this and must not look back.
  ~Transfers() { AbandonAll(); }

  // What the core said.
  void OnEnded(const TransferEnded& ended);
  void OnRoleChanged();

  size_t size() const { return waiting_.size(); }

  // Nobody will hear anything any more.
  void AbandonAll();

 private:
  runtime::Executor& executor_;
  const Core& core_;
  uint64_t tickets_ = 0;
  absl::btree_map<Ticket, Waiter*> waiting_;
};

}  // namespace raft

#endif  // RAFT_TRANSFERS_H_
