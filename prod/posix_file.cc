#include "prod/posix_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "prod/log.h"
#include "prod/real_clock.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

// How many pieces one system call is given: no more than any kernel takes, and
// few enough for the stack.
constexpr size_t kPiecesPerCall = 256;

constexpr size_t kZerosBytes = 64 << 10;
constexpr size_t kZerosPieces = 16;
alignas(4096) constexpr std::array<std::byte, kZerosBytes> kZeros{};

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EISDIR:
    case ENOTEMPTY:
      return absl::StatusCode::kFailedPrecondition;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case EINVAL:
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kDataLoss;
  }
}

// Repeats `call` while a signal interrupts it.
template <class Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// The pieces that are still to be written, as the kernel wants them.
class Gather {
 public:
  explicit Gather(std::span<const std::span<const std::byte>> pieces)
      : rest_(pieces) {}

  // The next part, or none when all is written. Valid until the next call.
  std::span<iovec> Next() {
    size_t count = 0;
    for (const std::span<const std::byte> piece : rest_) {
      if (count == parts_.size()) break;
      const size_t skip = count == 0 ? skip_ : 0;
      parts_[count++] = {
          .iov_base = const_cast<std::byte*>(piece.data()) + skip,
          .iov_len = piece.size() - skip};
    }
    return std::span(parts_).first(count);
  }

  // `written` more bytes are; also drops empty pieces at the front.
  void Advance(size_t written) {
    skip_ += written;
    while (!rest_.empty() && skip_ >= rest_.front().size()) {
      skip_ -= rest_.front().size();
      rest_ = rest_.subspan(1);
    }
  }

 private:
  std::span<const std::span<const std::byte>> rest_;
  size_t skip_ = 0;  // Bytes of the first piece that are written.
  std::array<iovec, kPiecesPerCall> parts_;
};

}  // namespace

absl::Status DiskError(absl::string_view call, absl::string_view path,
                       int error_number) {
  return absl::Status(
      CodeOf(error_number),
      absl::StrCat(call, " ", path, ": ", std::strerror(error_number)));
}

DiskCallGuard::DiskCallGuard(DiskCounters& counters, const char* name,
                             const std::string& path)
    : counters_(counters), name_(name), path_(path), began_(RealClock().Now()) {
  counters_.call.Begin(name_, began_);
}

DiskCallGuard::~DiskCallGuard() {
  counters_.call.End();
  const absl::Duration took = Lasted();
  if (took < kSlow) return;
  counters_.slow_calls.Add();
  Log(LogLevel::kWarning, "disk.slow",
      {{"call", name_},
       {"path", absl::string_view(path_)},
       {"took_ms", absl::ToInt64Milliseconds(took)}});
}

absl::Duration DiskCallGuard::Lasted() const {
  return RealClock().Now() - began_;
}

absl::Status PosixFile::Error(absl::string_view call) const {
  return DiskError(call, path_, errno);
}

absl::StatusOr<size_t> PosixFile::ReadAt(uint64_t offset,
                                         std::span<std::byte> buffer) {
  size_t done = 0;
  while (done < buffer.size()) {
    const std::span<std::byte> rest = buffer.subspan(done);
    const ssize_t count = Uninterrupted([&] {
      return pread(fd_.get(), rest.data(), rest.size(),
                   static_cast<off_t>(offset + done));
    });
    counters_.reads.Add();
    if (count < 0) return Error("read");
    counters_.bytes_read.Add(static_cast<uint64_t>(count));
    if (count == 0) break;  // The end of the file.
    done += static_cast<size_t>(count);
  }
  return done;
}

absl::Status PosixFile::WriteAt(
    uint64_t offset, std::span<const std::span<const std::byte>> pieces) {
  const DiskCallGuard call(counters_, "write", path_);
  uint64_t end = offset;
  for (const std::span<const std::byte> piece : pieces) end += piece.size();
  const ByteRange zeros = preallocation_.OnWrite({offset, end});
  RETURN_IF_ERROR(Write(offset, pieces));
  return WriteZeros(zeros.begin, zeros.end);
}

absl::Status PosixFile::Write(
    uint64_t offset, std::span<const std::span<const std::byte>> pieces) {
  Gather gather(pieces);
  gather.Advance(0);
  for (;;) {
    const std::span<iovec> parts = gather.Next();
    if (parts.empty()) return absl::OkStatus();
    const ssize_t count = Uninterrupted([&] {
      return pwritev(fd_.get(), parts.data(), static_cast<int>(parts.size()),
                     static_cast<off_t>(offset));
    });
    counters_.writes.Add();
    if (count < 0) return Error("write");
    counters_.bytes_written.Add(static_cast<uint64_t>(count));
    offset += static_cast<uint64_t>(count);
    gather.Advance(static_cast<size_t>(count));
  }
}

absl::Status PosixFile::SyncData() {
  RETURN_IF_ERROR(sync_failure_);
  const DiskCallGuard call(counters_, "sync", path_);
  const int synced = Uninterrupted(
      [&] { return size_changed_ ? fsync(fd_.get()) : fdatasync(fd_.get()); });
  const int error_number = errno;
  counters_.syncs.Add(call.Lasted());
  if (synced != 0) {
    sync_failure_ =
        absl::DataLossError(DiskError("sync", path_, error_number).message());
    return sync_failure_;
  }
  size_changed_ = false;
  return absl::OkStatus();
}

absl::Status PosixFile::Truncate(uint64_t size) {
  size_changed_ = true;
  preallocation_.Truncate(size);
  const int cut = Uninterrupted(
      [&] { return ftruncate(fd_.get(), static_cast<off_t>(size)); });
  return cut == 0 ? absl::OkStatus() : Error("truncate");
}

absl::Status PosixFile::Preallocate(uint64_t size) {
  const DiskCallGuard call(counters_, "preallocate", path_);
  ASSIGN_OR_RETURN(const uint64_t before, Size());
  if (size <= before) return absl::OkStatus();
  size_changed_ = true;
  absl::Status status = Reserve(before, size);
  if (!status.ok()) Truncate(before).IgnoreError();
  return status;
}

absl::Status PosixFile::Reserve(uint64_t begin, uint64_t end) {
  const int reserved = Uninterrupted([&] {
    return fallocate(fd_.get(), 0, static_cast<off_t>(begin),
                     static_cast<off_t>(end - begin));
  });
  if (reserved == 0) {
    preallocation_.Reserve({begin, end});
    return absl::OkStatus();
  }
  if (errno != EOPNOTSUPP && errno != ENOSYS) return Error("preallocate");
  // A file system that sets nothing aside must be made to.
  return WriteZeros(begin, end);
}

absl::Status PosixFile::WriteZeros(uint64_t begin, uint64_t end) {
  std::array<std::span<const std::byte>, kZerosPieces> pieces;
  while (begin < end) {
    const uint64_t offset = begin;
    size_t count = 0;
    for (; count < pieces.size() && begin < end; ++count) {
      const size_t size = std::min<uint64_t>(kZeros.size(), end - begin);
      pieces[count] = std::span(kZeros).first(size);
      begin += size;
    }
    RETURN_IF_ERROR(Write(offset, std::span(pieces).first(count)));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PosixFile::Size() {
  struct stat stat = {};
  if (fstat(fd_.get(), &stat) != 0) return Error("stat");
  return static_cast<uint64_t>(stat.st_size);
}

}  // namespace prod
