// Where fibers of one executor wait for something to become true.
//
//   while (!ready_) RETURN_IF_ERROR(waiters_.Wait(deadline));
//
// There are no spurious losses: the state is checked and the fiber is parked
// without a suspension between. There may be early wake-ups: check again.
// Waiters wake in the order in which they came.

#ifndef RUNTIME_WAIT_QUEUE_H_
#define RUNTIME_WAIT_QUEUE_H_

#include "absl/status/status.h"

#include "runtime/executor.h"
#include "runtime/instant.h"

namespace runtime {

class WaitQueue {
 public:
  explicit WaitQueue(Executor& executor) : executor_(executor) {}
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  // Requires: nobody waits, or those who do are being unwound.
  ~WaitQueue();

  // Suspends until notified.
  // Errors: DEADLINE_EXCEEDED, CANCELLED.
  absl::Status Wait(Instant deadline = Instant::InfiniteFuture());

  // As Wait(), for hot paths: says why it woke without building a status.
  Wake WaitWake(Instant deadline = Instant::InfiniteFuture());

  void NotifyOne();
  void NotifyAll();

  bool empty() const { return first_ == nullptr; }
  Executor& executor() const { return executor_; }

 private:
  // Lies on the waiting fiber's stack; unlinks itself when that unwinds.
  struct Waiter;

  Executor& executor_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

// The status that a wait ends with: OK, DEADLINE_EXCEEDED or CANCELLED.
absl::Status StatusOf(Wake wake);

}  // namespace runtime

#endif  // RUNTIME_WAIT_QUEUE_H_
