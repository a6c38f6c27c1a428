#include "persist/wal_inspection.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "persist/disk_claim.h"
#include "persist/wal_scan.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

using Segment = WalInspection::Segment;
using Written = WalInspection::Written;

Written& WrittenOf(Segment& segment, runtime::GroupId group) {
  const auto found = std::find_if(
      segment.written.begin(), segment.written.end(),
      [group](const Written& written) { return written.group == group; });
  if (found != segment.written.end()) return *found;
  segment.written.push_back({.group = group});
  return segment.written.back();
}

void Count(const Frame& frame, Segment& segment) {
  ++segment.frames;
  for (const FrameGroup& group : frame.groups) {
    for (const Record& record : group.records) {
      Written& written = WrittenOf(segment, group.group);
      if (written.records == 0 || record.index < written.first) {
        written.first = record.index;
      }
      written.last = std::max(written.last, record.index);
      ++written.records;
    }
  }
}

// Fills in what the file itself says. What cannot be read is left out: the
// scan has said so.
absl::Status ReadSegment(Disk& disk, Segment& segment) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   disk.Open(segment.path, OpenMode::kRead));
  ASSIGN_OR_RETURN(segment.file_bytes, file->Size());
  std::vector<std::byte> bytes(segment.file_bytes);
  ASSIGN_OR_RETURN(const size_t read, file->ReadAt(0, bytes));
  bytes.resize(read);
  ASSIGN_OR_RETURN(const SegmentHeader header, DecodeSegmentHeader(bytes));
  segment.incarnation = header.incarnation;
  segment.used_bytes = kSegmentHeaderBytes;
  Lsn next = header.first_lsn;
  for (;;) {
    const auto rest = std::span<const std::byte>(bytes).subspan(
        std::min<size_t>(segment.used_bytes, bytes.size()));
    absl::StatusOr<FrameHead> head = DecodeFrameHead(rest, header.salt);
    if (!head.ok() || head->frame.lsn != next) return absl::OkStatus();
    if (!DecodeFramePayloads(rest, *head).ok()) return absl::OkStatus();
    Count(head->frame, segment);
    segment.used_bytes += PaddedBytes(head->frame_bytes);
    ++next;
  }
}

}  // namespace

absl::StatusOr<WalInspection> InspectWal(Disk& disk) {
  absl::StatusOr<Superblock> superblock = SuperblockFile::Read(disk);
  if (absl::IsNotFound(superblock.status())) {
    RETURN_IF_ERROR(InspectDisk(disk).status());
    return absl::NotFoundError("there is no log here");
  }
  if (!superblock.ok()) return superblock.status();
  WalInspection result;
  result.superblock = *std::move(superblock);
  WalScan scan(disk, result.superblock);
  result.damage = scan.Run();
  if (!result.damage.ok() && !absl::IsDataLoss(result.damage)) {
    return result.damage;
  }
  result.groups = scan.TakeGroups();
  for (const WalScan::Segment& segment : scan.segments()) {
    result.segments.push_back({.path = SegmentPath(segment.facts.id),
                               .id = segment.facts.id,
                               .first_lsn = segment.facts.first_lsn});
    const absl::Status read = ReadSegment(disk, result.segments.back());
    if (!read.ok() && result.damage.ok()) return read;
  }
  return result;
}

}  // namespace persist
