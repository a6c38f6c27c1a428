#include "prod/real_executor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/check.h"

namespace prod {

// ------------------------------------------------------------------ Watched

Watched::Watched(RealExecutor& executor, int fd)
    : executor_(executor), fd_(fd), readers_(executor), writers_(executor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  const int added = epoll_ctl(executor.epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  CHECK_EQ(added, 0, "epoll_ctl: errno ", errno);
}

Watched::~Watched() {
  epoll_ctl(executor_.epoll_fd_, EPOLL_CTL_DEL, fd_, nullptr);
}

absl::Status Watched::WaitReadable(runtime::Instant deadline) {
  return Wait(readers_, deadline);
}

absl::Status Watched::WaitWritable(runtime::Instant deadline) {
  return Wait(writers_, deadline);
}

absl::Status Watched::Wait(runtime::WaitQueue& queue,
                           runtime::Instant deadline) {
  if (closed_) return absl::CancelledError("closed here");
  const absl::Status status = queue.Wait(deadline);
  if (status.ok() && closed_) return absl::CancelledError("closed here");
  return status;
}

void Watched::OnEvents(uint32_t events) {
  constexpr uint32_t kBroken = EPOLLERR | EPOLLHUP;
  constexpr uint32_t kLast = EPOLLRDHUP | kBroken;
  if ((events & kLast) != 0) ended_ = true;
  if ((events & (EPOLLIN | kLast)) != 0) {
    drained_ = false;
    readers_.NotifyAll();
  }
  if ((events & (EPOLLOUT | kBroken)) != 0) writers_.NotifyAll();
}

void Watched::WakeAll() {
  closed_ = true;
  readers_.NotifyAll();
  writers_.NotifyAll();
}

// ------------------------------------------------------------- RealExecutor

RealExecutor::RealExecutor(const runtime::Clock& clock,
                           runtime::StackPool& stacks)
    : Executor(clock, stacks),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK_GE(epoll_fd_, 0, "epoll_create1: errno ", errno);
  CHECK_GE(wake_fd_, 0, "eventfd: errno ", errno);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // Stands for the wake-up itself.
  const int added = epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
  CHECK_EQ(added, 0, "epoll_ctl: errno ", errno);
}

RealExecutor::~RealExecutor() {
  close(wake_fd_);
  close(epoll_fd_);
}

void RealExecutor::Run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    RunTasks();
    WakeExpired(Now());
    // One turn for each fiber that is ready now, then a look at the world: a
    // fiber that yields for ever starves nobody.
    for (size_t turns = ready_count(); turns > 0 && ready_count() > 0;
         --turns) {
      counters_.fiber_runs.Add();
      RunReady(0);
    }
    Poll();
  }
}

void RealExecutor::Stop() {
  stopping_.store(true);
  Post([] {});
}

void RealExecutor::Post(Task task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  // Sequentially consistent with Poll(): either it sees the task before it
  // sleeps, or we see that it sleeps.
  if (sleeping_.exchange(false)) {
    const uint64_t one = 1;
    // It fails only when the counter is full, and then the thread wakes anyway.
    [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
  }
}

void RealExecutor::RunTasks() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_tasks_.swap(tasks_);
  }
  counters_.tasks.Add(running_tasks_.size());
  for (Task& task : running_tasks_) task();
  running_tasks_.clear();
}

void RealExecutor::Poll() {
  runtime::Instant until = next_deadline();
  if (ready_count() > 0) {
    until = runtime::Instant();
  } else {
    sleeping_.store(true);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!tasks_.empty()) until = runtime::Instant();
  }
  std::array<epoll_event, kEventsMax> events;
  counters_.polls.Add();
  if (until > runtime::Instant()) counters_.sleeps.Add();
  const int count = Wait(events.data(), until);
  sleeping_.store(false);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    auto* watched = static_cast<Watched*>(event.data.ptr);
    if (watched == nullptr) {
      counters_.wakes.Add();
      uint64_t counter = 0;
      [[maybe_unused]] const ssize_t got =
          read(wake_fd_, &counter, sizeof(counter));
      continue;
    }
    watched->OnEvents(event.events);
  }
}

int RealExecutor::Wait(void* events, runtime::Instant until) {
  auto* out = static_cast<epoll_event*>(events);
  if (until == runtime::Instant::InfiniteFuture()) {
    return epoll_wait(epoll_fd_, out, kEventsMax, -1);
  }
  const int64_t nanos =
      std::max<int64_t>(0, until.nanos() - clock().Now().nanos());
  if (has_pwait2_ && nanos > 0) {
    timespec timeout{};
    timeout.tv_sec = nanos / 1'000'000'000;
    timeout.tv_nsec = nanos % 1'000'000'000;
    const int count =
        epoll_pwait2(epoll_fd_, out, kEventsMax, &timeout, nullptr);
    if (count >= 0 || errno == EINTR) return count;
    has_pwait2_ = false;  // An old kernel, or a container that forbids it.
  }
  const int64_t millis =
      std::min<int64_t>((nanos + 999'999) / 1'000'000, 60'000);
  return epoll_wait(epoll_fd_, out, kEventsMax, static_cast<int>(millis));
}

}  // namespace prod
