// A disk that is slow, stuck or broken, under a server that knows nothing of
// it: a library for LD_PRELOAD that stands between raft_server and the system
// calls of its data directory. What it shall do stands on the DiskFaultBoard.
//
// The faults come before the real call: a sync that is stuck has not begun, one
// that failed has written nothing of its own. Reads and everything outside of
// the directory pass untouched.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/cluster/preload/disk_fault_board.h"

namespace cluster {
namespace {

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "disk_faults: %s\n", why);
  std::_Exit(99);
}

// Set once, before main(), and never changed: other threads only read it.
struct Setup {
  DiskFaultBoard* board = nullptr;
  std::string under;

  Setup() {
    const char* file = std::getenv(kDiskFaultBoardName);
    const char* directory = std::getenv(kDiskFaultUnderName);
    if (file == nullptr || directory == nullptr) Die("no board is named");
    under = directory;
    const int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) Die("cannot open the board");
    void* page = mmap(nullptr, sizeof(DiskFaultBoard), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED) Die("cannot map the board");
    board = static_cast<DiskFaultBoard*>(page);
  }
};

const Setup& TheSetup() {
  static const Setup* const setup = new Setup();
  return *setup;
}

// Reported early: a server without its faults would pass every test.
__attribute__((constructor)) void Begin() { TheSetup(); }

bool OnBadDisk(int fd) {
  char link[64];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  char path[4096];
  const ssize_t size = readlink(link, path, sizeof(path));
  const std::string& under = TheSetup().under;
  return size >= static_cast<ssize_t>(under.size()) &&
         std::memcmp(path, under.data(), under.size()) == 0;
}

void SleepMilliseconds(uint32_t ms) {
  timespec left{.tv_sec = static_cast<time_t>(ms / 1000),
                .tv_nsec = static_cast<long>(ms % 1000) * 1'000'000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void WaitWhileStuck(DiskFaultBoard& board) {
  if (board.stuck.load() == 0) return;
  ++board.calls_stuck;
  ++board.waiting;
  while (board.stuck.load() != 0) SleepMilliseconds(1);
  --board.waiting;
}

// False: the sync fails, errno says how.
bool SufferSync(int fd) {
  DiskFaultBoard& board = *TheSetup().board;
  if (board.stuck.load() == 0 && board.sync_delay_ms.load() == 0 &&
      board.syncs_to_fail.load() == 0) {
    return true;
  }
  if (!OnBadDisk(fd)) return true;
  WaitWhileStuck(board);
  if (const uint32_t ms = board.sync_delay_ms.load(); ms > 0) {
    ++board.syncs_delayed;
    SleepMilliseconds(ms);
  }
  uint32_t left = board.syncs_to_fail.load();
  while (left > 0 &&
         !board.syncs_to_fail.compare_exchange_weak(left, left - 1)) {
  }
  if (left == 0) return true;
  ++board.syncs_failed;
  errno = EIO;
  return false;
}

void SufferWrite(int fd) {
  DiskFaultBoard& board = *TheSetup().board;
  if (board.stuck.load() != 0 && OnBadDisk(fd)) WaitWhileStuck(board);
}

// The call that this library stands before.
template <class Call>
Call Real(const char* name) {
  void* const symbol = dlsym(RTLD_NEXT, name);
  if (symbol == nullptr) Die(name);
  return reinterpret_cast<Call>(symbol);
}

}  // namespace
}  // namespace cluster

extern "C" {

int fdatasync(int fd) {
  static const auto real = cluster::Real<int (*)(int)>("fdatasync");
  return cluster::SufferSync(fd) ? real(fd) : -1;
}

int fsync(int fd) {
  static const auto real = cluster::Real<int (*)(int)>("fsync");
  return cluster::SufferSync(fd) ? real(fd) : -1;
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  using Call = ssize_t (*)(int, const iovec*, int, off_t);
  static const auto real = cluster::Real<Call>("pwritev");
  cluster::SufferWrite(fd);
  return real(fd, parts, count, offset);
}

}  // extern "C"
