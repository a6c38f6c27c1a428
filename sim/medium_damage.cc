#include "sim/medium_damage.h"

#include <algorithm>

namespace sim {
namespace {

using persist::kSectorBytes;

void ApplySector(const MediumDamage::Sector& damage, uint64_t sector,
                 uint64_t offset, std::span<std::byte> bytes) {
  const uint64_t start = sector * kSectorBytes;
  const uint64_t from = std::max(start, offset);
  const uint64_t to = std::min(start + kSectorBytes, offset + bytes.size());
  for (uint64_t at = from; at < to; ++at) {
    std::byte& byte = bytes[at - offset];
    if (damage.flips != nullptr) byte ^= (*damage.flips)[at - start];
    if (damage.unreadable) byte = std::byte{0};
  }
}

bool IsSound(const MediumDamage::Sector& damage) {
  if (damage.unreadable || damage.lost) return false;
  return damage.flips == nullptr ||
         std::all_of(damage.flips->begin(), damage.flips->end(),
                     [](std::byte flip) { return flip == std::byte{0}; });
}

}  // namespace

void MediumDamage::Flip(uint64_t offset, std::span<const std::byte> flips) {
  for (size_t i = 0; i < flips.size(); ++i) {
    const uint64_t at = offset + i;
    Sector& damage = sectors_[at / kSectorBytes];
    if (damage.flips == nullptr) {
      damage.flips = std::make_unique<SectorBytes>();
    }
    (*damage.flips)[at % kSectorBytes] ^= flips[i];
  }
  absl::erase_if(sectors_, [](const auto& at) { return IsSound(at.second); });
}

void MediumDamage::Apply(uint64_t offset, std::span<std::byte> bytes) const {
  const uint64_t end = offset + bytes.size();
  for (auto at = sectors_.lower_bound(offset / kSectorBytes);
       at != sectors_.end() && at->first * kSectorBytes < end; ++at) {
    ApplySector(at->second, at->first, offset, bytes);
  }
}

void MediumDamage::ApplyTo(uint64_t sector, uint64_t offset,
                           std::span<std::byte> bytes) const {
  const auto found = sectors_.find(sector);
  if (found == sectors_.end()) return;
  ApplySector(found->second, sector, offset, bytes);
}

}  // namespace sim
