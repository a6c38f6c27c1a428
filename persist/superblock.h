// The superblock: who this disk belongs to, which life it is in, which segments
// make up the log and how far it was durable when this was written.
//
// It lives in the file "superblock" in two slots that are written in turn, so
// that a torn write harms only the slot that nobody relies on yet; the newest
// slot that validates wins. If the newest one rots later, the older one still
// leads to the truth: what a roll or a boot adds to it can be found again from
// the segments themselves (persist/wal_recovery.h), and no file is removed that
// a valid slot still names.

#ifndef PERSIST_SUPERBLOCK_H_
#define PERSIST_SUPERBLOCK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "persist/disk.h"
#include "persist/record.h"
#include "persist/wal_format.h"
#include "runtime/identity.h"
#include "runtime/ids.h"

namespace persist {

inline constexpr absl::string_view kSuperblockPath = "superblock";
// Version 1 had neither identity nor flags, version 2 no fingerprint. They are
// read, and carried over to this one by the next write.
inline constexpr uint32_t kSuperblockVersion = 3;
inline constexpr size_t kSuperblockSlotBytes = 128 * 1024;
// What fits into a slot with room to spare.
inline constexpr size_t kSuperblockSegmentsMax = 2048;
inline constexpr size_t kSuperblockGroupsMax = 1024;

struct SuperblockSegment {
  SegmentId id;
  Lsn first_lsn;
  uint32_t salt = 0;

  friend bool operator==(const SuperblockSegment&,
                         const SuperblockSegment&) = default;
};

// A group when the superblock was written.
struct SuperblockGroup {
  runtime::GroupId group;
  // What precedes the log: the last index a snapshot covers, and its term.
  // Zero as long as the log begins at index 1.
  Index head_index;
  Term head_term;
  HardState hard_state;

  friend bool operator==(const SuperblockGroup&,
                         const SuperblockGroup&) = default;
};

struct Superblock {
  uint64_t sequence = 0;  // Of the writes of superblocks: decides the slot.
  runtime::ClusterId cluster;
  runtime::NodeId node;
  runtime::Incarnation incarnation;
  Lsn watermark;               // Every frame up to here was durable.
  runtime::Identity identity;  // Of this directory, as long as it exists.
  // The fingerprint of the entry that founded the cluster: what a cluster is
  // known by, however much of its log is gone. 0: not known yet.
  uint64_t founding = 0;
  // The life that wrote this has ended in good order, and wrote nothing after
  // it: there is no frame above the watermark.
  bool stopped_clean = false;
  // Ascending by id. A segment's frames end where the next one's begin.
  std::vector<SuperblockSegment> segments;
  std::vector<SuperblockGroup> groups;  // Ascending by group.

  friend bool operator==(const Superblock&, const Superblock&) = default;
};

// Requires: at most kSuperblockSegmentsMax segments and kSuperblockGroupsMax
// groups.
std::vector<std::byte> EncodeSuperblock(const Superblock& superblock);

// `slot` begins at the superblock and may go on behind it. Bounded.
// Errors: DATA_LOSS.
absl::StatusOr<Superblock> DecodeSuperblock(std::span<const std::byte> slot);

// The file with the two slots. Every call suspends. Any failed write or sync is
// final: the caller ends the process.
class SuperblockFile {
 public:
  // Errors: NOT_FOUND  there is none: a fresh disk.
  //         DATA_LOSS  no slot validates.
  static absl::StatusOr<std::unique_ptr<SuperblockFile>> Open(Disk& disk);

  // The newest one, opened for reading only. Errors: as Open().
  static absl::StatusOr<Superblock> Read(Disk& disk);

  // Makes the file, durable with its name, holding `first`.
  static absl::StatusOr<std::unique_ptr<SuperblockFile>> Create(
      Disk& disk, Superblock first);

  // Writes the next superblock over the older slot and syncs. Sets `sequence`.
  // Errors: RESOURCE_EXHAUSTED (too many segments or groups), those of File.
  absl::Status Write(Superblock next);

  // Whether a superblock has room for so many. Errors: RESOURCE_EXHAUSTED.
  static absl::Status CheckRoom(size_t segments, size_t groups);

  const Superblock& newest() const { return newest_; }
  // What the other slot holds, if it validates.
  const std::optional<Superblock>& older() const { return older_; }

 private:
  static absl::StatusOr<std::unique_ptr<SuperblockFile>> OpenAs(Disk& disk,
                                                                OpenMode mode);
  SuperblockFile(std::unique_ptr<File> file, Superblock newest,
                 std::optional<Superblock> older);

  std::unique_ptr<File> file_;
  Superblock newest_;
  std::optional<Superblock> older_;
};

}  // namespace persist

#endif  // PERSIST_SUPERBLOCK_H_
