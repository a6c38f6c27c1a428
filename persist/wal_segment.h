// One segment while frames are appended to it. Every call suspends; any failed
// write or sync is final.

#ifndef PERSIST_WAL_SEGMENT_H_
#define PERSIST_WAL_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "persist/disk.h"
#include "persist/wal_format.h"

namespace persist {

class WalSegment {
 public:
  // Prepares a segment under its unfinished name, with room for `bytes` set
  // aside. Sets the salt and the size in `header`. Nothing is durable yet.
  static absl::StatusOr<std::unique_ptr<WalSegment>> Create(
      Disk& disk, SegmentHeader header, uint64_t bytes);

  // Makes what is in it durable, and only then gives it its name, durably: a
  // finished name means a whole header and every frame appended before this.
  absl::Status Finish();

  // True if there is room for a frame of `frame_bytes`.
  bool Fits(size_t frame_bytes) const;

  // Writes `frame` as the next one, not yet durable. Sets its lsn and chain.
  // Requires: it fits.
  absl::Status Append(Frame& frame);

  absl::Status Sync();

  const SegmentHeader& header() const { return header_; }
  bool empty() const { return next_lsn_ == header_.first_lsn; }
  Lsn next_lsn() const { return next_lsn_; }
  uint32_t chain() const { return chain_; }  // Of the last frame.
  uint64_t bytes_appended() const { return offset_ - kSegmentHeaderBytes; }
  // Everything appended has been synced.
  bool clean() const { return clean_; }

 private:
  WalSegment(Disk& disk, std::unique_ptr<File> file, SegmentHeader header,
             uint64_t size);

  Disk& disk_;
  std::unique_ptr<File> file_;
  const SegmentHeader header_;
  const uint64_t size_;
  uint64_t offset_ = kSegmentHeaderBytes;  // Of the next frame.
  Lsn next_lsn_;
  uint32_t chain_;
  bool clean_ = false;
  // Kept for their memory.
  std::vector<std::byte> head_;
  std::vector<std::span<const std::byte>> pieces_;
};

}  // namespace persist

#endif  // PERSIST_WAL_SEGMENT_H_
