// One file of a simulated disk: what the page cache shows, and what of it the
// medium has.
//
// There is one image, the page cache. What makes the medium different is kept
// as its undo: for every sector that was written and is not durable, the bytes
// that are. So a write costs the sectors it touches, a sync only forgets, and
// reading what is durable means reading the cache through the undo.
//
// A sector with an undo is in one of three states:
//   dirty    written and not synced: a sync makes it durable, and the kernel
//            may do so by itself at any time; a power failure keeps or loses
//            it.
//   lied     a sync that failed covered it: the cache takes it for clean, no
//            sync helps any more, a power failure always loses it. Writing it
//            again makes it dirty.
//   phantom  a sync that succeeded covered it, and the device never wrote it:
//            as lied, but nobody was told.
// The size has the same life, apart from the bytes. An unsynced truncation
// holds together: if a power failure undoes it, all that was behind the cut is
// back; if not, nothing of it is.
//
// What is wrong with the medium itself lies over all this and shows where the
// cache has nothing newer (sim/medium_damage.h). The image knows nothing of it:
// that is the sound view, of a device that kept its word.
//
// Knows no names, no faults of its own, no world: the dice come with the call.

#ifndef SIM_SIM_FILE_H_
#define SIM_SIM_FILE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"

#include "persist/disk.h"
#include "runtime/random.h"
#include "sim/medium_damage.h"
#include "sim/sparse_image.h"

namespace sim {

// What a power failure leaves of the unsynced part of a file, or of the
// unsynced names of a disk.
enum class CrashLayout : uint8_t {
  kNothing,     // All of it is lost.
  kEverything,  // All of it survives (but what was lied about).
  kPrefix,      // The front survives: of the file, or of the order of names.
  kSubset,      // Each sector, or each operation on names, for itself.
};
inline constexpr uint64_t kCrashLayouts = 4;

// What a power failure took from a file.
struct CrashTally {
  uint64_t sectors_lost = 0;   // Back to their old bytes, which differ.
  uint64_t sectors_torn = 0;   // Neither old nor new now.
  uint64_t phantoms_lost = 0;  // Of sectors_lost: they were acknowledged.
  bool size_lost = false;      // Not the size that the page cache had.
};

class SimFile {
 public:
  // Told of each range whose durable bytes have changed, with those bytes.
  using DurableSink = absl::FunctionRef<void(uint64_t offset,
                                             std::span<const std::byte> bytes)>;

  // `id` is never used twice on a disk.
  explicit SimFile(uint64_t id) : id_(id) {}
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  uint64_t id() const { return id_; }

  // ---- the page cache: what the guest sees
  uint64_t size() const { return std::min(size_, damage_.cut()); }
  size_t Read(uint64_t offset, std::span<std::byte> out) const;
  // Whether [offset, offset + bytes) needs a sector that the medium cannot
  // read; for a write, whether it changes a part of one.
  bool ReadFails(uint64_t offset, uint64_t bytes) const;
  bool WriteFails(uint64_t offset, uint64_t bytes) const;
  void Write(uint64_t offset, std::span<const std::byte> bytes);
  // Cuts, or adds zeros.
  void Resize(uint64_t size);

  // ---- towards the medium
  // Makes the dirty sectors and the size durable.
  void Sync(DurableSink sink);
  // A sync fails: what it covered is lied about from now on.
  void FailSync();
  // One dirty sector becomes durable by itself. False if none can.
  bool WriteBack(runtime::Random& dice, DurableSink sink);

  // The power fails. Afterwards what is durable is all there is.
  CrashTally PowerOff(CrashLayout layout, uint32_t torn_sector_ppm,
                      runtime::Random& dice, DurableSink sink);
  // Sectors that a sync would write, in order.
  std::vector<uint64_t> DirtySectors() const;
  // How much a sync would write at most.
  uint64_t unsynced_bytes() const {
    return unsynced_.size() * persist::kSectorBytes;
  }
  bool has_unsynced() const {
    return !unsynced_.empty() || size_dirty_ || size_ != durable_size_ ||
           low_size_ != durable_size_;
  }

  // ---- the shadow: what the medium has
  // What would certainly be left of the length.
  uint64_t durable_size() const { return std::min(low_size_, damage_.cut()); }
  // As Read(), of the durable bytes. Where an unsynced write lies above durable
  // bytes a power failure may leave either; this shows the durable ones.
  size_t ReadDurable(uint64_t offset, std::span<std::byte> out) const;
  // Hands out the durable bytes before `size` that may not be zero.
  void VisitDurable(DurableSink sink) const;
  // As ReadDurable(), of a device that has kept its word: without phantom
  // writes and damage. What the guest may rightly believe to be durable.
  size_t ReadSound(uint64_t offset, std::span<std::byte> out) const;
  // Grows whenever the durable bytes or their size change.
  uint64_t durable_version() const { return durable_version_; }

  // Under which name the medium has this file; empty if under none.
  const std::string& durable_path() const { return durable_path_; }
  void set_durable_path(std::string path) { durable_path_ = std::move(path); }

  // ---- a device that breaks its word
  // The next sync acknowledges this dirty sector and does not write it.
  void MakePhantom(uint64_t sector);
  std::vector<uint64_t> Phantoms() const;
  // It was written after all.
  void WritePhantom(uint64_t sector, DurableSink sink);

  // ---- damage at rest. Shows in the shadow, and to the guest where the cache
  // has nothing newer.
  const MediumDamage& damage() const { return damage_; }
  void Flip(uint64_t offset, std::span<const std::byte> flips);
  void MakeUnreadable(uint64_t sector);
  void Mend(uint64_t sector);
  // The file ends at `size`, which is less than it was. To write to it or to
  // resize it makes that final.
  void CutShort(uint64_t size);
  void MendCut();
  // Every byte from here on is zero.
  uint64_t written_end() const { return image_.end(); }

  // ---- what the medium held before the last write of a sector, for reads that
  // are stale. Kept from now on; costs a copy of each sector that is written
  // again.
  void KeepPrevious() { keeps_previous_ = true; }
  // Zeros if it was never written twice.
  SectorBytes Previous(uint64_t sector) const;

 private:
  enum class State : uint8_t { kDirty, kLied, kPhantom };

  // The durable bytes below an unsynced sector.
  struct Undo {
    std::unique_ptr<SectorBytes> bytes;  // Null: zeros.
    State state = State::kDirty;
  };
  using UndoMap = absl::btree_map<uint64_t, Undo>;  // By sector number.

  struct Run {
    uint64_t begin;
    uint64_t end;
  };
  using Runs = absl::InlinedVector<Run, 4>;
  static void AddSector(uint64_t sector, Runs& runs);

  // What a cut took is gone for good: the guest goes on with what is left.
  void SettleCut();
  // Before the sectors of [begin, end) change in the cache.
  void MarkDirty(uint64_t begin, uint64_t end);
  // What is durable of the length follows the cache's; a pending cut is final.
  void CommitSize(DurableSink sink);
  // The undo behind a cut at `cut` becomes zeros: what was there is gone.
  void DropBehindCut(uint64_t cut, DurableSink sink);
  void Report(const Runs& runs, DurableSink sink);
  // A write of the sector has reached the medium, over `undo`.
  void OnWritten(uint64_t sector, Undo& undo);
  // Lays the undo over `out`, which was read from the image.
  void ApplyUndo(uint64_t offset, std::span<std::byte> out,
                 bool phantoms_too) const;

  // Parts of PowerOff(). CrashSize() settles the durable size and returns the
  // sector from which on the old bytes are back whatever the dice say: those
  // behind a cut that did not happen.
  uint64_t CrashSize(CrashLayout layout, runtime::Random& dice,
                     DurableSink sink);
  uint64_t SizeAfterCrash(CrashLayout layout, runtime::Random& dice) const;
  // Puts the old bytes back. True if that made a difference.
  bool Revert(uint64_t sector, const Undo& undo);
  // The sector was being written: neither its old bytes nor its new ones.
  void Tear(uint64_t sector, const Undo& undo, runtime::Random& dice);

  const uint64_t id_;
  std::string durable_path_;

  // The page cache. Bytes from size_ on are zero.
  SparseImage image_;
  uint64_t size_ = 0;

  UndoMap unsynced_;
  MediumDamage damage_;
  bool keeps_previous_ = false;
  absl::btree_map<uint64_t, std::unique_ptr<SectorBytes>> previous_;

  uint64_t durable_size_ = 0;
  // The smallest size since durable_size_ was: less than that while a cut is
  // pending, never more.
  uint64_t low_size_ = 0;
  bool size_dirty_ = false;  // A sync would write the size.
  uint64_t durable_version_ = 0;
};

}  // namespace sim

#endif  // SIM_SIM_FILE_H_
