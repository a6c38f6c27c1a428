// The disk of one node, made slow, stuck or broken while the node runs.
//
//   FaultyDisk disk(cluster, 2);   // Before node 2 is started.
//   cluster.StartAll();
//   disk.SetStuck(true);
//
// It works on the system calls of the real process: preload/disk_faults.cc.
// Healthy again when this goes; the cluster outlives it, or is destroyed first.

#ifndef TESTS_CLUSTER_FAULTY_DISK_H_
#define TESTS_CLUSTER_FAULTY_DISK_H_

#include <cstdint>

#include "absl/time/time.h"

#include "tests/cluster/preload/disk_fault_board.h"
#include "tests/cluster/real_cluster.h"

namespace cluster {

class FaultyDisk {
 public:
  FaultyDisk(RealCluster& cluster, int node);
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  // Every sync takes so much longer from now on.
  void SetSyncDelay(absl::Duration delay);
  // Syncs and writes do not return.
  void SetStuck(bool stuck) { board_->stuck.store(stuck ? 1 : 0); }
  // The next syncs fail with EIO.
  void FailSyncs(uint32_t count) { board_->syncs_to_fail.store(count); }

  // What has struck so far.
  uint64_t syncs_delayed() const { return board_->syncs_delayed.load(); }
  uint64_t calls_stuck() const { return board_->calls_stuck.load(); }
  uint64_t syncs_failed() const { return board_->syncs_failed.load(); }

 private:
  DiskFaultBoard* board_;
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_FAULTY_DISK_H_
