// The disk of a real server: one directory of a POSIX file system.
//
// Everything is relative to a descriptor of that directory, so it may be
// renamed while in use. Symbolic links inside are followed: an operator may put
// a subdirectory on another device.
//
// What it does beyond the letter of persist/disk.h:
//  - Small writes into preallocated room run behind zeros that were written
//    there: see prod/preallocation.h.
//  - SyncData() that failed once fails for ever on that handle: the kernel
//    reports the loss once and forgets it.
//  - After Truncate() the next SyncData() is an fsync: POSIX does not promise
//    that fdatasync() makes a file shorter.
//
// Calls block the thread.
//
// Twin:      sim/sim_disk.h
// Both pass: tests/conformance/disk_test.cc

#ifndef PROD_POSIX_DISK_H_
#define PROD_POSIX_DISK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "prod/counters.h"
#include "prod/unique_fd.h"

namespace prod {

class PosixDisk final : public persist::Disk {
 public:
  // Creates `root` and the directories above it if they are missing, durably.
  // Errors: as absl::Status of the errno, with path and text.
  static absl::StatusOr<std::unique_ptr<PosixDisk>> Open(
      absl::string_view root);

  // A disk whose `root` may not be there yet. It is then empty, and Lock(),
  // which must come before any change, makes it: a start that is refused before
  // it locks leaves no trace.
  static absl::StatusOr<std::unique_ptr<PosixDisk>> At(absl::string_view root);

  // The same for who only looks: `root` must be there. Errors: NOT_FOUND.
  static absl::StatusOr<std::unique_ptr<PosixDisk>> OpenExisting(
      absl::string_view root);

  // Whether some process on this machine seems to hold the lock, as far as the
  // kernel tells (/proc/locks; not from another container). Takes no lock.
  bool SeemsInUse() const;

  // Releases the lock. Syncs nothing.
  ~PosixDisk() override = default;

  absl::StatusOr<std::unique_ptr<persist::File>> Open(
      absl::string_view path, persist::OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view directory) override;
  absl::Status CreateDirectory(absl::string_view path) override;
  absl::Status Rename(absl::string_view from, absl::string_view to) override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status SyncDirectory(absl::string_view directory) override;
  absl::Status Lock() override;

  // How large the file system is and what is free on it, into the counters. On
  // the thread that uses the disk: it may hang as anything else there.
  void MeasureSpace();

  // Any thread may read them.
  const DiskCounters& counters() const { return counters_; }

 private:
  PosixDisk(std::string root_path, UniqueFd root)
      : root_path_(std::move(root_path)), root_(std::move(root)) {}

  // FAILED_PRECONDITION if `path` is a directory, OK if it is anything else or
  // nothing.
  absl::Status CheckNotDirectory(absl::string_view path) const;
  absl::StatusOr<UniqueFd> OpenDirectory(absl::string_view directory) const;
  bool HasRoot() const { return root_.get() >= 0; }
  absl::Status MakeRoot();
  // For messages.
  std::string FullPath(absl::string_view path) const;

  const std::string root_path_;
  UniqueFd root_;  // None: At() has not found it, and nobody locked since.
  UniqueFd lock_;  // Open while this process holds the lock.
  DiskCounters counters_;
};

}  // namespace prod

#endif  // PROD_POSIX_DISK_H_
