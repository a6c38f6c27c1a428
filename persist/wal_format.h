// The write-ahead log as bytes: segment headers and batch frames. Pure: no
// disk, no waiting. The grammar, with a worked example, is docs/wal_format.md.
//
// A segment is a file that is only appended to: one header sector, then frames,
// each on a sector boundary, so that no sector which holds something
// acknowledged is ever written again. A frame is what one sync makes durable:
// the stores of all groups that waited for it. It is whole or it is not there.
//
// Every checksum is seeded with the salt of its segment and covers the lsn, so
// bytes of another place or another time never validate. Each frame quotes the
// checksum of the one before it (the chain), so a missing frame cannot hide.
//
// The facts about the records (index, term, kind, length, checksum) stand
// apart from the payloads, under a checksum of their own: damage to a payload
// says which entry it hit.
//
// Decoding is bounded: nothing is allocated for a count that the bytes at hand
// could not hold. Errors: DATA_LOSS, saying what is wrong, never where: the
// caller knows file and offset.

#ifndef PERSIST_WAL_FORMAT_H_
#define PERSIST_WAL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "persist/record.h"
#include "runtime/ids.h"
#include "runtime/strong_int.h"

namespace persist {

// The number of a frame: 1, 2, 3 … through all segments and all lives.
using Lsn = runtime::StrongInt<struct LsnTag>;

// The number of a segment; its file's name carries it and nothing else. Grows.
using SegmentId = runtime::StrongInt<struct SegmentIdTag>;

// Where the segments are: the root, whose own name no crash can take.
inline constexpr absl::string_view kWalDirectory = "";

inline constexpr uint32_t kWalVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = kSectorBytes;
inline constexpr size_t kFrameFixedBytes = 40;
inline constexpr size_t kFrameGroupBytes = 56;
inline constexpr size_t kFrameRecordBytes = 24;
// No frame is larger; far above any batch limit, far below what a u32 holds.
inline constexpr size_t kFrameBytesMax = size_t{1} << 30;

// "00000000000000a1.wal", and its name while it is being prepared.
std::string SegmentPath(SegmentId id);
std::string UnfinishedSegmentPath(SegmentId id);

struct SegmentName {
  SegmentId id;
  bool finished = false;
};
// Nothing if `name` is no segment's.
std::optional<SegmentName> ParseSegmentName(absl::string_view name);

struct SegmentHeader {
  SegmentId id;
  Lsn first_lsn;                // Of the first frame that is or will be here.
  uint32_t previous_chain = 0;  // Chain of frame first_lsn - 1; 0 for none.
  uint32_t salt = 0;
  runtime::Incarnation incarnation;  // Of the life that made it.
  runtime::ClusterId cluster;
  runtime::NodeId node;
  // Every frame up to here was durable when the segment got its name, those
  // that it held from the beginning included: first_lsn - 1 or more.
  Lsn durable;
  // What was set aside for the file before it got its name. As long as it is
  // the last of the log it is not shorter. 0: an older version did not say.
  uint64_t file_bytes = 0;

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// A salt that no other segment of any disk is likely to have. Derived from who
// made the segment, in which life, and its place in the log, so that the same
// run has the same bytes.
uint32_t SegmentSalt(const SegmentHeader& header);

// Exactly kSegmentHeaderBytes.
std::vector<std::byte> EncodeSegmentHeader(const SegmentHeader& header);
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(
    std::span<const std::byte> bytes);

// What a frame does to one group: truncate, then append, then be in this state.
struct FrameGroup {
  runtime::GroupId group;
  HardState
      hard_state;       // Always in full, also if this frame did not change it.
  Index truncate_from;  // 0: nothing.
  Index last_index;     // Of the log after this frame.
  std::vector<Record> records;  // Contiguous, up to last_index.
};

struct Frame {
  Lsn lsn;
  uint32_t previous_chain = 0;
  Lsn watermark;  // Everything up to here was durable when this was written.
  std::vector<FrameGroup> groups;  // Ascending by group; none: a seal.
};

// Of the frame without the padding to the next sector.
size_t FrameHeadBytes(const Frame& frame);
size_t FrameBytes(const Frame& frame);
// The room that `bytes` take in a segment.
size_t PaddedBytes(size_t bytes);

// Replaces the contents of `head` by all of the frame but the payloads, which
// follow it in the order of the records. Returns the frame's chain.
// Requires: FrameBytes(frame) <= kFrameBytesMax, and what the fields promise.
uint32_t EncodeFrameHead(const Frame& frame, uint32_t salt,
                         std::vector<std::byte>& head);

// A frame whose head has been verified and whose payloads have not.
struct FrameHead {
  Frame frame;  // The records have no payload yet.
  uint32_t chain = 0;
  size_t head_bytes = 0;
  size_t frame_bytes = 0;
  std::vector<uint32_t> payload_bytes;  // Per record.
};

// `bytes` begins at the frame and may go on behind it.
absl::StatusOr<FrameHead> DecodeFrameHead(std::span<const std::byte> bytes,
                                          uint32_t salt);

// Fills in the payloads of `head`, which came from the same `bytes`. They share
// one slab. Errors: DATA_LOSS naming group and index of the bad record.
absl::Status DecodeFramePayloads(std::span<const std::byte> bytes,
                                 FrameHead& head);

}  // namespace persist

#endif  // PERSIST_WAL_FORMAT_H_
