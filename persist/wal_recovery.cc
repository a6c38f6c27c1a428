#include "persist/wal_recovery.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "persist/disk_claim.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "persist/wal_scan.h"
#include "persist/wal_segment.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace persist {
namespace {

absl::StatusOr<std::unique_ptr<SuperblockFile>> OpenSuperblock(
    Disk& disk, const WalOptions& options) {
  absl::StatusOr<std::unique_ptr<SuperblockFile>> file =
      SuperblockFile::Open(disk);
  if (absl::IsNotFound(file.status())) {
    RETURN_IF_ERROR(InspectDisk(disk).status());
    return absl::FailedPreconditionError(
        "there is no log, and nobody prepared this disk for one");
  }
  if (!file.ok()) return file.status();
  const Superblock& found = (*file)->newest();
  const Owner owner = {.cluster = found.cluster, .node = found.node};
  const Owner self = {.cluster = options.cluster, .node = options.node};
  if (owner != self) return NotTheOwner(owner, self);
  return file;
}

// Writes what nothing proves durable into a new segment and makes it so.
absl::StatusOr<std::unique_ptr<WalSegment>> StartSegment(
    Disk& disk, const WalOptions& options, WalScan& scan) {
  std::vector<Frame> unproved = scan.TakeUnproved();
  SOMETIMES(!unproved.empty(), "wal.frames_rewritten");
  uint64_t bytes = 0;
  for (const Frame& frame : unproved) bytes += PaddedBytes(FrameBytes(frame));
  SegmentHeader header;
  header.id = scan.largest_id().Next();
  header.first_lsn = scan.watermark().Next();
  header.previous_chain = scan.chain();
  header.incarnation = scan.largest_incarnation().Next();
  header.cluster = options.cluster;
  header.node = options.node;
  ASSIGN_OR_RETURN(
      std::unique_ptr<WalSegment> segment,
      WalSegment::Create(disk, header, std::max(options.segment_bytes, bytes)));
  for (Frame& frame : unproved) {
    frame.watermark = scan.watermark();
    RETURN_IF_ERROR(segment->Append(frame));
  }
  RETURN_IF_ERROR(segment->Finish());
  return segment;
}

// The segments that still hold frames, then the new one. A boot that wrote
// nothing leaves an empty segment behind, which ends here.
std::vector<SuperblockSegment> LiveSegments(const WalScan& scan,
                                            const SegmentHeader& newest) {
  std::vector<SuperblockSegment> all;
  for (const WalScan::Segment& segment : scan.segments()) {
    all.push_back(segment.facts);
  }
  all.push_back(
      {.id = newest.id, .first_lsn = newest.first_lsn, .salt = newest.salt});
  std::vector<SuperblockSegment> live;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i].first_lsn < all[i + 1].first_lsn) live.push_back(all[i]);
  }
  live.push_back(all.back());
  return live;
}

bool Names(const Superblock& superblock, SegmentId id) {
  return std::any_of(
      superblock.segments.begin(), superblock.segments.end(),
      [id](const SuperblockSegment& segment) { return segment.id == id; });
}

// Removes what neither slot of the superblock names.
absl::Status RemoveLeftovers(Disk& disk, const SuperblockFile& superblock,
                             const WalScan& scan) {
  const auto named = [&](SegmentId id) {
    return Names(superblock.newest(), id) ||
           (superblock.older().has_value() && Names(*superblock.older(), id));
  };
  std::vector<std::string> doomed;
  for (const WalScan::Stray& stray : scan.strays()) {
    if (!stray.finished || !named(stray.id)) doomed.push_back(stray.path);
  }
  for (const WalScan::Segment& segment : scan.segments()) {
    if (!named(segment.facts.id)) {
      doomed.push_back(SegmentPath(segment.facts.id));
    }
  }
  for (const std::string& path : doomed) RETURN_IF_ERROR(disk.Remove(path));
  return absl::OkStatus();
}

// Gives back the room behind the last frame of the segment that was left: a
// process that restarts often must not fill the disk with empty room.
absl::Status TrimLeftSegment(Disk& disk, const SuperblockFile& superblock,
                             const WalScan& scan) {
  if (scan.segments().empty()) return absl::OkStatus();
  const WalScan::Segment& left = scan.segments().back();
  if (!Names(superblock.newest(), left.facts.id) ||
      left.end_offset >= left.file_bytes) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                   disk.Open(SegmentPath(left.facts.id), OpenMode::kReadWrite));
  return file->Truncate(left.end_offset);
}

}  // namespace

absl::StatusOr<WalRecovery> RecoverWal(Disk& disk, const WalOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<SuperblockFile> superblock,
                   OpenSuperblock(disk, options));
  WalScan scan(disk, superblock->newest());
  RETURN_IF_ERROR(scan.Run());

  ASSIGN_OR_RETURN(std::unique_ptr<WalSegment> segment,
                   StartSegment(disk, options, scan));
  WalRecovery result;
  result.recovered.incarnation = segment->header().incarnation;
  result.recovered.identity = superblock->newest().identity;
  result.recovered.groups = scan.TakeGroups();
  GroupTails tails;
  for (const RecoveredGroup& group : result.recovered.groups) {
    tails[group.group] = {.hard_state = group.hard_state,
                          .last_index = Index(group.entries.size())};
  }

  // From here on this is the life that counts.
  Superblock next = superblock->newest();
  next.incarnation = segment->header().incarnation;
  next.watermark = segment->next_lsn().Previous();
  next.stopped_clean = false;
  next.segments = LiveSegments(scan, segment->header());
  next.groups = SuperblockGroups(tails);
  RETURN_IF_ERROR(superblock->Write(std::move(next)));

  RETURN_IF_ERROR(RemoveLeftovers(disk, *superblock, scan));
  RETURN_IF_ERROR(TrimLeftSegment(disk, *superblock, scan));
  result.writer =
      std::make_unique<WalWriter>(disk, options, std::move(superblock),
                                  std::move(segment), std::move(tails));
  return result;
}

}  // namespace persist
