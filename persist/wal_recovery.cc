#include "persist/wal_recovery.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "persist/disk_claim.h"
#include "persist/segment_folding.h"
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

// The first segment whose frames move into the new one.
size_t FirstToMove(const WalScan& scan, uint64_t segment_bytes) {
  std::vector<uint64_t> used_bytes;
  size_t first_adopted = scan.segments().size();
  for (size_t i = 0; i < scan.segments().size(); ++i) {
    const WalScan::Segment& segment = scan.segments()[i];
    used_bytes.push_back(segment.end_offset - kSegmentHeaderBytes);
    if (segment.adopted) first_adopted = std::min(first_adopted, i);
  }
  return std::min(first_adopted, FirstToFold(used_bytes, segment_bytes));
}

// Puts what those segments hold, and what nothing proves durable, into a new
// segment and makes it durable.
absl::StatusOr<std::unique_ptr<WalSegment>> StartSegment(
    Disk& disk, const WalOptions& options, WalScan& scan, size_t first_moved) {
  ASSIGN_OR_RETURN(std::vector<Frame> frames,
                   scan.ReadProvedAgain(first_moved));
  SOMETIMES(!frames.empty(), "wal.segments_folded");
  std::vector<Frame> unproved = scan.TakeUnproved();
  SOMETIMES(!unproved.empty(), "wal.frames_rewritten");
  SegmentHeader header;
  header.id = scan.largest_id().Next();
  header.first_lsn = scan.watermark().Next() - frames.size();
  header.previous_chain = scan.ChainBefore(first_moved);
  header.incarnation = scan.largest_incarnation().Next();
  header.cluster = options.cluster;
  header.node = options.node;
  header.durable = scan.watermark() + unproved.size();
  for (Frame& frame : unproved) {
    frame.watermark = scan.watermark();
    frames.push_back(std::move(frame));
  }
  uint64_t bytes = 0;
  for (const Frame& frame : frames) bytes += PaddedBytes(FrameBytes(frame));
  ASSIGN_OR_RETURN(
      std::unique_ptr<WalSegment> segment,
      WalSegment::Create(disk, header, std::max(options.segment_bytes, bytes)));
  for (Frame& frame : frames) RETURN_IF_ERROR(segment->Append(frame));
  RETURN_IF_ERROR(segment->Finish());
  return segment;
}

// The segments before `first_moved` that hold frames.
std::vector<SuperblockSegment> SegmentsThatStay(const WalScan& scan,
                                                size_t first_moved) {
  std::vector<SuperblockSegment> stay;
  for (size_t i = 0; i < first_moved; ++i) {
    const WalScan::Segment& segment = scan.segments()[i];
    if (segment.end_offset > kSegmentHeaderBytes) stay.push_back(segment.facts);
  }
  return stay;
}

bool Names(const Superblock& superblock, SegmentId id) {
  return std::any_of(
      superblock.segments.begin(), superblock.segments.end(),
      [id](const SuperblockSegment& segment) { return segment.id == id; });
}

// While a slot names a segment, the log can be needed from there.
bool IsNamed(const SuperblockFile& superblock, SegmentId id) {
  return Names(superblock.newest(), id) ||
         (superblock.older().has_value() && Names(*superblock.older(), id));
}

absl::Status RemoveIfThere(Disk& disk, const std::string& path) {
  const absl::Status removed = disk.Remove(path);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

// Removes what is no part of the log: what a boot or a roll did not finish, and
// what boots left that did not live to be listed, but for the last of them.
// Comes before anything is made, so that boots which fail one after the other,
// always in the same place, do not fill the disk.
absl::Status RemoveStrays(Disk& disk, const SuperblockFile& superblock,
                          const WalScan& scan) {
  std::vector<std::string> doomed;
  bool any_finished = false;
  for (const WalScan::Stray& stray : scan.strays()) {
    if (stray.finished && IsNamed(superblock, stray.id)) continue;
    any_finished = any_finished || stray.finished;
    doomed.push_back(stray.path);
  }
  // The one that took its place must not be the first to go.
  if (any_finished) RETURN_IF_ERROR(disk.SyncDirectory(kWalDirectory));
  for (const std::string& path : doomed) RETURN_IF_ERROR(disk.Remove(path));
  return absl::OkStatus();
}

// Removes segments that no slot of the superblock names. Requires: there is a
// newer one, durable with its name, that holds what they hold.
absl::Status RemoveUnnamed(Disk& disk, const SuperblockFile& superblock,
                           const WalScan& scan) {
  for (const WalScan::Stray& stray : scan.strays()) {
    if (!stray.finished || IsNamed(superblock, stray.id)) continue;
    RETURN_IF_ERROR(RemoveIfThere(disk, stray.path));
  }
  for (const WalScan::Segment& segment : scan.segments()) {
    if (IsNamed(superblock, segment.facts.id)) continue;
    RETURN_IF_ERROR(RemoveIfThere(disk, SegmentPath(segment.facts.id)));
  }
  return absl::OkStatus();
}

// Gives back the room behind the last frame of every segment that was left: a
// process that restarts often must not fill the disk with empty room.
absl::Status TrimLeftSegments(Disk& disk, const SuperblockFile& superblock,
                              const WalScan& scan) {
  for (const WalScan::Segment& left : scan.segments()) {
    if (!IsNamed(superblock, left.facts.id) ||
        left.end_offset >= left.file_bytes) {
      continue;
    }
    ASSIGN_OR_RETURN(
        std::unique_ptr<File> file,
        disk.Open(SegmentPath(left.facts.id), OpenMode::kReadWrite));
    RETURN_IF_ERROR(file->Truncate(left.end_offset));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WalRecovery> RecoverWal(Disk& disk, const WalOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<SuperblockFile> superblock,
                   OpenSuperblock(disk, options));
  WalScan scan(disk, superblock->newest());
  RETURN_IF_ERROR(scan.Run());

  RETURN_IF_ERROR(RemoveStrays(disk, *superblock, scan));

  const size_t first_moved = FirstToMove(scan, options.segment_bytes);
  std::vector<SuperblockSegment> segments = SegmentsThatStay(scan, first_moved);
  // Asked before a file is made that could not be listed.
  RETURN_IF_ERROR(SuperblockFile::CheckRoom(segments.size() + 1, 0));
  ASSIGN_OR_RETURN(std::unique_ptr<WalSegment> segment,
                   StartSegment(disk, options, scan, first_moved));
  RETURN_IF_ERROR(RemoveUnnamed(disk, *superblock, scan));
  WalRecovery result;
  result.recovered.incarnation = segment->header().incarnation;
  result.recovered.identity = superblock->newest().identity;
  result.recovered.founding = superblock->newest().founding;
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
  segments.push_back({.id = segment->header().id,
                      .first_lsn = segment->header().first_lsn,
                      .salt = segment->header().salt});
  next.segments = std::move(segments);
  next.groups = SuperblockGroups(tails);
  RETURN_IF_ERROR(superblock->Write(std::move(next)));

  RETURN_IF_ERROR(RemoveUnnamed(disk, *superblock, scan));
  RETURN_IF_ERROR(TrimLeftSegments(disk, *superblock, scan));
  result.writer =
      std::make_unique<WalWriter>(disk, options, std::move(superblock),
                                  std::move(segment), std::move(tails));
  return result;
}

}  // namespace persist
