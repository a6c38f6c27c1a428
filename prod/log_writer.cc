#include "prod/log_writer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

namespace prod {
namespace {

// Whole lines, as many as a pipe takes in one piece (pipe(7)): other writers
// of the same pipe do not come between. A longer line goes by itself.
size_t PieceOf(absl::string_view lines) {
  const size_t end = lines.find('\n');
  size_t size = end == absl::string_view::npos ? lines.size() : end + 1;
  while (size < lines.size()) {
    const size_t next = lines.find('\n', size);
    if (next == absl::string_view::npos || next + 1 > PIPE_BUF) break;
    size = next + 1;
  }
  return size;
}

// Waits as long as it takes. False: it cannot be written.
bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// The number of lines that were lost.
uint64_t WriteLines(int fd, absl::string_view lines) {
  uint64_t lost = 0;
  while (!lines.empty()) {
    const absl::string_view piece = lines.substr(0, PieceOf(lines));
    if (!WriteAll(fd, piece)) {
      lost +=
          static_cast<uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    }
    lines.remove_prefix(piece.size());
  }
  return lost;
}

// Signals are for the thread that waits for them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

struct LogWriter::State {
  int fd = -1;
  size_t waiting_bytes_max = 0;
  Notice notice;
  std::atomic<uint64_t> dropped{0};  // In all.

  std::mutex mutex;  // Guards all below.
  std::condition_variable pushed;
  std::condition_variable written;
  std::string waiting;
  // Dropped behind what waits. Once one is, all are until the thread has taken
  // what waits: so the notice stands where the lines would have stood.
  uint64_t missing = 0;
  bool writing = false;
  bool stopping = false;

  bool idle() const { return waiting.empty() && missing == 0 && !writing; }
  void Drop() {
    ++missing;
    dropped.fetch_add(1, std::memory_order_relaxed);
  }
};

absl::StatusOr<std::unique_ptr<LogWriter>> LogWriter::Start(
    int fd, size_t waiting_bytes_max, Notice notice) {
  auto state = std::make_shared<State>();
  state->fd = fd;
  state->waiting_bytes_max = waiting_bytes_max;
  state->notice = std::move(notice);
  const SignalsBlocked blocked;
  try {
    std::thread([state] { Run(*state); }).detach();
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(error.what());
  }
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(state)));
}

LogWriter::LogWriter(std::shared_ptr<State> state) : state_(std::move(state)) {}

LogWriter::~LogWriter() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->stopping = true;
  state_->pushed.notify_one();
}

void LogWriter::Run(State& state) {
  std::string lines;
  std::unique_lock<std::mutex> lock(state.mutex);
  for (;;) {
    state.pushed.wait(lock, [&state] {
      return state.stopping || !state.waiting.empty() || state.missing > 0;
    });
    if (state.waiting.empty() && state.missing == 0) return;
    lines.swap(state.waiting);
    const uint64_t missing = std::exchange(state.missing, 0);
    state.writing = true;
    lock.unlock();
    const uint64_t lost = WriteLines(state.fd, lines);
    if (missing > 0) (void)WriteLines(state.fd, state.notice(missing));
    lines.clear();
    lock.lock();
    state.writing = false;
    state.dropped.fetch_add(lost, std::memory_order_relaxed);
    state.written.notify_all();
  }
}

void LogWriter::Push(absl::string_view line) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  const bool full =
      state_->waiting.size() + line.size() > state_->waiting_bytes_max;
  if (full || state_->missing > 0) {
    state_->Drop();
  } else {
    state_->waiting.append(line.data(), line.size());
  }
  state_->pushed.notify_one();
}

void LogWriter::PushLast(absl::string_view line, absl::Duration patience) {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->waiting.append(line.data(), line.size());
    state_->pushed.notify_one();
  }
  if (Flush(patience)) return;
  // A pipe that is said to be writable takes a short line without waiting.
  pollfd ready{.fd = state_->fd, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0) {
    [[maybe_unused]] const ssize_t written =
        write(state_->fd, line.data(), std::min<size_t>(line.size(), PIPE_BUF));
  }
}

bool LogWriter::Flush(absl::Duration patience) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  return state_->written.wait_for(lock, absl::ToChronoNanoseconds(patience),
                                  [this] { return state_->idle(); });
}

uint64_t LogWriter::dropped() const {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace prod
