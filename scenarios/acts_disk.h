// Acts that break the disks of the nodes of a scenario.

#ifndef SCENARIOS_ACTS_DISK_H_
#define SCENARIOS_ACTS_DISK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/knob_table.h"
#include "scenarios/target.h"

namespace scenarios {

// The next sync of its disk fails; the process must end by itself.
struct FailSync {
  TargetChoice target;
};

// Its disk behaves in a way of its own, until that is undone.
struct TroubleDisk {
  TargetChoice target;
  // The trouble goes with the role: always the disk of whoever plays it, and
  // of nobody while nobody does. Requires: the target is one role that one node
  // plays (FollowableRole()).
  bool follows = false;
  bool full = false;                    // No room for anything more.
  bool stuck = false;                   // Does not answer at all.
  std::optional<absl::Duration> stall;  // Does not answer for so long.
  std::vector<KnobSetting> knobs;       // "disk.*".
};

// A bit of what its disk holds at rest flips, or a sector of it cannot be read
// any more; undone, it is sound again. Within the atlas (damage_ledger.h).
struct RotDisk {
  enum class Where : uint8_t {
    kCommitted,   // A frame whose entries are committed.
    kTail,        // The last frame for which anything vouches.
    kSuperblock,  // Its newest slot.
    kAny,         // One of these.
  };
  TargetChoice target;
  Where where = Where::kAny;
  bool unreadable = false;
};

// The machine goes down and comes back with an empty disk, under the same id.
// Within the atlas.
struct WipeDisk {
  TargetChoice target;
};

// The next calls with which it writes or syncs a file end its process in the
// middle, one in each life: twice in a row, what the first left behind is what
// the second adds to.
struct CrashAtFile {
  enum class Call : uint8_t { kWrite, kSync, kEither };
  TargetChoice target;
  std::string file;  // Part of its name: "superblock", ".wal".
  Call call = Call::kEither;
  uint32_t times = 1;
  // It loses its power, too; else the process alone dies.
  bool power = true;
};

// The machine goes down, and comes back with the last file of its log shorter
// than it was: somewhere in what was written, or in the room behind it. Within
// the atlas.
struct ShortenLog {
  TargetChoice target;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_DISK_H_
