// The fibers of one owner: started, cancelled, waited for and killed as one.
//
// Every fiber has an owner, and every owner has a group, as its last member: so
// the fibers are gone before what they use. A process is nothing but the group
// of its root fiber, whose stack owns everything else: killing the process
// destroys that group, which unwinds the root fiber, which destroys the objects
// on its stack, whose groups unwind theirs.
//
// There are two ways to end:
//   gently   Cancel(), then Join(): every wait of every fiber, now and later,
//            says CANCELLED, and the fibers return by themselves.
//   at once  the destructor: each fiber still alive is unwound where it is
//            suspended. Destructors run, nothing else does. Destructors must do
//            no I/O and must not suspend.

#ifndef RUNTIME_FIBER_GROUP_H_
#define RUNTIME_FIBER_GROUP_H_

#include <cstddef>

#include "absl/strings/string_view.h"

#include "runtime/executor.h"
#include "runtime/fiber.h"

namespace runtime {

class FiberGroup {
 public:
  // `executor` must outlive this.
  explicit FiberGroup(Executor& executor) : executor_(executor) {}
  FiberGroup(const FiberGroup&) = delete;
  FiberGroup& operator=(const FiberGroup&) = delete;
  // Unwinds what is left, the youngest first. Requires: not called by one of
  // its own fibers; on the executor's own thread.
  ~FiberGroup();

  // Starts a fiber that runs `body`. `name` must outlive it (a literal). In a
  // cancelled group the fiber still starts, cancelled from birth.
  void Spawn(absl::string_view name, Executor::Task body);

  // Cancels every fiber, also those spawned later. Idempotent.
  void Cancel();
  bool cancelled() const { return cancelled_; }

  // Suspends until no fiber is left. Not for the group's own fibers.
  // Errors: DEADLINE_EXCEEDED, CANCELLED (the caller's own cancelling).
  absl::Status Join(Instant deadline = Instant::InfiniteFuture());

  size_t size() const { return size_; }
  Executor& executor() const { return executor_; }

 private:
  friend class Executor;

  void Link(Fiber* fiber);
  void Unlink(Fiber* fiber);

  Executor& executor_;
  Fiber* youngest_ = nullptr;
  size_t size_ = 0;
  bool cancelled_ = false;
  Fiber* joiner_ = nullptr;  // Parked in Join(), or null. One at a time.
};

}  // namespace runtime

#endif  // RUNTIME_FIBER_GROUP_H_
