#include "sim/disk_damage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "runtime/status_macros.h"
#include "sim/world.h"

namespace sim {
namespace {

using persist::kSectorBytes;

constexpr absl::string_view kNames[] = {
    "disk.bit_rot",           "disk.latent_error", "disk.phantom_write",
    "disk.misdirected_write", "disk.stale_read",   "disk.misdirected_read",
    "disk.file_cut_short"};

// The dirty sectors next to one another around the drawn one: one write of the
// device.
std::vector<uint64_t> DrawWrite(const SimFile& file, runtime::Random& dice) {
  const std::vector<uint64_t> dirty = file.DirtySectors();
  if (dirty.empty()) return {};
  const size_t drawn = dice.Below(dirty.size());
  size_t begin = drawn;
  size_t end = drawn + 1;
  while (begin > 0 && dirty[begin - 1] + 1 == dirty[begin]) --begin;
  while (end < dirty.size() && dirty[end - 1] + 1 == dirty[end]) ++end;
  return {dirty.begin() + static_cast<ptrdiff_t>(begin),
          dirty.begin() + static_cast<ptrdiff_t>(end)};
}

bool HoldsSomething(const SimFile& file, uint64_t sector) {
  SectorBytes bytes{};
  file.ReadSound(sector * kSectorBytes, bytes);
  return std::any_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte != std::byte{0}; });
}

uint64_t SectorsAtRest(const SimFile& file) {
  const uint64_t end = std::min(file.written_end(), file.durable_size());
  return end / kSectorBytes;
}

}  // namespace

DiskDamage::DiskDamage(World& world, HostId host, const DiskDice& dice,
                       SimVolume& volume)
    : world_(world),
      host_(host),
      dice_(dice),
      volume_(volume),
      when_(world.Stream("disk.damage.when", host)),
      where_(world.Stream("disk.damage.where", host)) {}

void DiskDamage::Count(const DamageSite& site) {
  const absl::string_view name = kNames[static_cast<size_t>(site.kind)];
  world_.CountFault(name);
  world_.Record(
      host_, name,
      {{"path", site.path}, {"offset", site.offset}, {"bytes", site.bytes}});
}

// -------------------------------------------------------------------- writes

void DiskDamage::BeforeSync(SimFile& file) {
  const DiskKnobs& knobs = dice_.knobs();
  if (knobs.phantom_write_ppm > 0 && when_.Chance(knobs.phantom_write_ppm)) {
    LoseWrite(file);
  }
  if (knobs.misdirected_write_ppm > 0 &&
      when_.Chance(knobs.misdirected_write_ppm)) {
    Misdirect(file);
  }
}

void DiskDamage::LoseWrite(SimFile& file) {
  for (const uint64_t sector : DrawWrite(file, where_)) {
    file.MakePhantom(sector);
  }
}

void DiskDamage::Misdirect(SimFile& file) {
  const std::vector<uint64_t> write = DrawWrite(file, where_);
  const std::vector<SimVolume::FilePtr> files = volume_.DurableFiles();
  if (write.empty() || files.empty()) return;
  const bool elsewhere = where_.Below(2) == 0;
  const size_t drawn = where_.Below(files.size());
  SimFile& target = elsewhere ? *files[drawn] : file;
  const uint64_t sectors = SectorsAtRest(target);
  if (sectors < write.size() || target.durable_path().empty()) return;
  const uint64_t first = where_.Below(sectors - write.size() + 1);
  const std::vector<uint64_t> dirty = target.DirtySectors();
  const auto clash = std::lower_bound(dirty.begin(), dirty.end(), first);
  if (clash != dirty.end() && *clash < first + write.size()) return;

  const DamageSite site{.kind = DamageKind::kMisdirectedWrite,
                        .path = target.durable_path(),
                        .offset = first * kSectorBytes,
                        .bytes = write.size() * kSectorBytes};
  if (!Allows(site)) return;
  for (size_t i = 0; i < write.size(); ++i) {
    SectorBytes landing{};
    file.Read(write[i] * kSectorBytes, landing);
    target.Mend(first + i);
    SectorBytes flips{};
    target.ReadDurable((first + i) * kSectorBytes, flips);
    for (size_t at = 0; at < flips.size(); ++at) flips[at] ^= landing[at];
    target.Flip((first + i) * kSectorBytes, flips);
    file.MakePhantom(write[i]);
  }
  volume_.NoteDamage();
  Count(site);
}

void DiskDamage::BeforePowerOff() {
  for (const SimVolume::FilePtr& file : volume_.DurableFiles()) {
    for (const uint64_t sector : file->Phantoms()) {
      const DamageSite site{.kind = DamageKind::kPhantomWrite,
                            .path = file->durable_path(),
                            .offset = sector * kSectorBytes,
                            .bytes = kSectorBytes};
      if (!Allows(site)) volume_.WritePhantom(*file, sector);
    }
  }
}

// ------------------------------------------------------------------- at rest

void DiskDamage::AfterSync() {
  const DiskKnobs& knobs = dice_.knobs();
  SimFile* file = nullptr;
  uint64_t sector = 0;
  if (knobs.bit_rot_ppm > 0 && when_.Chance(knobs.bit_rot_ppm) &&
      DrawSector(&file, &sector)) {
    const DamageSite site{.kind = DamageKind::kBitRot,
                          .path = file->durable_path(),
                          .offset = sector * kSectorBytes,
                          .bytes = kSectorBytes};
    if (Allows(site)) RotBit(*file, site.offset, site.bytes);
  }
  if (knobs.latent_error_ppm > 0 && when_.Chance(knobs.latent_error_ppm) &&
      DrawSector(&file, &sector)) {
    const DamageSite site{.kind = DamageKind::kLatentError,
                          .path = file->durable_path(),
                          .offset = sector * kSectorBytes,
                          .bytes = kSectorBytes};
    if (!Allows(site)) return;
    file->MakeUnreadable(sector);
    volume_.NoteDamage();
    Count(site);
  }
}

bool DiskDamage::DrawSector(SimFile** file, uint64_t* sector) {
  const std::vector<SimVolume::FilePtr> files = volume_.DurableFiles();
  if (files.empty()) return false;
  SimFile& drawn = *files[where_.Below(files.size())];
  const uint64_t sectors = SectorsAtRest(drawn);
  if (sectors == 0) return false;
  const uint64_t first = where_.Below(sectors);
  for (uint64_t i = 0; i < sectors; ++i) {
    const uint64_t candidate = (first + i) % sectors;
    if (!HoldsSomething(drawn, candidate)) continue;
    *file = &drawn;
    *sector = candidate;
    return true;
  }
  return false;
}

void DiskDamage::RotBit(SimFile& file, uint64_t offset, uint64_t bytes) {
  std::vector<std::byte> content(bytes);
  file.ReadSound(offset, content);
  uint64_t hash = offset;
  for (const std::byte byte : content) {
    hash = runtime::MixHash(hash, std::to_integer<uint64_t>(byte));
  }
  const std::byte flip{static_cast<unsigned char>(1u << (hash >> 32) % 8)};
  file.Flip(offset + hash % bytes, {&flip, 1});
  volume_.NoteDamage();
  Count({.kind = DamageKind::kBitRot,
         .path = file.durable_path(),
         .offset = offset + hash % bytes,
         .bytes = 1});
}

absl::Status DiskDamage::Rot(absl::string_view path, uint64_t offset,
                             uint64_t bytes) {
  ASSIGN_OR_RETURN(const SimVolume::FilePtr file,
                   volume_.Find(path, offset, bytes));
  if (bytes == 0) return absl::OutOfRangeError("nothing to rot");
  RotBit(*file, offset, bytes);
  return absl::OkStatus();
}

absl::Status DiskDamage::MakeUnreadable(absl::string_view path,
                                        uint64_t offset) {
  ASSIGN_OR_RETURN(const SimVolume::FilePtr file,
                   volume_.Find(path, offset, 1));
  file->MakeUnreadable(offset / kSectorBytes);
  volume_.NoteDamage();
  Count({.kind = DamageKind::kLatentError,
         .path = std::string(path),
         .offset = offset / kSectorBytes * kSectorBytes,
         .bytes = kSectorBytes});
  return absl::OkStatus();
}

absl::Status DiskDamage::CutShort(absl::string_view path, uint64_t size) {
  ASSIGN_OR_RETURN(const SimVolume::FilePtr file, volume_.Find(path, size, 1));
  const uint64_t before = file->size();
  file->CutShort(size);
  volume_.NoteDamage();
  Count({.kind = DamageKind::kFileCutShort,
         .path = std::string(path),
         .offset = size,
         .bytes = before - size});
  return absl::OkStatus();
}

void DiskDamage::Mend(absl::string_view path, uint64_t offset, uint64_t bytes) {
  const absl::StatusOr<SimVolume::FilePtr> file = volume_.Find(path, offset, 0);
  if (!file.ok()) return;  // Cut or removed: nothing is left to mend.
  const uint64_t end = (offset + bytes + kSectorBytes - 1) / kSectorBytes;
  for (uint64_t sector = offset / kSectorBytes; sector < end; ++sector) {
    (*file)->Mend(sector);
  }
  (*file)->MendCut();
  volume_.NoteDamage();
}

// --------------------------------------------------------------------- reads

uint64_t DiskDamage::DrawSectorWithin(uint64_t offset, uint64_t bytes) {
  const uint64_t first = (offset + kSectorBytes - 1) / kSectorBytes;
  const uint64_t sectors = (offset + bytes) / kSectorBytes - first;
  return (first + where_.Below(sectors)) * kSectorBytes;
}

void DiskDamage::AfterRead(const SimFile& file, uint64_t offset,
                           std::span<std::byte> read) {
  const DiskKnobs& knobs = dice_.knobs();
  // What is beyond the last byte that was ever written is zero before and
  // after: nothing to be wrong about.
  const uint64_t end = std::min(file.written_end(), offset + read.size());
  const uint64_t first = (offset + kSectorBytes - 1) / kSectorBytes;
  if (end / kSectorBytes <= first) return;  // No whole sector.
  if (knobs.stale_read_ppm > 0 && when_.Chance(knobs.stale_read_ppm)) {
    const uint64_t at = DrawSectorWithin(offset, end - offset);
    Misdeliver({DamageKind::kStaleRead, file.durable_path(), at, kSectorBytes},
               file.Previous(at / kSectorBytes), offset, read);
  }
  if (knobs.misdirected_read_ppm > 0 &&
      when_.Chance(knobs.misdirected_read_ppm)) {
    const uint64_t at = DrawSectorWithin(offset, end - offset);
    const uint64_t other = DrawSectorWithin(offset, end - offset);
    SectorBytes instead{};
    file.Read(other, instead);
    Misdeliver(
        {DamageKind::kMisdirectedRead, file.durable_path(), at, kSectorBytes},
        instead, offset, read);
  }
}

void DiskDamage::Misdeliver(const DamageSite& site, const SectorBytes& instead,
                            uint64_t offset, std::span<std::byte> read) {
  const auto sector = read.subspan(site.offset - offset, kSectorBytes);
  if (std::equal(sector.begin(), sector.end(), instead.begin())) return;
  if (site.path.empty() || !Allows(site)) return;
  std::copy(instead.begin(), instead.end(), sector.begin());
  misreads_.push_back({.boot = world_.boots(host_), .site = site});
  Count(site);
}

// ------------------------------------------------------------- what is wrong

std::vector<DamagedSector> DiskDamage::Sectors() const {
  std::vector<DamagedSector> damaged;
  for (const SimVolume::FilePtr& file : volume_.DurableFiles()) {
    for (const auto& [sector, damage] : file->damage().sectors()) {
      damaged.push_back({.path = file->durable_path(),
                         .offset = sector * kSectorBytes,
                         .flipped = damage.flips != nullptr,
                         .unreadable = damage.unreadable,
                         .lost = damage.lost});
    }
    const uint64_t cut = file->damage().cut();
    if (cut != MediumDamage::kNotCut) {
      damaged.push_back({.path = file->durable_path(),
                         .offset = cut / kSectorBytes * kSectorBytes,
                         .to_the_end = true,
                         .lost = true});
    }
  }
  return damaged;
}

}  // namespace sim
