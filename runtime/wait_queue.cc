#include "runtime/wait_queue.h"

#include "runtime/check.h"

namespace runtime {

struct WaitQueue::Waiter {
  explicit Waiter(WaitQueue& joined)
      : queue(&joined),
        fiber(*joined.executor_.current()),
        previous(joined.last_) {
    (previous == nullptr ? joined.first_ : previous->next) = this;
    joined.last_ = this;
  }
  ~Waiter() { Unlink(); }

  // Idempotent: a notifier unlinks first, the waiter's end finds nothing left.
  void Unlink() {
    if (queue == nullptr) return;
    (previous == nullptr ? queue->first_ : previous->next) = next;
    (next == nullptr ? queue->last_ : next->previous) = previous;
    queue = nullptr;
  }

  WaitQueue* queue;
  Fiber& fiber;
  Waiter* previous;
  Waiter* next = nullptr;
};

WaitQueue::~WaitQueue() {
  // A process that is killed takes its fibers in any order: those who still
  // wait here are unwound later and must not look for a queue that is gone.
  while (first_ != nullptr) first_->Unlink();
}

Wake WaitQueue::WaitWake(Instant deadline) {
  CHECK(executor_.current() != nullptr, "only a fiber can wait");
  const Waiter waiter(*this);
  return executor_.Park(deadline);
}

absl::Status WaitQueue::Wait(Instant deadline) {
  return StatusOf(WaitWake(deadline));
}

void WaitQueue::NotifyOne() {
  if (first_ == nullptr) return;
  Waiter& waiter = *first_;
  waiter.Unlink();
  executor_.Unpark(waiter.fiber);
}

void WaitQueue::NotifyAll() {
  while (first_ != nullptr) NotifyOne();
}

absl::Status StatusOf(Wake wake) {
  switch (wake) {
    case Wake::kUnparked:
      return absl::OkStatus();
    case Wake::kDeadline:
      return absl::DeadlineExceededError("deadline passed");
    case Wake::kCancelled:
      return absl::CancelledError("stopping");
  }
  return absl::OkStatus();
}

}  // namespace runtime
