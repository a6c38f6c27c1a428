// The end of the log that grows: one frame, one write, one sync at a time.
//
// What a batch holds is acknowledged after its sync and never before. A segment
// that is full is left for a new one, which is listed in the superblock,
// durably, before anything in it is acknowledged. Segment ids are never reused.
//
// Any error is final: the log is then of unknown length, a second try could
// succeed and still have lost what the first one wrote. Append() after an error
// is a bug.

#ifndef PERSIST_WAL_WRITER_H_
#define PERSIST_WAL_WRITER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "persist/wal_segment.h"
#include "runtime/ids.h"

namespace persist {

struct WalOptions {
  runtime::ClusterId cluster;
  runtime::NodeId node;
  // Room for frames in a segment. A larger frame gets a larger segment.
  uint64_t segment_bytes = uint64_t{64} << 20;
};

// What the writer must know of a group to continue it.
struct GroupTail {
  HardState hard_state;
  Index last_index;
};
using GroupTails = absl::btree_map<runtime::GroupId, GroupTail>;

// The stores of many groups, merged into what one frame says: of each group one
// truncation, the records that are left of all its stores, and its hard state.
class WalBatch {
 public:
  // Merges `store`, which continues what is here or else the group's tail.
  // Requires: it fits the group's log, and its payloads their checksums.
  void Add(Store store, const GroupTails& tails);

  bool empty() const { return stores_ == 0; }
  uint64_t stores() const { return stores_; }
  // Of all payloads taken; what decides when a batch is full.
  uint64_t payload_bytes() const { return payload_bytes_; }

  // Empties the batch.
  std::vector<FrameGroup> TakeGroups();

 private:
  absl::btree_map<runtime::GroupId, FrameGroup> groups_;
  uint64_t stores_ = 0;
  uint64_t payload_bytes_ = 0;
};

class WalWriter {
 public:
  // Continues behind `segment`, the newest one `superblock` lists. Everything
  // in it is durable. `disk` outlives this.
  WalWriter(Disk& disk, const WalOptions& options,
            std::unique_ptr<SuperblockFile> superblock,
            std::unique_ptr<WalSegment> segment, GroupTails tails);

  // Everything in `batch` is durable when this returns OK. Suspends.
  absl::Status Append(WalBatch& batch);

  // Says in the superblock that all frames so far are durable, so that damage
  // to the last ones cannot pass for a torn tail: away from them, because what
  // loses a frame may well lose what stands beside it. Suspends.
  absl::Status Seal();

  // Seals for good: the life ends in good order, and nothing follows. In both
  // slots, so that no damage to one of them takes it back. Suspends.
  absl::Status Close();

  // Says in the superblock who founded the cluster. Suspends.
  absl::Status KeepFounding(uint64_t fingerprint);

  // The superblock does not know of the last frame.
  bool unsealed() const { return unsealed_; }

  // Of every group, as far as it is durable.
  const GroupTails& tails() const { return tails_; }
  Lsn durable() const { return durable_; }
  // Of frames, since this life began.
  uint64_t bytes_written() const;

 private:
  absl::Status Write(Frame frame);
  // Goes on in a new segment with room for a frame of `frame_bytes`.
  absl::Status Roll(size_t frame_bytes);
  // What the newest superblock says, and all that is durable.
  Superblock Known() const;
  // Writes such a superblock.
  absl::Status Publish(std::vector<SuperblockSegment> segments,
                       bool stopped_clean);

  Disk& disk_;
  const WalOptions options_;
  std::unique_ptr<SuperblockFile> superblock_;
  std::unique_ptr<WalSegment> segment_;
  GroupTails tails_;
  Lsn durable_;
  bool unsealed_ = false;
  uint64_t bytes_in_left_segments_ = 0;
};

// The superblock's table of groups.
std::vector<SuperblockGroup> SuperblockGroups(const GroupTails& tails);

}  // namespace persist

#endif  // PERSIST_WAL_WRITER_H_
