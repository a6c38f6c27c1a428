#include "tests/cluster/server_process.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/time/clock.h"

#include "runtime/check.h"

namespace cluster {
namespace {

constexpr int kExitNoProgram = 127;

// Between fork() and exec(): only calls that a signal handler may make, since
// other threads of the parent may have held any lock.
[[noreturn]] void BecomeServer(pid_t parent, int log, uint64_t descriptors_max,
                               std::vector<char*>& arguments,
                               std::vector<char*>& environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExitNoProgram);  // It died before that.
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  if (descriptors_max != 0) {
    const rlimit files = {.rlim_cur = descriptors_max / 2,
                          .rlim_max = descriptors_max};
    setrlimit(RLIMIT_NOFILE, &files);
  }
  execve(arguments[0], arguments.data(), environment.data());
  _exit(kExitNoProgram);
}

// As exec wants them; valid as long as `words`.
std::vector<char*> PointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& program,
                             const std::vector<std::string>& arguments,
                             const std::filesystem::path& log_file,
                             const std::vector<std::string>& environment,
                             const ProcessSurroundings& surroundings) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> word_pointers = PointersTo(words);
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  std::vector<char*> variable_pointers = PointersTo(variables);
  const int log =
      open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  CHECK(log >= 0, "cannot open ", log_file.string());
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    BecomeServer(parent, surroundings.log_fd >= 0 ? surroundings.log_fd : log,
                 surroundings.descriptors_max, word_pointers,
                 variable_pointers);
  }
  close(log);
  CHECK(pid_ > 0, "cannot fork");
}

ServerProcess::~ServerProcess() { Kill(); }

void ServerProcess::Signal(int signal) const {
  // Once reaped, the id may be somebody else's.
  if (!end_.has_value()) kill(pid_, signal);
}

std::optional<int> ServerProcess::Wait(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (!end_.has_value()) {
    int status = 0;
    const pid_t reaped = waitpid(pid_, &status, WNOHANG);
    CHECK(reaped >= 0 || errno == EINTR, "waitpid of an own child");
    if (reaped == pid_) {
      end_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    } else if (absl::Now() >= deadline) {
      break;
    } else {
      absl::SleepFor(absl::Milliseconds(2));
    }
  }
  return end_;
}

void ServerProcess::Kill() {
  Signal(SIGKILL);
  Wait(absl::InfiniteDuration());
}

}  // namespace cluster
