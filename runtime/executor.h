// One thread of fibers: what runs next, and what waits for what.
//
// A process has two executors, one for the network and one for storage, so that
// a slow disk never stalls the network. In production each is a thread over
// epoll; in the simulator each is a virtual processor of its host. The
// scheduler core here (ready queue, timers, park and unpark) is the same code
// in both; the twins decide only who runs next and what happens when nothing
// is ready.
//
// Twins: sim/sim_executor.h (seeded choice of the next fiber, virtual time),
//        prod/real_executor.h (epoll, eventfd).
// Both pass: tests/conformance/executor_test.cc
//
// Concurrency: everything but Post() belongs to the executor's own thread. A
// function that may set the calling fiber aside says "Suspends". State read
// before a suspension is stale after it.

#ifndef RUNTIME_EXECUTOR_H_
#define RUNTIME_EXECUTOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "runtime/check.h"
#include "runtime/clock.h"
#include "runtime/fiber.h"
#include "runtime/instant.h"
#include "runtime/ready_queue.h"

namespace runtime {

class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  // Requires: every FiberGroup on it is gone.
  virtual ~Executor();

  const Clock& clock() const { return clock_; }
  Instant Now() const { return clock_.Now(); }

  // Runs `task` soon on this executor, outside any fiber: it must not suspend.
  // The only call that other threads (and other executors) may make. Tasks of
  // one poster run in the order of posting. A task posted to a dead process is
  // destroyed without running.
  virtual void Post(Task task) = 0;

  // Suspends the calling fiber until Unpark(), the deadline or the cancelling
  // of its group. Prefer WaitQueue and Channel, which are made of this.
  Wake Park(Instant deadline = Instant::InfiniteFuture());

  // Makes a parked fiber ready. Does nothing if it already is.
  void Unpark(Fiber& fiber);

  // Suspends; lets every fiber that is ready now have its turn.
  void Yield();

  // Suspends. Errors: CANCELLED.
  absl::Status SleepUntil(Instant deadline);
  absl::Status SleepFor(absl::Duration span) {
    return SleepUntil(Now() + span);
  }

  // The running fiber, or null outside fibers.
  Fiber* current() const { return current_; }

  // For check handlers: sets the running fiber aside for ever, its stack as it
  // is, because what it believes has been proved wrong. Requires: on a fiber.
  [[noreturn]] void AbandonCurrent();

 protected:
  // Both must outlive this.
  Executor(const Clock& clock, StackPool& stacks);

  // A fiber became ready while no fiber of this executor was running.
  virtual void OnReady() = 0;

  size_t ready_count() const { return ready_.size(); }
  // Requires: position < ready_count().
  const Fiber& ready_fiber(size_t position) const {
    return *ready_.Peek(position);
  }
  // Lets the ready fiber at `position` (0 = waited longest) run until it
  // suspends or ends. Requires: position < ready_count().
  void RunReady(size_t position);

  // The earliest deadline of a parked fiber; InfiniteFuture() if none.
  Instant next_deadline() const;
  // Makes every fiber whose deadline is <= now ready, in order of deadline,
  // then of parking.
  void WakeExpired(Instant now);

 private:
  friend class FiberGroup;

  Fiber* Start(FiberGroup& group, absl::string_view name, Task body);
  void Cancel(Fiber& fiber);
  // Unwinds the fiber and frees it. Requires: it is not running.
  void Destroy(Fiber* fiber);
  void MakeReady(Fiber& fiber, Wake wake);
  // Fail the check that the caller has found broken.
  void RefuseToWait() const;
  void RefuseToRun(size_t position) const;

  // The timer heap, by (deadline, order of parking).
  static bool Earlier(const Fiber& a, const Fiber& b);
  void AddTimer(Fiber& fiber);
  void RemoveTimer(Fiber& fiber);
  void SiftUp(size_t slot);
  void SiftDown(size_t slot);

  const Clock& clock_;
  StackPool& stacks_;

  Fiber* current_ = nullptr;
  ReadyQueue ready_;
  std::vector<Fiber*> timers_;
  uint64_t fibers_started_ = 0;
  uint64_t timers_added_ = 0;
  size_t fibers_alive_ = 0;
};

// Inline, all that lies around a switch: see runtime/fiber.h.
#define RUNTIME_ALWAYS_INLINE inline __attribute__((always_inline))

RUNTIME_ALWAYS_INLINE void Executor::Yield() {
  if (current_ == nullptr) [[unlikely]] {
    RefuseToWait();
  }
  Fiber& self = *current_;
  self.state_ = Fiber::State::kReady;
  ready_.Push(&self);
  self.SwitchOut();
}

inline void Executor::MakeReady(Fiber& fiber, Wake wake) {
  if (fiber.state_ != Fiber::State::kParked) return;
  if (fiber.timer_slot_ != Fiber::kNoTimer) RemoveTimer(fiber);
  fiber.wake_ = wake;
  fiber.state_ = Fiber::State::kReady;
  ready_.Push(&fiber);
  if (current_ == nullptr) OnReady();
}

inline void Executor::Unpark(Fiber& fiber) {
  MakeReady(fiber, Wake::kUnparked);
}

RUNTIME_ALWAYS_INLINE void Executor::RunReady(size_t position) {
  if (position >= ready_.size() || current_ != nullptr) [[unlikely]] {
    RefuseToRun(position);
  }
  Fiber* const fiber = ready_.Take(position);
  fiber->state_ = Fiber::State::kRunning;
  current_ = fiber;
  fiber->SwitchIn();
  current_ = nullptr;
  if (fiber->state_ == Fiber::State::kEnded) [[unlikely]] {
    Destroy(fiber);
  }
}

#undef RUNTIME_ALWAYS_INLINE

}  // namespace runtime

#endif  // RUNTIME_EXECUTOR_H_
