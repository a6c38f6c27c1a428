// What a log holds, for people: read and judged as recovery would, changing
// nothing.
//
// The disk may be in use by another process, which writes meanwhile. Then the
// result is what the log was at some moment, or damage that is none; who
// inspects a disk in use tries again (prod/ctl_data.h).

#ifndef PERSIST_WAL_INSPECTION_H_
#define PERSIST_WAL_INSPECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "persist/disk.h"
#include "persist/persister.h"
#include "persist/record.h"
#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "runtime/ids.h"

namespace persist {

struct WalInspection {
  // The entries of one group that were written into one segment. Later ones may
  // have replaced them.
  struct Written {
    runtime::GroupId group;
    Index first{};
    Index last{};
    uint64_t records = 0;
  };
  struct Segment {
    std::string path;
    SegmentId id;
    Lsn first_lsn;
    runtime::Incarnation incarnation{};  // Of the life that made it.
    uint64_t frames = 0;                 // Whole ones, from the front.
    uint64_t used_bytes = 0;             // Header and those frames.
    uint64_t file_bytes = 0;
    std::vector<Written> written = {};  // By group.
  };

  Superblock superblock;
  std::vector<Segment> segments;  // In order; those behind damage too.
  // As the log says; if it is damaged, as it said before the damage.
  std::vector<RecoveredGroup> groups;
  // DATA_LOSS: the first place that recovery would refuse, by file and offset.
  absl::Status damage;
};

// Suspends. Takes no lock, opens everything for reading.
// Errors: NOT_FOUND  there is no log here.
//         DATA_LOSS  there is one, and its superblock cannot be read.
//         Others     those of the disk.
absl::StatusOr<WalInspection> InspectWal(Disk& disk);

}  // namespace persist

#endif  // PERSIST_WAL_INSPECTION_H_
