#include "prod/posix_disk.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "persist/disk_path.h"
#include "prod/posix_file.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// System calls want a zero at the end of a path.
std::string Text(absl::string_view path) { return std::string(path); }
// openat() calls the root ".".
std::string DirectoryText(absl::string_view path) {
  return path.empty() ? "." : std::string(path);
}

absl::StatusOr<UniqueFd> OpenAt(int root, absl::string_view path, int flags,
                                absl::string_view name) {
  int fd = -1;
  do {
    fd = openat(root, Text(path).c_str(), flags, kFileMode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return DiskError("open", name, errno);
  return UniqueFd(fd);
}

absl::Status SyncFd(const UniqueFd& fd, absl::string_view name) {
  while (fsync(fd.get()) != 0) {
    if (errno != EINTR) {
      return absl::DataLossError(DiskError("sync", name, errno).message());
    }
  }
  return absl::OkStatus();
}

// The directory that `path` (absolute or not) is in.
std::string ParentOfRoot(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Without slashes at its end.
std::string PathOf(absl::string_view root) {
  std::string path(root);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// mkdir -p, durably: each new name is synced before the next is made.
absl::Status CreateRoot(const std::string& path) {
  if (mkdir(path.c_str(), kDirectoryMode) != 0) {
    if (errno == EEXIST) return absl::OkStatus();
    const std::string parent = ParentOfRoot(path);
    if (errno != ENOENT || parent == path) {
      return DiskError("create", path, errno);
    }
    RETURN_IF_ERROR(CreateRoot(parent));
    if (mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return DiskError("create", path, errno);
    }
  }
  const std::string parent = ParentOfRoot(path);
  ASSIGN_OR_RETURN(const UniqueFd fd,
                   OpenAt(AT_FDCWD, parent, kDirectoryFlags, parent));
  return SyncFd(fd, parent);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PosixDisk>> PosixDisk::Open(
    absl::string_view root) {
  const std::string path = PathOf(root);
  if (path.empty()) return absl::InvalidArgumentError("no data directory");
  RETURN_IF_ERROR(CreateRoot(path));
  return OpenExisting(path);
}

absl::StatusOr<std::unique_ptr<PosixDisk>> PosixDisk::At(
    absl::string_view root) {
  std::string path = PathOf(root);
  struct stat stat = {};
  if (path.empty() || ::stat(path.c_str(), &stat) == 0 || errno != ENOENT) {
    return OpenExisting(path);
  }
  return std::unique_ptr<PosixDisk>(new PosixDisk(std::move(path), UniqueFd()));
}

absl::StatusOr<std::unique_ptr<PosixDisk>> PosixDisk::OpenExisting(
    absl::string_view root) {
  std::string path = PathOf(root);
  if (path.empty()) return absl::InvalidArgumentError("no data directory");
  ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(AT_FDCWD, path, kDirectoryFlags, path));
  return std::unique_ptr<PosixDisk>(
      new PosixDisk(std::move(path), std::move(fd)));
}

std::string PosixDisk::FullPath(absl::string_view path) const {
  return path.empty() ? root_path_ : absl::StrCat(root_path_, "/", path);
}

absl::Status PosixDisk::CheckNotDirectory(absl::string_view path) const {
  struct stat stat = {};
  if (fstatat(root_.get(), Text(path).c_str(), &stat, 0) == 0 &&
      S_ISDIR(stat.st_mode)) {
    return DiskError("use", FullPath(path), EISDIR);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<persist::File>> PosixDisk::Open(
    absl::string_view path, persist::OpenMode mode) {
  RETURN_IF_ERROR(persist::CheckPath(path));
  if (!HasRoot()) return DiskError("open", FullPath(path), ENOENT);
  int flags = O_CLOEXEC;
  switch (mode) {
    case persist::OpenMode::kRead:
      flags |= O_RDONLY;
      // Reading a directory would succeed to open.
      RETURN_IF_ERROR(CheckNotDirectory(path));
      break;
    case persist::OpenMode::kReadWrite:
      flags |= O_RDWR;
      break;
    case persist::OpenMode::kCreateExclusive:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  std::string full_path = FullPath(path);
  ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(root_.get(), path, flags, full_path));
  return std::make_unique<PosixFile>(std::move(full_path), std::move(fd),
                                     counters_);
}

absl::StatusOr<UniqueFd> PosixDisk::OpenDirectory(
    absl::string_view directory) const {
  RETURN_IF_ERROR(persist::CheckDirectoryPath(directory));
  if (!HasRoot()) return DiskError("open", FullPath(directory), ENOENT);
  return OpenAt(root_.get(), DirectoryText(directory), kDirectoryFlags,
                FullPath(directory));
}

absl::StatusOr<std::vector<std::string>> PosixDisk::List(
    absl::string_view directory) {
  if (!HasRoot() && directory.empty()) return std::vector<std::string>();
  ASSIGN_OR_RETURN(UniqueFd fd, OpenDirectory(directory));
  DIR* const stream = fdopendir(fd.get());
  if (stream == nullptr) return DiskError("list", FullPath(directory), errno);
  fd.Release();  // closedir() closes it.
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = readdir(stream)) {
    const absl::string_view name = entry->d_name;
    const bool hidden = name == "." || name == ".." ||
                        (directory.empty() && name == persist::kLockName);
    if (!hidden) names.emplace_back(name);
  }
  const int error_number = errno;
  closedir(stream);
  if (error_number != 0) {
    return DiskError("list", FullPath(directory), error_number);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status PosixDisk::CreateDirectory(absl::string_view path) {
  RETURN_IF_ERROR(persist::CheckPath(path));
  if (mkdirat(root_.get(), Text(path).c_str(), kDirectoryMode) == 0) {
    return absl::OkStatus();
  }
  const int error_number = errno;
  const bool is_directory = !CheckNotDirectory(path).ok();
  if (error_number == EEXIST && is_directory) return absl::OkStatus();
  return DiskError("create directory", FullPath(path), error_number);
}

absl::Status PosixDisk::Rename(absl::string_view from, absl::string_view to) {
  RETURN_IF_ERROR(persist::CheckPath(from));
  RETURN_IF_ERROR(CheckNotDirectory(from));
  RETURN_IF_ERROR(persist::CheckPath(to));
  if (renameat(root_.get(), Text(from).c_str(), root_.get(),
               Text(to).c_str()) != 0) {
    return DiskError("rename", absl::StrCat(FullPath(from), " to ", to), errno);
  }
  return absl::OkStatus();
}

absl::Status PosixDisk::Remove(absl::string_view path) {
  RETURN_IF_ERROR(persist::CheckPath(path));
  const std::string full_path = FullPath(path);
  const DiskCallGuard call(counters_, "remove", full_path);
  if (unlinkat(root_.get(), Text(path).c_str(), 0) != 0) {
    return DiskError("remove", full_path, errno);
  }
  return absl::OkStatus();
}

absl::Status PosixDisk::SyncDirectory(absl::string_view directory) {
  const std::string full_path = FullPath(directory);
  const DiskCallGuard call(counters_, "sync directory", full_path);
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenDirectory(directory));
  return SyncFd(fd, full_path);
}

void PosixDisk::MeasureSpace() {
  const DiskCallGuard call(counters_, "measure space", root_path_);
  struct statvfs space = {};
  if (fstatvfs(root_.get(), &space) != 0) return;  // Nothing is known then.
  counters_.size_bytes.Set(uint64_t{space.f_blocks} * space.f_frsize);
  counters_.free_bytes.Set(uint64_t{space.f_bavail} * space.f_frsize);
}

bool PosixDisk::SeemsInUse() const {
  struct stat stat = {};
  const std::string lock(persist::kLockName);
  if (fstatat(root_.get(), lock.c_str(), &stat, 0) != 0) return false;
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:01:123456 0 EOF". The device may have
  // another number than stat() says, so the file's own number decides.
  const std::string inode = absl::StrCat(":", stat.st_ino, " ");
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (absl::StrContains(line, " FLOCK ") && absl::StrContains(line, inode)) {
      return true;
    }
  }
  return false;
}

absl::Status PosixDisk::MakeRoot() {
  RETURN_IF_ERROR(CreateRoot(root_path_));
  ASSIGN_OR_RETURN(root_,
                   OpenAt(AT_FDCWD, root_path_, kDirectoryFlags, root_path_));
  return absl::OkStatus();
}

absl::Status PosixDisk::Lock() {
  if (!HasRoot()) RETURN_IF_ERROR(MakeRoot());
  // A descriptor of its own each time: a second Lock() meets the first.
  const std::string full_path = FullPath(persist::kLockName);
  ASSIGN_OR_RETURN(UniqueFd fd,
                   OpenAt(root_.get(), persist::kLockName,
                          O_RDWR | O_CREAT | O_CLOEXEC, full_path));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return DiskError("lock", full_path, errno);
    return absl::FailedPreconditionError(
        absl::StrCat(full_path, " is locked: the disk is in use"));
  }
  lock_ = std::move(fd);
  return absl::OkStatus();
}

}  // namespace prod
