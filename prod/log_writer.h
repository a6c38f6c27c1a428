// Writes lines to a descriptor from a thread of its own, so that whoever logs
// never waits for whoever reads: a full pipe, a frozen terminal, a slow disk.
//
// What waits is bounded in bytes; what finds no room is dropped and counted,
// and a line says how many were once there is room again. A line that cannot
// be written is dropped, too.
//
// The thread may hang in the kernel for ever; nobody joins it. It takes no
// signals.

#ifndef PROD_LOG_WRITER_H_
#define PROD_LOG_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prod {

class LogWriter {
 public:
  static constexpr size_t kWaitingBytesMax = 1 << 20;

  // The line, with its end, that says how many were dropped. On the thread.
  using Notice = std::function<std::string(uint64_t dropped)>;

  // `fd` stays open as long as the process.
  // Errors: RESOURCE_EXHAUSTED, there can be no thread.
  static absl::StatusOr<std::unique_ptr<LogWriter>> Start(
      int fd, size_t waiting_bytes_max, Notice notice);
  // What waits is still written, if the descriptor takes it; not waited for.
  ~LogWriter();

  // Any thread; never waits for the descriptor. `line` has its end.
  void Push(absl::string_view line);

  // The last line of this process: finds room, is waited for as Flush() does,
  // and if the thread hangs it is tried to write past it, without waiting.
  void PushLast(absl::string_view line, absl::Duration patience);

  // Any thread. Waits until all is written; false: it was not within
  // `patience`.
  bool Flush(absl::Duration patience);

  // Any thread. In all.
  uint64_t dropped() const;

 private:
  struct State;
  explicit LogWriter(std::shared_ptr<State> state);

  static void Run(State& state);

  const std::shared_ptr<State> state_;  // Shared with the thread.
};

}  // namespace prod

#endif  // PROD_LOG_WRITER_H_
