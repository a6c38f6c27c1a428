#include "scenarios/sweep_workers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "runtime/status_macros.h"
#include "scenarios/sweep_crash.h"

namespace scenarios {
namespace {

using RealClock = std::chrono::steady_clock;

constexpr size_t kStderrKept = 8 << 10;
constexpr size_t kMessageBytesMax = 64 << 20;
constexpr int kTickMilliseconds = 100;
// What a worker that hangs gets to write its stack.
constexpr absl::Duration kHangGrace = absl::Seconds(2);

absl::Duration Since(RealClock::time_point then) {
  return absl::Nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(
                               RealClock::now() - then)
                               .count());
}

// ------------------------------------------------------------- the child

// What this process has cost so far: other processes do not count.
absl::Duration CpuTime() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

void WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(0);  // The parent is gone.
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

// An empty message says that the next job begins; others are its result.
void SendMessage(int fd, absl::string_view message) {
  WriteAll(fd, absl::StrCat(message.size(), ":", message));
}

// A run that passed has given back what it took.
void CheckForLeak(uint64_t heap_before, uint64_t leak_bytes_max,
                  RunResult* result) {
  const uint64_t heap_after = HeapBytesInUse();
  if (!result->passed() || heap_after <= heap_before + leak_bytes_max) return;
  result->outcome = RunResult::Outcome::kFailed;
  result->signature = "leak";
  result->message = absl::StrCat(
      heap_after - heap_before, " more bytes in use after the run than before");
}

[[noreturn]] void RunChild(int results, int errors,
                           const std::deque<SweepJob>& batch,
                           const SweepWorkersOptions& options,
                           const SweepCalls& calls) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(errors, STDERR_FILENO);
  LimitMemory(options.memory_bytes_max);
  InstallCrashHandlers();
  for (const SweepJob& job : batch) {
    SendMessage(results, "");
    const absl::Duration begin = CpuTime();
    const uint64_t heap = HeapBytesInUse();
    RunResult result = calls.run(job);
    CheckForLeak(heap, options.leak_bytes_max, &result);
    result.cpu_time = CpuTime() - begin;
    SendMessage(results, SerializeRunResult(result));
  }
  _exit(0);
}

// ------------------------------------------------------------ the parent

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

absl::StatusOr<Pipe> OpenPipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no pipe: ", std::strerror(errno)));
  }
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

struct Child {
  pid_t pid = 0;
  FileDescriptor results;
  FileDescriptor errors;
  std::deque<SweepJob> batch;  // Without result yet; the first may be running.
  bool running = false;        // The first of the batch has begun.
  bool timed_out = false;
  RealClock::time_point began;
  std::string inbox;
  std::string stderr_text;
};

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? absl::StrCat("SIG", name) : absl::StrCat(signal);
}

class Sweep {
 public:
  Sweep(const SweepWorkersOptions& options, const SweepCalls& calls)
      : options_(options), calls_(calls) {}
  ~Sweep() {
    for (auto& child : children_) {
      kill(child->pid, SIGKILL);
      waitpid(child->pid, nullptr, 0);
    }
  }

  absl::Status Run();

 private:
  absl::Status StartChildren();
  absl::Status StartChild(std::deque<SweepJob> batch);
  std::deque<SweepJob> NextBatch();
  void Wait();
  void KillLateOnes();
  // False: the child has closed this pipe.
  bool ReadResults(Child& child);
  void ReadErrors(Child& child);
  void TakeMessages(Child& child);
  void Finish(Child& child, RunResult result);
  void OnChildEnded(Child& child);

  const SweepWorkersOptions& options_;
  const SweepCalls& calls_;
  std::vector<std::unique_ptr<Child>> children_;
  std::deque<SweepJob> returned_;  // Left over by children that died.
  uint64_t jobs_taken_ = 0;
  bool no_more_jobs_ = false;
  bool stopped_ = false;
};

std::deque<SweepJob> Sweep::NextBatch() {
  std::deque<SweepJob> batch;
  while (batch.size() < options_.batch_seeds) {
    SweepJob job;
    if (!returned_.empty()) {
      job = returned_.front();
      returned_.pop_front();
    } else if (no_more_jobs_ || !calls_.job(jobs_taken_, &job)) {
      no_more_jobs_ = true;
      break;
    } else {
      ++jobs_taken_;
    }
    batch.push_back(job);
  }
  return batch;
}

absl::Status Sweep::StartChild(std::deque<SweepJob> batch) {
  ASSIGN_OR_RETURN(Pipe results, OpenPipe());
  ASSIGN_OR_RETURN(Pipe errors, OpenPipe());
  const pid_t pid = fork();
  if (pid < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no process: ", std::strerror(errno)));
  }
  if (pid == 0) {
    RunChild(results.write.get(), errors.write.get(), batch, options_, calls_);
  }
  auto child = std::make_unique<Child>();
  child->pid = pid;
  child->results = std::move(results.read);
  child->errors = std::move(errors.read);
  fcntl(child->results.get(), F_SETFL, O_NONBLOCK);
  fcntl(child->errors.get(), F_SETFL, O_NONBLOCK);
  child->batch = std::move(batch);
  children_.push_back(std::move(child));
  return absl::OkStatus();
}

absl::Status Sweep::StartChildren() {
  while (children_.size() < options_.jobs) {
    std::deque<SweepJob> batch = NextBatch();
    if (batch.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(StartChild(std::move(batch)));
  }
  return absl::OkStatus();
}

void Sweep::ReadErrors(Child& child) {
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count =
        read(child.errors.get(), buffer.data(), buffer.size());
    if (count <= 0) return;
    child.stderr_text.append(buffer.data(), static_cast<size_t>(count));
    if (child.stderr_text.size() > 2 * kStderrKept) {
      child.stderr_text.erase(0, child.stderr_text.size() - kStderrKept);
    }
  }
}

bool Sweep::ReadResults(Child& child) {
  std::array<char, 64 << 10> buffer;
  while (true) {
    const ssize_t count =
        read(child.results.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (count <= 0) return false;
    child.inbox.append(buffer.data(), static_cast<size_t>(count));
    TakeMessages(child);
  }
}

void Sweep::TakeMessages(Child& child) {
  while (!stopped_ && !child.batch.empty()) {
    const size_t colon = child.inbox.find(':');
    size_t size = 0;
    if (colon == std::string::npos ||
        !absl::SimpleAtoi(child.inbox.substr(0, colon), &size) ||
        size > kMessageBytesMax || child.inbox.size() - colon - 1 < size) {
      return;
    }
    const std::string message = child.inbox.substr(colon + 1, size);
    child.inbox.erase(0, colon + 1 + size);
    if (message.empty()) {
      child.running = true;
      child.began = RealClock::now();
      child.stderr_text.clear();
      continue;
    }
    absl::StatusOr<RunResult> result = ParseRunResult(message);
    if (!result.ok()) {
      result = RunResult{};
      result->outcome = RunResult::Outcome::kFailed;
      result->signature = "sweep: unreadable result";
    }
    Finish(child, *std::move(result));
  }
}

void Sweep::Finish(Child& child, RunResult result) {
  const SweepJob job = child.batch.front();
  child.batch.pop_front();
  child.running = false;
  result.seed = job.seed;
  if (!calls_.on_result(job, std::move(result))) stopped_ = true;
}

void Sweep::OnChildEnded(Child& child) {
  ReadErrors(child);
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (child.running && !child.batch.empty()) {
    RunResult result;
    result.outcome = RunResult::Outcome::kFailed;
    result.cpu_time = Since(child.began);
    CrashStory story = ReadCrash(child.stderr_text);
    result.message = std::move(story.text);
    if (child.timed_out) {
      result.signature = "hang";
      result.message = absl::StrCat("no result within ",
                                    absl::FormatDuration(options_.seed_timeout),
                                    " of real time\n", result.message);
    } else {
      result.signature =
          WIFSIGNALED(status)
              ? absl::StrCat("crash ", SignalName(WTERMSIG(status)))
              : absl::StrCat("exit ", WEXITSTATUS(status));
      if (!story.cause.empty()) {
        absl::StrAppend(&result.signature, ": ", story.cause);
      }
    }
    Finish(child, std::move(result));
  }
  returned_.insert(returned_.end(), child.batch.begin(), child.batch.end());
}

void Sweep::KillLateOnes() {
  for (auto& child : children_) {
    if (!child->running) continue;
    const absl::Duration late = Since(child->began) - options_.seed_timeout;
    if (late > kHangGrace) {
      kill(child->pid, SIGKILL);
    } else if (late > absl::ZeroDuration() && !child->timed_out) {
      child->timed_out = true;
      kill(child->pid, kHangSignal);
    }
  }
}

void Sweep::Wait() {
  std::vector<pollfd> polled;
  for (const auto& child : children_) {
    polled.push_back({child->results.get(), POLLIN, 0});
    polled.push_back({child->errors.get(), POLLIN, 0});
  }
  poll(polled.data(), polled.size(), kTickMilliseconds);
  std::vector<std::unique_ptr<Child>> alive;
  for (size_t i = 0; i < children_.size(); ++i) {
    Child& child = *children_[i];
    // Results first: the beginning of a seed clears what the seeds before it
    // had printed.
    const bool closed = polled[2 * i].revents != 0 && !ReadResults(child);
    if (polled[2 * i + 1].revents != 0) ReadErrors(child);
    if (closed) {
      OnChildEnded(child);
    } else {
      alive.push_back(std::move(children_[i]));
    }
  }
  children_ = std::move(alive);
  KillLateOnes();
}

absl::Status Sweep::Run() {
  RealClock::time_point last_tick = RealClock::now();
  while (!stopped_) {
    RETURN_IF_ERROR(StartChildren());
    if (children_.empty()) break;
    Wait();
    if (Since(last_tick) >= absl::Milliseconds(kTickMilliseconds)) {
      last_tick = RealClock::now();
      if (calls_.on_tick) calls_.on_tick();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSweepWorkers(const SweepWorkersOptions& options,
                             const SweepCalls& calls) {
  return Sweep(options, calls).Run();
}

}  // namespace scenarios
