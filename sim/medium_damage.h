// What is wrong with the medium under one simulated file, sector by sector.
//
// An overlay: the image of the file stays what was written, and what the medium
// makes of it is worked out when it is read. So re-reads agree, damage can be
// healed exactly, and whoever asks can tell what a sound medium would show. A
// sector is sound again once a write of it has reached the medium.
//
//   flipped     it reads, and reads wrong (bit rot, a stray write)
//   unreadable  it does not read (a latent sector error)
//   lost        a write that was acknowledged never came here; what stood here
//               before stands here still
//
// And the file as a whole may be cut short: it then ends earlier than it did.

#ifndef SIM_MEDIUM_DAMAGE_H_
#define SIM_MEDIUM_DAMAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "absl/container/btree_map.h"

#include "persist/disk.h"

namespace sim {

using SectorBytes = std::array<std::byte, persist::kSectorBytes>;

class MediumDamage {
 public:
  struct Sector {
    std::unique_ptr<SectorBytes> flips;  // Null: none.
    bool unreadable = false;
    bool lost = false;
  };
  using Map = absl::btree_map<uint64_t, Sector>;  // By sector number.

  static constexpr uint64_t kNotCut = std::numeric_limits<uint64_t>::max();

  bool empty() const { return sectors_.empty(); }
  const Map& sectors() const { return sectors_; }
  bool Has(uint64_t sector) const { return sectors_.contains(sector); }

  // `flips` are xored into what is read at `offset`: a second time heals.
  void Flip(uint64_t offset, std::span<const std::byte> flips);
  void MakeUnreadable(uint64_t sector) { sectors_[sector].unreadable = true; }
  void NoteLost(uint64_t sector) { sectors_[sector].lost = true; }
  // The sector is sound: healed, or written anew.
  void Mend(uint64_t sector) { sectors_.erase(sector); }

  // The file ends at `size`, whatever was written behind that.
  void Cut(uint64_t size) { cut_ = size; }
  void MendCut() { cut_ = kNotCut; }
  uint64_t cut() const { return cut_; }

  // Makes of the sound bytes at `offset` what the medium makes of them: flipped
  // where it flips, zeros where it cannot be read.
  void Apply(uint64_t offset, std::span<std::byte> bytes) const;
  // The same for the part of `bytes` that lies in `sector`.
  void ApplyTo(uint64_t sector, uint64_t offset,
               std::span<std::byte> bytes) const;

 private:
  Map sectors_;
  uint64_t cut_ = kNotCut;
};

}  // namespace sim

#endif  // SIM_MEDIUM_DAMAGE_H_
