// One file of a prod/posix_disk.h.

#ifndef PROD_POSIX_FILE_H_
#define PROD_POSIX_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "persist/disk.h"
#include "prod/counters.h"
#include "prod/preallocation.h"
#include "prod/unique_fd.h"
#include "runtime/instant.h"

namespace prod {

// What `error_number` means in the words of persist/disk.h:
//   "open /data/raft/log.1: No space left on device".
absl::Status DiskError(absl::string_view call, absl::string_view path,
                       int error_number);

// A system call that may hang is under way as long as this lives. One that took
// kSlow or longer is logged.
class DiskCallGuard {
 public:
  static constexpr absl::Duration kSlow = absl::Seconds(1);

  // `name` is a literal; `path` outlives this.
  DiskCallGuard(DiskCounters& counters, const char* name,
                const std::string& path);
  DiskCallGuard(const DiskCallGuard&) = delete;
  DiskCallGuard& operator=(const DiskCallGuard&) = delete;
  ~DiskCallGuard();

  absl::Duration Lasted() const;

 private:
  DiskCounters& counters_;
  const char* const name_;
  const std::string& path_;
  const runtime::Instant began_;
};

class PosixFile final : public persist::File {
 public:
  // `path` is for messages. `counters` outlive this.
  PosixFile(std::string path, UniqueFd fd, DiskCounters& counters)
      : path_(std::move(path)), fd_(std::move(fd)), counters_(counters) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                std::span<std::byte> buffer) override;
  absl::Status WriteAt(
      uint64_t offset,
      std::span<const std::span<const std::byte>> pieces) override;
  absl::Status SyncData() override;
  absl::Status Truncate(uint64_t size) override;
  absl::Status Preallocate(uint64_t size) override;
  absl::StatusOr<uint64_t> Size() override;

 private:
  absl::Status Error(absl::string_view call) const;
  // One system call after the other until all is written.
  absl::Status Write(uint64_t offset,
                     std::span<const std::span<const std::byte>> pieces);
  // Gives [begin, end) blocks of its own, holding zeros.
  absl::Status Reserve(uint64_t begin, uint64_t end);
  absl::Status WriteZeros(uint64_t begin, uint64_t end);

  const std::string path_;
  const UniqueFd fd_;
  DiskCounters& counters_;
  Preallocation preallocation_;
  // The length was set since the last sync.
  bool size_changed_ = false;
  // The first failed sync: there is no way back from it.
  absl::Status sync_failure_;
};

}  // namespace prod

#endif  // PROD_POSIX_FILE_H_
