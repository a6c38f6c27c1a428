// Files as a log needs them: the second of the two doors through which bytes
// leave or enter a process (the other is net/stream.h).
//
// It promises what POSIX promises and no more. What was written is readable at
// once and durable only after a sync: the data of a file after SyncData() of
// that file, its name after SyncDirectory() of its directory. A crash may keep,
// lose or tear, sector by sector, whatever was not synced. After a SyncData()
// that failed nothing is known about the unsynced bytes, and a second sync that
// succeeds proves nothing: the only safe answer is to stop the process. Nor
// does the next process know: it may read bytes that the page cache shows and
// the medium does not have, until it writes them again and syncs.
//
// Twins:       sim/sim_disk.h   (page cache, torn writes, lost names, lies)
//              prod/posix_disk.h
// Both pass:   tests/conformance/disk_test.cc
// Concurrency: fibers of one executor of the owning process. In the simulator
//              every call may suspend; in production it blocks the thread,
//              which is why storage has a runtime of its own.
//
// Paths are relative to the root of the disk, '/'-separated, without "." and
// "..": see persist/disk_path.h. The root itself is "".
//
// Errors of every call, beside those named at it:
//   INVALID_ARGUMENT     a path that is not one.
//   FAILED_PRECONDITION  the path of a directory where a file is meant.
//   DATA_LOSS            the medium failed.
//   UNAVAILABLE          the process is dead (simulator only).

#ifndef PERSIST_DISK_H_
#define PERSIST_DISK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace persist {

// What a crash tears at, in bytes. Every disk that we know writes such a sector
// whole or not at all.
inline constexpr size_t kSectorBytes = 512;

enum class OpenMode {
  kRead,            // Must exist. To change it is a bug.
  kReadWrite,       // Must exist.
  kCreateExclusive  // Must not exist; empty, to be read and written.
};

class File {
 public:
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  // Closes the handle. Does not sync.
  virtual ~File() = default;

  // Reads up to buffer.size() bytes at `offset`; fewer only at the end of file.
  // Errors: DATA_LOSS (the medium cannot read it).
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                        std::span<std::byte> buffer) = 0;

  // Writes all pieces, in order, from `offset` on, growing the file if needed.
  // Errors: RESOURCE_EXHAUSTED (disk full), DATA_LOSS (I/O error). After an
  //         error any part may have been written.
  virtual absl::Status WriteAt(
      uint64_t offset, std::span<const std::span<const std::byte>> pieces) = 0;

  absl::Status WriteAt(uint64_t offset, std::span<const std::byte> bytes) {
    return WriteAt(offset, {&bytes, 1});
  }

  // All bytes written before the call, by any handle, and the size of the file
  // are durable after it returns OK. Bytes written while it runs are not
  // covered. Errors: DATA_LOSS. See the top: never retry.
  virtual absl::Status SyncData() = 0;

  // Makes the file exactly `size` bytes, cutting or adding zeros. Durable after
  // SyncData(); a crash before that may bring back what was cut.
  // Errors: RESOURCE_EXHAUSTED.
  virtual absl::Status Truncate(uint64_t size) = 0;

  // Makes the file at least `size` bytes, the new ones zero, with room for them
  // really set aside: later writes below `size` cannot find the disk full, and
  // the sync of small ones rarely has metadata to write. Durable after
  // SyncData().
  // Requires: while this handle is open, no other one writes to the file.
  // Errors: RESOURCE_EXHAUSTED (the size is then what it was).
  virtual absl::Status Preallocate(uint64_t size) = 0;

  virtual absl::StatusOr<uint64_t> Size() = 0;

 protected:
  File() = default;
};

class Disk {
 public:
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  // Errors: NOT_FOUND (or its directory is not there), ALREADY_EXISTS
  //         (kCreateExclusive), RESOURCE_EXHAUSTED.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(absl::string_view path,
                                                     OpenMode mode) = 0;

  // Names in the directory, sorted, without "." and "..".
  // Errors: NOT_FOUND.
  virtual absl::StatusOr<std::vector<std::string>> List(
      absl::string_view directory) = 0;

  // OK if it is there already. Durable after SyncDirectory() of the parent.
  // Errors: NOT_FOUND (no parent), ALREADY_EXISTS (as a file).
  virtual absl::Status CreateDirectory(absl::string_view path) = 0;

  // Renames a file, replacing the file `to` if there is one: whoever looks,
  // even after a crash, finds the file under exactly one of the two names.
  // Durable after SyncDirectory() of both parents. Errors: NOT_FOUND.
  virtual absl::Status Rename(absl::string_view from, absl::string_view to) = 0;

  // Removes a file. An open handle of it stays usable. Errors: NOT_FOUND.
  virtual absl::Status Remove(absl::string_view path) = 0;

  // Creations, renames and removals in `directory` are durable after it. That
  // `directory` itself exists is a matter of its parent. Errors: NOT_FOUND.
  virtual absl::Status SyncDirectory(absl::string_view directory) = 0;

  // Takes the one lock of this disk, held until the process ends.
  // Errors: FAILED_PRECONDITION (this or another process holds it).
  virtual absl::Status Lock() = 0;

 protected:
  Disk() = default;
};

}  // namespace persist

#endif  // PERSIST_DISK_H_
