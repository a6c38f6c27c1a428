#include "raft/transfers.h"

#include "runtime/status_macros.h"

namespace raft {
namespace {

// Of a transfer that came to nothing; OK when we lead no more.
absl::Status StatusOfEnd(TransferEnd end) {
  switch (end) {
    case TransferEnd::kStoodDown:
      return absl::OkStatus();
    case TransferEnd::kNotLeader:
      return absl::FailedPreconditionError("not the leader");
    case TransferEnd::kUnderWay:
      return absl::ResourceExhaustedError("another transfer is under way");
    case TransferEnd::kNoTarget:
      return absl::UnavailableError("no such voter is there");
    case TransferEnd::kLost:
      return absl::UnavailableError("the connection to the target broke");
    case TransferEnd::kTooLate:
      return absl::DeadlineExceededError("the target did not take over");
  }
  return absl::InternalError("?");
}

}  // namespace

Transfers::Waiter::Waiter(Transfers& transfers)
    : transfers_(transfers),
      ticket_(++transfers.tickets_),
      changed_(transfers.executor_) {
  transfers_.waiting_.emplace(ticket_, this);
}

Transfers::Waiter::~Waiter() {
  if (!abandoned_) transfers_.waiting_.erase(ticket_);
}

absl::Status Transfers::Waiter::Wait(runtime::Instant deadline) {
  while (!abandoned_) {
    if (end_.has_value()) {
      RETURN_IF_ERROR(StatusOfEnd(*end_));
      const NodeId leader = transfers_.core_.leader();
      if (leader == transfers_.core_.self()) {
        return absl::DeadlineExceededError("nobody took over, we lead again");
      }
      if (leader != NodeId()) return absl::OkStatus();
    }
    RETURN_IF_ERROR(changed_.Wait(deadline));
  }
  return absl::CancelledError("stopping");
}

void Transfers::OnEnded(const TransferEnded& ended) {
  const auto found = waiting_.find(ended.ticket);
  if (found == waiting_.end()) return;  // It gave up.
  found->second->end_ = ended.end;
  found->second->changed_.NotifyAll();
}

void Transfers::OnRoleChanged() {
  for (const auto& [ticket, waiter] : waiting_) waiter->changed_.NotifyAll();
}

void Transfers::AbandonAll() {
  for (const auto& [ticket, waiter] : waiting_) {
    waiter->abandoned_ = true;
    waiter->changed_.NotifyAll();
  }
  waiting_.clear();
}

}  // namespace raft
