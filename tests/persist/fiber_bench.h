// Two executors in virtual time, for tests of what lives on fibers: everything
// that is ready runs in order of arrival, then time jumps to the next timer.

#ifndef TESTS_PERSIST_FIBER_BENCH_H_
#define TESTS_PERSIST_FIBER_BENCH_H_

#include <deque>
#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "runtime/clock.h"
#include "runtime/executor.h"
#include "runtime/fiber.h"
#include "runtime/fiber_group.h"
#include "runtime/instant.h"

namespace persist {

class BenchClock final : public runtime::Clock {
 public:
  runtime::Instant Now() const override { return now_; }
  absl::Time WallNow() const override { return absl::UnixEpoch(); }
  void JumpTo(runtime::Instant now) { now_ = now; }

 private:
  runtime::Instant now_;
};

class BenchExecutor final : public runtime::Executor {
 public:
  BenchExecutor(const BenchClock& clock, runtime::StackPool& stacks)
      : Executor(clock, stacks) {}

  void Post(Task task) override { tasks_.push_back(std::move(task)); }

  // One turn of whatever is ready. False if nothing is.
  bool RunOne() {
    WakeExpired(Now());
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
      return true;
    }
    if (ready_count() == 0) return false;
    RunReady(0);
    return true;
  }
  runtime::Instant NextDeadline() const { return next_deadline(); }
  // As the death of the process does.
  void DropTasks() {
    std::deque<Task> dropped = std::exchange(tasks_, {});
    while (!dropped.empty()) dropped.pop_front();
  }

 private:
  void OnReady() override {}

  std::deque<Task> tasks_;
};

class FiberBench {
 public:
  ~FiberBench() {
    network.DropTasks();
    storage.DropTasks();
  }

  // Runs `body` on a fiber of the network executor, to its end.
  void Run(std::function<void()> body) {
    bool done = false;
    runtime::FiberGroup fibers(network);
    fibers.Spawn("test", [&] {
      body();
      done = true;
    });
    while (!done) {
      ASSERT_TRUE(RunOne()) << "everybody waits for ever";
    }
    Settle();
  }

  // Until nothing is ready now.
  void Settle() {
    while (RunReadyOne()) {
    }
  }

  BenchClock clock;
  runtime::StackPool stacks;
  BenchExecutor network{clock, stacks};
  BenchExecutor storage{clock, stacks};

 private:
  bool RunReadyOne() {
    const bool network_ran = network.RunOne();
    const bool storage_ran = storage.RunOne();
    return network_ran || storage_ran;
  }
  bool RunOne() {
    if (RunReadyOne()) return true;
    const runtime::Instant next =
        std::min(network.NextDeadline(), storage.NextDeadline());
    if (next == runtime::Instant::InfiniteFuture()) return false;
    clock.JumpTo(next);
    return true;
  }
};

}  // namespace persist

#endif  // TESTS_PERSIST_FIBER_BENCH_H_
