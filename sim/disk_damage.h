// How the medium of one simulated disk loses what it has acknowledged: rot,
// sectors that cannot be read, writes that go nowhere or elsewhere, reads that
// bring something else, files that end too early.
//
// A protocol survives such losses only on some replicas, so whoever hosts the
// guest may forbid them by a gate, which is asked each time before bytes are
// lost. What a phantom write loses it loses when the power fails, for until
// then the page cache has it; the gate is asked then, and if it forbids, the
// device has written after all.
//
// Where it strikes is drawn, from streams of its own; what a rotten sector
// reads follows from its content. Everything that struck is counted:
// disk.bit_rot, disk.latent_error, disk.phantom_write, disk.misdirected_write,
// disk.stale_read, disk.misdirected_read, disk.file_cut_short.

#ifndef SIM_DISK_DAMAGE_H_
#define SIM_DISK_DAMAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "runtime/random.h"
#include "sim/disk_dice.h"
#include "sim/event.h"
#include "sim/sim_volume.h"

namespace sim {

class World;

enum class DamageKind : uint8_t {
  kBitRot,
  kLatentError,
  kPhantomWrite,
  kMisdirectedWrite,  // Where the write lands.
  kStaleRead,
  kMisdirectedRead,
  kFileCutShort,
};

struct DamageSite {
  DamageKind kind;
  std::string path;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// May this be lost? Must not change the disk.
using DamageGate = std::function<bool(const DamageSite&)>;

// A sector that is not as it was acknowledged.
struct DamagedSector {
  std::string path;
  uint64_t offset = 0;
  // The file was cut short in it: all from there on is lost.
  bool to_the_end = false;
  bool flipped = false;
  bool unreadable = false;
  bool lost = false;
};

// A read that brought something else, and in which life of the host.
struct Misread {
  uint64_t boot = 0;
  DamageSite site;
};

class DiskDamage {
 public:
  // All must outlive this.
  DiskDamage(World& world, HostId host, const DiskDice& dice,
             SimVolume& volume);
  DiskDamage(const DiskDamage&) = delete;
  DiskDamage& operator=(const DiskDamage&) = delete;

  void SetGate(DamageGate gate) { gate_ = std::move(gate); }

  // ---- parts of the disk's calls; each does nothing while its knobs are 0
  void BeforeSync(SimFile& file);
  void AfterSync();
  void AfterRead(const SimFile& file, uint64_t offset,
                 std::span<std::byte> read);
  void BeforePowerOff();

  // ---- for drivers. They do not ask the gate.
  // One bit of these bytes, which one follows from them, reads wrong.
  // Errors: NOT_FOUND, OUT_OF_RANGE.
  absl::Status Rot(absl::string_view path, uint64_t offset, uint64_t bytes);
  // The sector at `offset` cannot be read until it is written anew.
  absl::Status MakeUnreadable(absl::string_view path, uint64_t offset);
  // The file ends at `size`. Errors: NOT_FOUND, OUT_OF_RANGE (it is shorter).
  absl::Status CutShort(absl::string_view path, uint64_t size);
  // The sectors of these bytes are sound again, if they were damaged at rest,
  // and the file is as long as it was.
  void Mend(absl::string_view path, uint64_t offset, uint64_t bytes);

  // ---- what is wrong
  // By path, then offset.
  std::vector<DamagedSector> Sectors() const;
  const std::vector<Misread>& misreads() const { return misreads_; }

 private:
  bool Allows(const DamageSite& site) const {
    return gate_ == nullptr || gate_(site);
  }
  void Count(const DamageSite& site);
  void RotBit(SimFile& file, uint64_t offset, uint64_t bytes);
  // A sector at rest that holds something. False if there is none.
  bool DrawSector(SimFile** file, uint64_t* sector);
  void LoseWrite(SimFile& file);
  void Misdirect(SimFile& file);
  // A sector inside of [offset, offset + bytes), as an offset.
  uint64_t DrawSectorWithin(uint64_t offset, uint64_t bytes);
  void Misdeliver(const DamageSite& site, const SectorBytes& instead,
                  uint64_t offset, std::span<std::byte> read);

  World& world_;
  const HostId host_;
  const DiskDice& dice_;
  SimVolume& volume_;
  DamageGate gate_;
  runtime::Random when_;
  runtime::Random where_;
  std::vector<Misread> misreads_;
};

}  // namespace sim

#endif  // SIM_DISK_DAMAGE_H_
