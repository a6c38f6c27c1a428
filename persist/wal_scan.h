// Reads a log from its segments and judges where it ends. Changes nothing.

#ifndef PERSIST_WAL_SCAN_H_
#define PERSIST_WAL_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"

namespace persist {

class WalScan {
 public:
  // A segment that belongs to the log.
  struct Segment {
    SuperblockSegment facts;
    // The superblock does not list it. Perhaps its name is not durable: what it
    // holds must be written again.
    bool adopted = false;
    uint64_t file_bytes = 0;
    // Where its frames up to the watermark end: what is behind is dead once a
    // later segment has taken over.
    uint64_t end_offset = 0;
    uint32_t previous_chain = 0;
  };

  // A file of the log's kind that is not of the log.
  struct Stray {
    std::string path;
    SegmentId id;
    bool finished = false;
  };

  // Both must outlive this.
  WalScan(Disk& disk, const Superblock& superblock);

  // Reads everything. Once. Suspends.
  // Errors: DATA_LOSS naming file, offset, lsn and group.
  absl::Status Run();

  // ---- after Run(); if it failed, up to the damage
  // In order; the unlisted ones that continue the log included.
  const std::vector<Segment>& segments() const { return segments_; }
  // The largest id seen under any name, also of what is no part of the log.
  SegmentId largest_id() const { return largest_id_; }
  runtime::Incarnation largest_incarnation() const { return incarnation_; }
  // Frames up to here are proved durable; the chain of the last of them.
  Lsn watermark() const { return watermark_; }
  uint32_t chain() const { return watermark_chain_; }
  // Whole frames above the watermark, in order: perhaps durable.
  std::vector<Frame> TakeUnproved();
  // Reads once more the frames up to the watermark in the segments from
  // position `from` on. Suspends.
  // Errors: DATA_LOSS, also if they are not what they were before.
  absl::StatusOr<std::vector<Frame>> ReadProvedAgain(size_t from);
  // The chain that the segment at `position`, or the next one, continues.
  uint32_t ChainBefore(size_t position) const;
  std::vector<RecoveredGroup> TakeGroups();
  const std::vector<Stray>& strays() const { return strays_; }

 private:
  struct Unproved {
    Frame frame;
    uint32_t chain = 0;
    size_t segment = 0;  // Position in segments_.
    uint64_t end_offset = 0;
  };
  // A segment in memory.
  struct Image {
    std::string path;
    std::vector<std::byte> bytes;
    SegmentHeader header;
  };

  // Where the next frame of the log is expected, and what it continues.
  struct Cursor {
    Lsn last;             // The last good frame.
    uint32_t chain = 0;   // Its chain.
    uint64_t offset = 0;  // Behind it.
  };

  // Sorts the names in the directory into the log's and strays.
  absl::Status ListSegments();
  // A finished segment that the superblock does not know yet. It takes the
  // place of all that begin where it does or later.
  absl::Status AdoptSegment(SegmentId id);
  absl::StatusOr<Image> ReadSegment(SegmentId id);
  absl::Status CheckHeader(const Image& image, size_t position);
  absl::Status ScanSegment(size_t position);
  // The frame at `cursor`, if it is the next one of the log and whole.
  static absl::StatusOr<FrameHead> NextFrame(const Image& image,
                                             const Cursor& cursor);
  // A frame where the last life says that it wrote none.
  bool IsBehindCleanEnd(Lsn lsn) const;
  absl::Status TakeFrame(const Image& image, uint64_t offset, size_t position,
                         FrameHead head);
  // Raises the watermark to what has just been proved durable.
  void Prove(Lsn durable);
  // The frame after the last good one is bad. OK if it is a torn tail.
  absl::Status JudgeTail(const Image& image, uint64_t offset, size_t position,
                         const absl::Status& defect) const;
  // How we know that the frame at `offset` was durable; empty if we do not.
  std::string EvidenceOfDurability(const Image& image, uint64_t offset,
                                   size_t position) const;
  absl::Status Corruption(const Image& image, uint64_t offset,
                          absl::string_view defect,
                          absl::string_view evidence) const;
  // The hard states that the superblock remembers must not be lost.
  absl::Status CheckHardStates() const;

  Disk& disk_;
  const Superblock& superblock_;
  std::vector<Segment> segments_;
  std::vector<Stray> strays_;
  SegmentId largest_id_;
  bool any_adopted_ = false;
  runtime::Incarnation incarnation_;
  absl::btree_map<runtime::GroupId, RecoveredGroup> groups_;
  Lsn last_;            // The last good frame.
  uint32_t chain_ = 0;  // Its chain.
  Lsn watermark_;
  uint32_t watermark_chain_ = 0;
  std::deque<Unproved> unproved_;
};

}  // namespace persist

#endif  // PERSIST_WAL_SCAN_H_
