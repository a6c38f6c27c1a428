#include "persist/wal_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "persist/little_endian.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace persist {
namespace {

// "TWINWAL1" and "FRAM", as they look in a dump.
constexpr uint64_t kSegmentMagic = 0x314c41574e495754;
constexpr uint32_t kFrameMagic = 0x4d415246;

// Where the parts of a frame's fixed head begin.
constexpr size_t kFrameCrcOffset = 4;
constexpr size_t kFrameCoveredOffset = 8;

constexpr absl::string_view kFinishedSuffix = ".wal";
constexpr absl::string_view kUnfinishedSuffix = ".new";
constexpr size_t kSegmentIdDigits = 16;

std::string SegmentPathWith(SegmentId id, absl::string_view suffix) {
  return absl::StrCat(absl::Hex(id.value(), absl::kZeroPad16), suffix);
}

uint32_t SaltedCrc32c(uint32_t salt, std::span<const std::byte> bytes) {
  const std::array<std::byte, 4> seed = {
      static_cast<std::byte>(salt), static_cast<std::byte>(salt >> 8),
      static_cast<std::byte>(salt >> 16), static_cast<std::byte>(salt >> 24)};
  return runtime::ExtendCrc32c(runtime::Crc32c(seed), bytes);
}

size_t RecordCount(const Frame& frame) {
  size_t count = 0;
  for (const FrameGroup& group : frame.groups) count += group.records.size();
  return count;
}

size_t HeadBytes(uint64_t groups, uint64_t records) {
  return kFrameFixedBytes + groups * kFrameGroupBytes +
         records * kFrameRecordBytes;
}

void PutFrameGroup(const FrameGroup& group, ByteSink& sink) {
  sink.PutU64(group.group.value());
  sink.PutU64(group.hard_state.term.value());
  sink.PutU64(group.hard_state.vote.value());
  sink.PutU64(group.hard_state.commit.value());
  sink.PutU64(group.truncate_from.value());
  sink.PutU64(group.last_index.value());
  sink.PutU32(static_cast<uint32_t>(group.records.size()));
  sink.PutZeros(4);
}

void PutFrameRecord(const Record& record, ByteSink& sink) {
  sink.PutU64(record.term.value());
  sink.PutU32(static_cast<uint32_t>(record.payload.size()));
  sink.PutU32(record.payload_crc32c);
  sink.PutU8(record.kind);
  sink.PutZeros(7);
}

// The fields before the tables, as they were read.
struct FrameFixed {
  uint32_t previous_chain = 0;
  Lsn lsn;
  Lsn watermark;
  uint32_t chain = 0;
  size_t frame_bytes = 0;
  uint32_t group_count = 0;
  uint32_t record_count = 0;
  size_t head_bytes = 0;
};

absl::StatusOr<FrameFixed> DecodeFrameFixed(std::span<const std::byte> bytes,
                                            uint32_t salt) {
  ByteSource source(bytes);
  FrameFixed fixed;
  const uint32_t magic = source.TakeU32() ^ salt;
  fixed.chain = source.TakeU32();
  fixed.lsn = Lsn(source.TakeU64());
  fixed.watermark = Lsn(source.TakeU64());
  fixed.frame_bytes = source.TakeU32();
  fixed.previous_chain = source.TakeU32();
  fixed.group_count = source.TakeU32();
  fixed.record_count = source.TakeU32();
  if (!source.ok()) return absl::DataLossError("no room for a frame");
  if (magic != kFrameMagic) return absl::DataLossError("no frame begins here");
  // 64-bit sums of 32-bit counts: they cannot overflow.
  fixed.head_bytes = HeadBytes(fixed.group_count, fixed.record_count);
  if (fixed.frame_bytes > std::min(bytes.size(), kFrameBytesMax) ||
      fixed.head_bytes > fixed.frame_bytes) {
    return absl::DataLossError("impossible sizes in the head of the frame");
  }
  const std::span<const std::byte> covered = bytes.subspan(
      kFrameCoveredOffset, fixed.head_bytes - kFrameCoveredOffset);
  if (SaltedCrc32c(salt, covered) != fixed.chain) {
    return absl::DataLossError("checksum of the frame's head");
  }
  if (fixed.watermark >= fixed.lsn) {
    return absl::DataLossError("a frame that claims to be durable itself");
  }
  return fixed;
}

// Leaves the records empty but numbered; returns how many there must be.
absl::StatusOr<uint32_t> DecodeFrameGroup(ByteSource& source,
                                          FrameGroup& group) {
  group.group = runtime::GroupId(source.TakeU64());
  group.hard_state.term = Term(source.TakeU64());
  group.hard_state.vote = runtime::NodeId(source.TakeU64());
  group.hard_state.commit = Index(source.TakeU64());
  group.truncate_from = Index(source.TakeU64());
  group.last_index = Index(source.TakeU64());
  const uint32_t count = source.TakeU32();
  source.TakeZeros(4);
  if (!source.ok() || group.last_index.value() < count) {
    return absl::DataLossError("malformed group table");
  }
  return count;
}

absl::Status DecodeFrameTables(ByteSource source, const FrameFixed& fixed,
                               FrameHead& head) {
  std::vector<uint32_t> counts(fixed.group_count);
  head.frame.groups.resize(fixed.group_count);
  uint64_t counted = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    FrameGroup& group = head.frame.groups[i];
    absl::StatusOr<uint32_t> count = DecodeFrameGroup(source, group);
    if (!count.ok()) return count.status();
    counts[i] = *count;
    counted += *count;
    if (i > 0 && head.frame.groups[i - 1].group >= group.group) {
      return absl::DataLossError("groups out of order");
    }
  }
  if (counted != fixed.record_count) {
    return absl::DataLossError("the groups count other records than the frame");
  }
  uint64_t payload_total = 0;
  head.payload_bytes.reserve(fixed.record_count);
  for (size_t i = 0; i < counts.size(); ++i) {
    FrameGroup& group = head.frame.groups[i];
    group.records.resize(counts[i]);
    Index index = group.last_index - counts[i];
    for (Record& record : group.records) {
      record.index = ++index;
      record.term = Term(source.TakeU64());
      head.payload_bytes.push_back(source.TakeU32());
      record.payload_crc32c = source.TakeU32();
      record.kind = source.TakeU8();
      source.TakeZeros(7);
      payload_total += head.payload_bytes.back();
    }
  }
  if (!source.ok() || fixed.head_bytes + payload_total != fixed.frame_bytes) {
    return absl::DataLossError("malformed record table");
  }
  return absl::OkStatus();
}

}  // namespace

std::string SegmentPath(SegmentId id) {
  return SegmentPathWith(id, kFinishedSuffix);
}

std::string UnfinishedSegmentPath(SegmentId id) {
  return SegmentPathWith(id, kUnfinishedSuffix);
}

std::optional<SegmentName> ParseSegmentName(absl::string_view name) {
  if (name.size() != kSegmentIdDigits + kFinishedSuffix.size()) {
    return std::nullopt;
  }
  uint64_t id = 0;
  for (const char c : name.substr(0, kSegmentIdDigits)) {
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint64_t>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    id = id * 16 + digit;
  }
  const absl::string_view suffix = name.substr(kSegmentIdDigits);
  if (suffix != kFinishedSuffix && suffix != kUnfinishedSuffix) {
    return std::nullopt;
  }
  return SegmentName{.id = SegmentId(id),
                     .finished = suffix == kFinishedSuffix};
}

uint32_t SegmentSalt(const SegmentHeader& header) {
  std::vector<std::byte> facts;
  ByteSink sink(facts);
  sink.PutU64(header.cluster.value());
  sink.PutU64(header.node.value());
  sink.PutU64(header.incarnation.value());
  sink.PutU64(header.id.value());
  sink.PutU64(header.first_lsn.value());
  sink.PutU32(header.previous_chain);
  return runtime::Crc32c(facts);
}

std::vector<std::byte> EncodeSegmentHeader(const SegmentHeader& header) {
  std::vector<std::byte> bytes;
  bytes.reserve(kSegmentHeaderBytes);
  ByteSink sink(bytes);
  sink.PutU64(kSegmentMagic);
  sink.PutU32(kWalVersion);
  sink.PutU32(header.salt);
  sink.PutU64(header.id.value());
  sink.PutU64(header.first_lsn.value());
  sink.PutU64(header.incarnation.value());
  sink.PutU64(header.cluster.value());
  sink.PutU64(header.node.value());
  sink.PutU32(header.previous_chain);
  sink.PutU64(header.durable.value());
  sink.PutU64(header.file_bytes);
  sink.PutZeros(kSegmentHeaderBytes - sizeof(uint32_t) - sink.size());
  sink.PutU32(runtime::Crc32c(bytes));
  return bytes;
}

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(
    std::span<const std::byte> bytes) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return absl::DataLossError("too short for the header of a segment");
  }
  bytes = bytes.first(kSegmentHeaderBytes);
  const auto covered = bytes.first(kSegmentHeaderBytes - sizeof(uint32_t));
  ByteSource crc(bytes.subspan(covered.size()));
  if (crc.TakeU32() != runtime::Crc32c(covered)) {
    return absl::DataLossError("checksum of the segment's header");
  }
  ByteSource source(covered);
  if (source.TakeU64() != kSegmentMagic) {
    return absl::DataLossError("not a segment of a write-ahead log");
  }
  if (const uint32_t version = source.TakeU32(); version != kWalVersion) {
    return absl::DataLossError(
        absl::StrCat("unknown version ", version, " of the segment format"));
  }
  SegmentHeader header;
  header.salt = source.TakeU32();
  header.id = SegmentId(source.TakeU64());
  header.first_lsn = Lsn(source.TakeU64());
  header.incarnation = runtime::Incarnation(source.TakeU64());
  header.cluster = runtime::ClusterId(source.TakeU64());
  header.node = runtime::NodeId(source.TakeU64());
  header.previous_chain = source.TakeU32();
  // Zeros where an older version wrote nothing.
  header.durable = Lsn(source.TakeU64());
  header.file_bytes = source.TakeU64();
  if (header.first_lsn == Lsn(0)) {
    return absl::DataLossError("a segment that begins before the first frame");
  }
  header.durable = std::max(header.durable, header.first_lsn.Previous());
  return header;
}

size_t FrameHeadBytes(const Frame& frame) {
  return HeadBytes(frame.groups.size(), RecordCount(frame));
}

size_t FrameBytes(const Frame& frame) {
  size_t bytes = FrameHeadBytes(frame);
  for (const FrameGroup& group : frame.groups) {
    for (const Record& record : group.records) bytes += record.payload.size();
  }
  return bytes;
}

size_t PaddedBytes(size_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

uint32_t EncodeFrameHead(const Frame& frame, uint32_t salt,
                         std::vector<std::byte>& head) {
  const size_t frame_bytes = FrameBytes(frame);
  CHECK_LE(frame_bytes, kFrameBytesMax);
  head.clear();
  head.reserve(FrameHeadBytes(frame));
  ByteSink sink(head);
  sink.PutU32(kFrameMagic ^ salt);
  sink.PutU32(0);  // The checksum, below.
  sink.PutU64(frame.lsn.value());
  sink.PutU64(frame.watermark.value());
  sink.PutU32(static_cast<uint32_t>(frame_bytes));
  sink.PutU32(frame.previous_chain);
  sink.PutU32(static_cast<uint32_t>(frame.groups.size()));
  sink.PutU32(static_cast<uint32_t>(RecordCount(frame)));
  for (const FrameGroup& group : frame.groups) PutFrameGroup(group, sink);
  for (const FrameGroup& group : frame.groups) {
    Index index = group.last_index - group.records.size();
    for (const Record& record : group.records) {
      CHECK_EQ(record.index, ++index, "records of a frame are contiguous");
      PutFrameRecord(record, sink);
    }
  }
  const uint32_t chain =
      SaltedCrc32c(salt, std::span(head).subspan(kFrameCoveredOffset));
  sink.PatchU32(kFrameCrcOffset, chain);
  return chain;
}

absl::StatusOr<FrameHead> DecodeFrameHead(std::span<const std::byte> bytes,
                                          uint32_t salt) {
  absl::StatusOr<FrameFixed> fixed = DecodeFrameFixed(bytes, salt);
  if (!fixed.ok()) return fixed.status();
  FrameHead head;
  head.frame.lsn = fixed->lsn;
  head.frame.previous_chain = fixed->previous_chain;
  head.frame.watermark = fixed->watermark;
  head.chain = fixed->chain;
  head.head_bytes = fixed->head_bytes;
  head.frame_bytes = fixed->frame_bytes;
  const ByteSource tables(
      bytes.subspan(kFrameFixedBytes, fixed->head_bytes - kFrameFixedBytes));
  absl::Status read = DecodeFrameTables(tables, *fixed, head);
  if (!read.ok()) return read;
  return head;
}

absl::Status DecodeFramePayloads(std::span<const std::byte> bytes,
                                 FrameHead& head) {
  const size_t payload_bytes = head.frame_bytes - head.head_bytes;
  const runtime::Bytes slab =
      runtime::Bytes::Copy(bytes.subspan(head.head_bytes, payload_bytes));
  size_t offset = 0;
  size_t position = 0;
  for (FrameGroup& group : head.frame.groups) {
    for (Record& record : group.records) {
      const uint32_t size = head.payload_bytes[position++];
      record.payload = slab.Slice(offset, size);
      offset += size;
      if (runtime::Crc32c(record.payload.span()) != record.payload_crc32c) {
        return absl::DataLossError(
            absl::StrCat("checksum of the payload of group ",
                         group.group.value(), " index ", record.index.value()));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace persist
