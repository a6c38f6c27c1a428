// The disk of a simulated host: what survives its processes, what a power
// failure takes from it, and how it misbehaves meanwhile.
//
// A disk lives as long as its host. Each boot attaches to it and gets a
// persist::Disk of its own, which is dead when the process is: every call on it
// fails and changes nothing. The page cache survives the process; a power
// failure takes what was not synced, by a crash layout that the dice choose for
// each file and for the names (sim/sim_file.h, sim/sim_names.h).
//
// A call on a fiber takes time (the knobs say how much) and has its effect at
// the beginning or at the end of it. Calls may overlap. Disk I/O cannot be
// cancelled: on a cancelled fiber a call takes no time, and neither does one
// outside of fibers (a driver that looks into a disk).
//
// Counted, when they struck: disk.read_failed, disk.write_failed,
// disk.sync_failed, disk.crash_in_call, disk.crash_at, disk.stall, disk.full,
// disk.writeback, disk.power_off_with_unsynced, disk.sector_lost,
// disk.sector_torn, disk.size_lost, disk.name_lost, disk.corrupted,
// disk.throttled, disk.stuck, disk.replaced, and the damage to what was
// acknowledged: sim/disk_damage.h.
//
// Twin:      prod/posix_disk.h
// Both pass: tests/conformance/disk_test.cc

#ifndef SIM_SIM_DISK_H_
#define SIM_SIM_DISK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "persist/disk.h"
#include "runtime/executor.h"
#include "sim/disk_damage.h"
#include "sim/disk_dice.h"
#include "sim/disk_knobs.h"
#include "sim/event.h"
#include "sim/life.h"
#include "sim/sim_volume.h"

namespace sim {

class World;

class SimDisk {
 public:
  // `world` must outlive this.
  SimDisk(World& world, HostId host);
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // The disk as one life of a process sees it, for fibers of `executor`, which
  // must outlive their use of it. Shared: see Life.
  std::unique_ptr<persist::Disk> Attach(std::shared_ptr<Life> life,
                                        runtime::Executor& executor);

  // The power fails. Requires: no life that is attached is alive.
  void PowerOff();

  // ---- for drivers and nemeses
  // This disk's own behaviour from now on; nullopt: again the world's.
  void SetKnobs(std::optional<DiskKnobs> knobs) { dice_.SetKnobs(knobs); }
  // The next power failures leave exactly this; nullopt: the dice choose.
  void SetCrashLayout(std::optional<CrashLayout> layout) { layout_ = layout; }
  // The device does not answer for so long.
  void StallFor(absl::Duration span) { dice_.StallFor(span); }
  // The device does not answer until it is released.
  void SetStuck(bool stuck) { dice_.SetStuck(stuck); }
  // No room for anything more.
  void SetFull(bool full) { dice_.SetFull(full); }
  // The next call that `fault` can strike is struck.
  void Order(DiskFault fault) { dice_.Order(fault); }
  // The next calls that the orders mean end their process, one after the other,
  // in whichever life.
  void OrderCrash(CrashOrder order) { dice_.OrderCrash(std::move(order)); }
  void CancelCrashes() { dice_.CancelCrashes(); }
  // Which acknowledged bytes may be lost, and what has happened to them.
  DiskDamage& damage() { return damage_; }
  const DiskDamage& damage() const { return damage_; }
  // Damages bytes at rest, by xor: a second time heals. Shows in the shadow.
  // Errors: NOT_FOUND, OUT_OF_RANGE.
  absl::Status Corrupt(absl::string_view path, uint64_t offset,
                       std::span<const std::byte> flips);
  // A new, empty disk. The observers stay. Requires: as PowerOff().
  void Replace();

  // ---- the shadow: what would certainly survive a power failure now. For
  // checkers; no guest can see it.
  std::optional<ShadowFile> Shadow(absl::string_view path) const {
    return volume_.Shadow(path);
  }
  // The paths of all files that would certainly be there, sorted.
  std::vector<std::string> ShadowPaths() const { return volume_.ShadowPaths(); }
  // Nothing of the shadow has changed while this has not.
  uint64_t shadow_version() const { return volume_.shadow_version(); }
  // Called at once, in the middle of the event; must not use the disk. Null:
  // nobody listens.
  void SetDurableObserver(DurableObserver observer) {
    volume_.SetDurableObserver(std::move(observer));
  }
  void SetNameObserver(NameObserver observer) {
    volume_.SetNameObserver(std::move(observer));
  }

 private:
  class Attachment;
  class AttachedDisk;
  class AttachedFile;

  // The effects of calls, each at one moment.
  absl::StatusOr<size_t> Read(const SimFile& file, uint64_t offset,
                              std::span<std::byte> buffer);
  absl::Status Write(SimFile& file, uint64_t offset, SimVolume::Pieces pieces);
  absl::Status Resize(SimFile& file, absl::string_view call, uint64_t size);
  absl::Status Sync(SimFile& file);
  absl::Status SyncDirectory(absl::string_view path);
  absl::Status Lock(const std::shared_ptr<Life>& life);
  // Passes a result on; counts it if the disk was full.
  absl::Status NoteFull(absl::Status status);
  // The kernel writes something back by and by, as long as there is something.
  void PlanWriteback();

  World& world_;
  const HostId host_;
  DiskDice dice_;
  std::optional<CrashLayout> layout_;
  SimVolume volume_;
  DiskDamage damage_;
  bool writeback_planned_ = false;
  std::shared_ptr<Life> lock_holder_;  // Shared: see Life. May be dead.
};

}  // namespace sim

#endif  // SIM_SIM_DISK_H_
