// Where things lie in the write-ahead log on a simulated disk: for those who
// damage it, and for those who ask what damage means.
//
// Read from the shadow, by the format alone (docs/wal_format.md): independent
// of persist's recovery, and of damage, for it reads what a sound device would
// have.

#ifndef SCENARIOS_WAL_MAP_H_
#define SCENARIOS_WAL_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "persist/record.h"
#include "persist/wal_format.h"
#include "scenarios/checks/durable_state.h"

namespace scenarios {

struct WalFrame {
  std::string path;
  uint64_t offset = 0;
  uint64_t bytes = 0;  // Without the pad.
  persist::Lsn lsn;
  // The last index of the group after this frame, if the frame names it.
  std::optional<persist::Index> last_index;
  // Something durable elsewhere in the log says that this frame was durable: a
  // frame behind it, the header of its segment or of the next one. If it is
  // damaged, that shows. Of the last frame nothing says so until it is sealed:
  // if it is lost before, no log can tell that from a torn write
  // (docs/wal_format.md, "Known downsides"). What only the superblock says does
  // not count here: it may be damaged too.
  bool vouched = false;
};

struct WalMap {
  std::vector<WalFrame> frames;  // In order of lsn.
  std::string live_path;         // The last segment; empty if there is none.
  // The newest slot of the superblock; 0 bytes if there is none.
  uint64_t slot_offset = 0;
  uint64_t slot_bytes = 0;
};

// Of the group `group`.
WalMap MapWal(const ShadowReader& shadow, runtime::GroupId group);

}  // namespace scenarios

#endif  // SCENARIOS_WAL_MAP_H_
