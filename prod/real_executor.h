// Fibers on a thread, over epoll.
//
// One thread calls Run(); everything but Post() and Stop() belongs to it. The
// fiber that waited longest runs next. When nothing is ready the thread sleeps
// in epoll until a descriptor, a deadline or a Post() wakes it; a Post() makes
// a system call only when the thread really sleeps.
//
// Twin: sim/sim_executor.h. Both pass: tests/conformance/executor_test.cc

#ifndef PROD_REAL_EXECUTOR_H_
#define PROD_REAL_EXECUTOR_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "absl/status/status.h"

#include "prod/counters.h"
#include "runtime/clock.h"
#include "runtime/executor.h"
#include "runtime/fiber.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"

namespace prod {

class RealExecutor;

// A descriptor whose readiness fibers of one executor wait for. Does not own
// the descriptor.
//
// Edge-triggered: try first, and wait only after EAGAIN. Who reads may also
// wait after a read that brought less than it had room for, and so save the
// call that would find nothing (epoll(7)): OnDrained() says so, and drained()
// is true until there is news.
class Watched {
 public:
  // `fd` must be non-blocking and stay open until this is gone.
  Watched(RealExecutor& executor, int fd);
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched();

  // Suspend until the descriptor may be ready (or broken).
  // Errors: DEADLINE_EXCEEDED, CANCELLED (the fiber's group, or WakeAll()).
  absl::Status WaitReadable(runtime::Instant deadline);
  absl::Status WaitWritable(runtime::Instant deadline);

  void OnDrained() { drained_ = !ended_; }
  bool drained() const { return drained_; }

  // Ends every wait, now and later, with CANCELLED.
  void WakeAll();

 private:
  friend class RealExecutor;

  // What epoll tells.
  void OnEvents(uint32_t events);

  absl::Status Wait(runtime::WaitQueue& queue, runtime::Instant deadline);

  RealExecutor& executor_;
  const int fd_;
  bool closed_ = false;
  bool drained_ = false;
  // The peer's last news, its end or an error, is there: to be read, not to be
  // waited for.
  bool ended_ = false;
  runtime::WaitQueue readers_;
  runtime::WaitQueue writers_;
};

class RealExecutor final : public runtime::Executor {
 public:
  // Both must outlive this. Aborts if the system has no epoll for us.
  RealExecutor(const runtime::Clock& clock, runtime::StackPool& stacks);
  ~RealExecutor() override;

  // Runs fibers and tasks on the calling thread until Stop().
  void Run();

  // Any thread; makes Run() return soon. Fibers stay as they are.
  void Stop();

  // Any thread.
  void Post(Task task) override;

  // Any thread may read them.
  const ExecutorCounters& counters() const { return counters_; }

 private:
  friend class Watched;

  // How many events one call of epoll may bring.
  static constexpr int kEventsMax = 256;

  void OnReady() override {}

  void RunTasks();
  // Sleeps until something may be ready, at most until the next deadline.
  void Poll();
  int Wait(void* events, runtime::Instant until);

  const int epoll_fd_;
  const int wake_fd_;
  std::vector<Task> running_tasks_;
  bool has_pwait2_ = true;
  ExecutorCounters counters_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> sleeping_{false};
  std::mutex mutex_;  // Guards tasks_.
  std::vector<Task> tasks_;
};

}  // namespace prod

#endif  // PROD_REAL_EXECUTOR_H_
