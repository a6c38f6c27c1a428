// The smallest possible executor: first come, first served, on a clock that
// moves only when nothing is ready. For the tests of runtime itself, which may
// not lean on either twin.

#ifndef TESTS_RUNTIME_TEST_EXECUTOR_H_
#define TESTS_RUNTIME_TEST_EXECUTOR_H_

#include <deque>
#include <utility>

#include "absl/time/time.h"

#include "runtime/clock.h"
#include "runtime/executor.h"
#include "runtime/fiber.h"
#include "runtime/instant.h"

namespace runtime {

class TestClock final : public Clock {
 public:
  Instant Now() const override { return now; }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }

  Instant now;
};

// Bases are built first: what an Executor needs must be older than it.
struct TestExecutorParts {
  TestClock test_clock;
  StackPool stacks;
};

class TestExecutor final : private TestExecutorParts, public Executor {
 public:
  TestExecutor() : Executor(test_clock, stacks) {}

  void Post(Task task) override { tasks_.push_back(std::move(task)); }

  // Runs until nothing is ready and nobody waits for a time.
  void Run() {
    while (RunOnce()) {
    }
  }

  bool RunOnce() {
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
      return true;
    }
    if (ready_count() > 0) {
      RunReady(0);
      return true;
    }
    if (next_deadline() == Instant::InfiniteFuture()) return false;
    test_clock.now = next_deadline();
    WakeExpired(test_clock.now);
    return true;
  }

  int wakeups = 0;  // OnReady() calls.

 private:
  void OnReady() override { ++wakeups; }

  std::deque<Task> tasks_;
};

}  // namespace runtime

#endif  // TESTS_RUNTIME_TEST_EXECUTOR_H_
