#include "prod/process_signals.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace prod {

absl::StatusOr<ProcessSignals> ProcessSignals::Make() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
    sigaddset(&set, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  UniqueFd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  UniqueFd ended(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (signals.get() < 0 || ended.get() < 0) {
    return absl::UnavailableError(
        absl::StrCat("signalfd: ", std::strerror(errno)));
  }
  return ProcessSignals(std::move(signals), std::move(ended));
}

ProcessSignals::News ProcessSignals::Wait(absl::Duration patience) {
  std::array<pollfd, 2> waiting = {
      pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
      pollfd{.fd = ended_.get(), .events = POLLIN, .revents = 0}};
  poll(waiting.data(), waiting.size(),
       static_cast<int>(absl::ToInt64Milliseconds(patience)));
  News news{.ended = waiting[1].revents != 0};
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
    news.signal = static_cast<int>(info.ssi_signo);
    news.sender = info.ssi_pid;
  }
  return news;
}

void ProcessSignals::End() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      write(ended_.get(), &one, sizeof(one));
}

}  // namespace prod
