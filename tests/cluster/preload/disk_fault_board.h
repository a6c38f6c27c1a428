// What the disk of one server does wrong at the moment: a page that the test
// and the server's process share through a small file.
//
// The test writes the orders, disk_faults.cc inside the server obeys them and
// counts. A file of zeros is a healthy disk. All fields are lock-free atomics,
// so that two processes may use them.

#ifndef TESTS_CLUSTER_PRELOAD_DISK_FAULT_BOARD_H_
#define TESTS_CLUSTER_PRELOAD_DISK_FAULT_BOARD_H_

#include <atomic>
#include <cstdint>

namespace cluster {

// Environment of the server: the file of the board, and the directory whose
// files are on the bad disk.
inline constexpr char kDiskFaultBoardName[] = "TWINRAFT_DISK_FAULT_BOARD";
inline constexpr char kDiskFaultUnderName[] = "TWINRAFT_DISK_FAULT_UNDER";

struct DiskFaultBoard {
  // Orders.
  std::atomic<uint32_t> sync_delay_ms;  // Every sync takes so much longer.
  std::atomic<uint32_t> stuck;          // Syncs and writes wait until it is 0.
  std::atomic<uint32_t> syncs_to_fail;  // The next so many say EIO.

  // What came of them.
  std::atomic<uint32_t> waiting;  // Calls that wait at the moment.
  std::atomic<uint64_t> syncs_delayed;
  std::atomic<uint64_t> calls_stuck;
  std::atomic<uint64_t> syncs_failed;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

}  // namespace cluster

#endif  // TESTS_CLUSTER_PRELOAD_DISK_FAULT_BOARD_H_
