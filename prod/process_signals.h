// The signals of this process, for the one thread that waits for them.
//
// From its making on, and until it goes, SIGTERM, SIGINT, SIGHUP, SIGUSR1 and
// SIGUSR2 come here and do nothing by themselves, whoever sends them; SIGPIPE
// is ignored. Make it before there are threads: they inherit the mask.

#ifndef PROD_PROCESS_SIGNALS_H_
#define PROD_PROCESS_SIGNALS_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "prod/unique_fd.h"

namespace prod {

class ProcessSignals {
 public:
  struct News {
    int signal = 0;      // 0: none came.
    int64_t sender = 0;  // The process that sent it, as far as it is known.
    bool ended = false;  // End() was called.
  };

  // Errors: UNAVAILABLE, no descriptors.
  static absl::StatusOr<ProcessSignals> Make();

  // Waits for a signal or for End(), at most `patience`.
  News Wait(absl::Duration patience);

  // Any thread: Wait() returns from now on at once.
  void End();

 private:
  ProcessSignals(UniqueFd signals, UniqueFd ended)
      : signals_(std::move(signals)), ended_(std::move(ended)) {}

  UniqueFd signals_;
  UniqueFd ended_;  // An eventfd.
};

}  // namespace prod

#endif  // PROD_PROCESS_SIGNALS_H_
