// A child process: started, signalled, waited for, and reaped whatever happens.
//
// Concurrency: start it on a thread that lives as long as it; when that thread
// ends, even by a crash of the test, the kernel kills the child.

#ifndef TESTS_CLUSTER_SERVER_PROCESS_H_
#define TESTS_CLUSTER_SERVER_PROCESS_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "absl/time/time.h"

namespace cluster {

// Beside program, arguments and environment.
struct ProcessSurroundings {
  int log_fd = -1;               // Its output instead of the log file.
  uint64_t descriptors_max = 0;  // 0: as many as this process.
};

class ServerProcess {
 public:
  // What it says on both outputs is appended to `log_file`. `environment` are
  // words such as "NAME=value", beside those of this process.
  ServerProcess(const std::string& program,
                const std::vector<std::string>& arguments,
                const std::filesystem::path& log_file,
                const std::vector<std::string>& environment = {},
                const ProcessSurroundings& surroundings = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  // Kills and reaps it.
  ~ServerProcess();

  void Signal(int signal) const;

  // How it ended: the exit code, or minus the signal that ended it. Nothing if
  // it still runs when the patience ends.
  std::optional<int> Wait(absl::Duration patience);

  pid_t pid() const { return pid_; }
  bool running() { return !Wait(absl::ZeroDuration()).has_value(); }

  // kill -9, and waits for the end.
  void Kill();

 private:
  pid_t pid_ = -1;
  std::optional<int> end_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_SERVER_PROCESS_H_
