// What the medium below a simulated file does to it, and what that does to
// those who read and write.

#include <algorithm>

#include "runtime/check.h"
#include "sim/sim_file.h"

namespace sim {

using persist::kSectorBytes;

bool SimFile::ReadFails(uint64_t offset, uint64_t bytes) const {
  const uint64_t end = offset + bytes;
  return std::any_of(
      damage_.sectors().begin(), damage_.sectors().end(), [&](const auto& at) {
        return at.second.unreadable && at.first * kSectorBytes < end &&
               (at.first + 1) * kSectorBytes > offset &&
               !unsynced_.contains(at.first);
      });
}

bool SimFile::WriteFails(uint64_t offset, uint64_t bytes) const {
  if (damage_.empty() || bytes == 0) return false;
  const uint64_t end = offset + bytes;
  const uint64_t last = (end - 1) / kSectorBytes;
  return (offset % kSectorBytes != 0 &&
          ReadFails(offset / kSectorBytes * kSectorBytes, kSectorBytes)) ||
         (end % kSectorBytes != 0 &&
          ReadFails(last * kSectorBytes, kSectorBytes));
}

void SimFile::MakePhantom(uint64_t sector) {
  const auto found = unsynced_.find(sector);
  CHECK(found != unsynced_.end() && found->second.state == State::kDirty,
        "no dirty sector ", sector, " of file ", id_);
  found->second.state = State::kPhantom;
  ++durable_version_;
}

std::vector<uint64_t> SimFile::Phantoms() const {
  std::vector<uint64_t> sectors;
  for (const auto& [sector, undo] : unsynced_) {
    if (undo.state == State::kPhantom) sectors.push_back(sector);
  }
  return sectors;
}

void SimFile::WritePhantom(uint64_t sector, DurableSink sink) {
  const auto found = unsynced_.find(sector);
  CHECK(found != unsynced_.end() && found->second.state == State::kPhantom,
        "no phantom at sector ", sector, " of file ", id_);
  OnWritten(sector, found->second);
  unsynced_.erase(found);
  Report({Run{sector, sector + 1}}, sink);
}

void SimFile::Flip(uint64_t offset, std::span<const std::byte> flips) {
  CHECK(offset + flips.size() <= size_, "damage behind the end of file ", id_);
  damage_.Flip(offset, flips);
  ++durable_version_;
}

void SimFile::MakeUnreadable(uint64_t sector) {
  CHECK(sector * kSectorBytes < size_, "damage behind the end of file ", id_);
  damage_.MakeUnreadable(sector);
  ++durable_version_;
}

void SimFile::Mend(uint64_t sector) {
  damage_.Mend(sector);
  ++durable_version_;
}

void SimFile::CutShort(uint64_t size) {
  CHECK(size < size_, "file ", id_, " has ", size_, " bytes, not to be cut at ",
        size);
  damage_.Cut(size);
  ++durable_version_;
}

void SimFile::MendCut() {
  damage_.MendCut();
  ++durable_version_;
}

void SimFile::SettleCut() {
  const uint64_t cut = damage_.cut();
  if (cut == MediumDamage::kNotCut) return;
  damage_.MendCut();
  if (cut < size_) Resize(cut);
}

SectorBytes SimFile::Previous(uint64_t sector) const {
  const auto found = previous_.find(sector);
  if (found == previous_.end() || found->second == nullptr) return {};
  return *found->second;
}

}  // namespace sim
