// A Persister that keeps its promises on a Disk: the write-ahead log behind one
// log-writer fiber on the storage executor.
//
// Group commit: while a sync is in flight, the stores of all groups gather;
// when it is done, all of them become the next frame, one write and one sync.
// Nothing waits for company.
//
// Reading order: wal_format.h, superblock.h, disk_claim.h, wal_segment.h,
// wal_writer.h, wal_scan.h, wal_recovery.h, this.

#ifndef PERSIST_DISK_PERSISTER_H_
#define PERSIST_DISK_PERSISTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/stores_under_way.h"
#include "runtime/executor.h"
#include "runtime/ids.h"

namespace persist {

struct DiskPersisterOptions {
  // Who we are: whose the disk is or becomes.
  runtime::ClusterId cluster;
  runtime::NodeId node;
  // Room in a segment of the log. Small in simulation, to roll often.
  uint64_t segment_bytes = uint64_t{64} << 20;
  // A frame takes no further store once its payloads reach this.
  uint64_t batch_payload_bytes_max = uint64_t{4} << 20;
  // How long the last frame may stay the last before it is sealed, and how long
  // a frame waits for that while others follow without end.
  absl::Duration idle_seal_delay = absl::Milliseconds(50);
  absl::Duration busy_seal_delay = absl::Seconds(1);
  // How much may lie between the two executors.
  StoreLimits under_way = {};
};

class DiskPersister final : public Persister {
 public:
  // `caller` is the executor of all calls and of the sinks; `disk` belongs to
  // `storage`. All outlive this, and `storage` what it still has to run.
  DiskPersister(runtime::Executor& caller, runtime::Executor& storage,
                Disk& disk, DiskPersisterOptions options);
  // What is not durable yet may never be. Does not wait.
  ~DiskPersister() override;

  absl::StatusOr<Claim> Inspect() override;
  absl::StatusOr<runtime::Identity> Prepare(runtime::Identity fresh) override;
  absl::StatusOr<Recovered> Recover() override;
  absl::Status KeepFounding(uint64_t fingerprint) override;
  void SetSink(runtime::GroupId group, PersisterSink* sink) override;
  void Submit(Store store) override;
  StoreRoom room() const override;
  PersisterStats stats() const override;
  absl::Status Stop() override;

 private:
  class Front;  // The caller's side.
  class Back;   // The side of the storage executor.

  runtime::Executor& storage_;
  // Shared with tasks that are under way between the executors and may arrive
  // after this object is gone.
  std::shared_ptr<Front> front_;
  std::shared_ptr<Back> back_;
};

}  // namespace persist

#endif  // PERSIST_DISK_PERSISTER_H_
