#include "sim/sim_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/check.h"

namespace sim {
namespace {

using persist::kSectorBytes;

constexpr std::array<std::byte, kSectorBytes> kZeroSector{};

constexpr uint64_t SectorOf(uint64_t offset) { return offset / kSectorBytes; }
constexpr uint64_t SectorsOf(uint64_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes;
}

}  // namespace

size_t SimFile::Read(uint64_t offset, std::span<std::byte> out) const {
  if (offset >= size()) return 0;
  const size_t count = std::min<uint64_t>(out.size(), size() - offset);
  out = out.first(count);
  image_.Read(offset, out);
  for (const auto& [sector, damage] : damage_.sectors()) {
    if (!unsynced_.contains(sector)) damage_.ApplyTo(sector, offset, out);
  }
  return count;
}

void SimFile::Write(uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  SettleCut();
  const uint64_t end = offset + bytes.size();
  MarkDirty(offset, end);
  image_.Write(offset, bytes);
  if (end > size_) {
    size_ = end;
    size_dirty_ = true;
  }
}

void SimFile::Resize(uint64_t size) {
  SettleCut();
  if (size == size_) return;
  if (size < size_) {
    MarkDirty(size, std::min(size_, image_.end()));
    image_.Zero(size, size_);
  }
  size_ = size;
  size_dirty_ = true;
  if (size < low_size_) {
    low_size_ = size;
    ++durable_version_;
  }
}

void SimFile::MarkDirty(uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  for (uint64_t sector = SectorOf(begin); sector < SectorsOf(end); ++sector) {
    const auto [at, is_new] = unsynced_.try_emplace(sector);
    at->second.state = State::kDirty;
    const uint64_t offset = sector * kSectorBytes;
    const bool damaged = !damage_.empty() && damage_.Has(sector);
    // Nothing was ever written from image_.end() on: zeros need no copy.
    if (!is_new || (offset >= image_.end() && !damaged)) continue;
    at->second.bytes = std::make_unique<SectorBytes>();
    image_.Read(offset, *at->second.bytes);
    if (!damaged) continue;
    // The cache now holds, and will write, what was read from the medium.
    SectorBytes read = *at->second.bytes;
    damage_.ApplyTo(sector, offset, read);
    image_.Write(offset, read);
  }
}

void SimFile::Sync(DurableSink sink) {
  Runs runs;
  bool any_stays = false;
  for (auto& [sector, undo] : unsynced_) {
    if (undo.state != State::kDirty) {
      any_stays = true;
    } else {
      AddSector(sector, runs);
      OnWritten(sector, undo);
    }
  }
  if (any_stays) {
    absl::erase_if(unsynced_, [](const auto& at) {
      return at.second.state == State::kDirty;
    });
  } else {
    unsynced_.clear();
  }
  // Bytes that became durable bring the size that is needed to read them, even
  // if an earlier failure made the size pass for clean.
  const bool grew = !runs.empty() && std::min(runs.back().end * kSectorBytes,
                                              size_) > durable_size_;
  if (size_dirty_ || grew) CommitSize(sink);
  Report(runs, sink);
}

void SimFile::FailSync() {
  for (auto& [sector, undo] : unsynced_) {
    if (undo.state == State::kDirty) undo.state = State::kLied;
  }
  size_dirty_ = false;
}

bool SimFile::WriteBack(runtime::Random& dice, DurableSink sink) {
  if (unsynced_.empty() || low_size_ < durable_size_) return false;
  const uint64_t position = dice.Below(unsynced_.size());
  const auto at = std::next(unsynced_.begin(), static_cast<int64_t>(position));
  if (at->second.state != State::kDirty) return false;
  const uint64_t sector = at->first;
  OnWritten(sector, at->second);
  unsynced_.erase(at);
  if (std::min((sector + 1) * kSectorBytes, size_) > durable_size_) {
    CommitSize(sink);
  }
  Report({Run{sector, sector + 1}}, sink);
  return true;
}

void SimFile::OnWritten(uint64_t sector, Undo& undo) {
  if (!damage_.empty()) damage_.Mend(sector);
  if (keeps_previous_) previous_[sector] = std::move(undo.bytes);
}

std::vector<uint64_t> SimFile::DirtySectors() const {
  std::vector<uint64_t> sectors;
  for (const auto& [sector, undo] : unsynced_) {
    if (undo.state == State::kDirty) sectors.push_back(sector);
  }
  return sectors;
}

void SimFile::CommitSize(DurableSink sink) {
  const uint64_t cut = low_size_;
  const bool was_cut = cut < durable_size_;
  durable_size_ = low_size_ = size_;
  size_dirty_ = false;
  ++durable_version_;
  if (was_cut) DropBehindCut(cut, sink);
}

void SimFile::DropBehindCut(uint64_t cut, DurableSink sink) {
  for (auto at = unsynced_.lower_bound(SectorOf(cut)); at != unsynced_.end();
       ++at) {
    Undo& undo = at->second;
    if (undo.bytes == nullptr) continue;
    const uint64_t begin = std::max(cut, at->first * kSectorBytes);
    const uint64_t within = begin % kSectorBytes;
    const std::span<const std::byte> zeros =
        std::span<const std::byte>(kZeroSector).subspan(within);
    std::memcpy(undo.bytes->data() + within, zeros.data(), zeros.size());
    if (begin < durable_size_) {
      sink(begin, zeros.first(
                      std::min<uint64_t>(zeros.size(), durable_size_ - begin)));
    }
  }
}

void SimFile::AddSector(uint64_t sector, Runs& runs) {
  if (!runs.empty() && runs.back().end == sector) {
    ++runs.back().end;
  } else {
    runs.push_back({sector, sector + 1});
  }
}

void SimFile::Report(const Runs& runs, DurableSink sink) {
  if (runs.empty()) return;
  ++durable_version_;
  for (const Run& run : runs) {
    uint64_t offset = run.begin * kSectorBytes;
    const uint64_t end = std::min(run.end * kSectorBytes, durable_size_);
    while (offset < end) {
      std::span<const std::byte> bytes = image_.PageAt(offset);
      bytes = bytes.first(std::min<uint64_t>(bytes.size(), end - offset));
      sink(offset, bytes);
      offset += bytes.size();
    }
  }
}

size_t SimFile::ReadDurable(uint64_t offset, std::span<std::byte> out) const {
  if (offset >= durable_size()) return 0;
  const size_t count = std::min<uint64_t>(out.size(), durable_size() - offset);
  out = out.first(count);
  image_.Read(offset, out);
  ApplyUndo(offset, out, true);
  damage_.Apply(offset, out);
  return count;
}

size_t SimFile::ReadSound(uint64_t offset, std::span<std::byte> out) const {
  if (offset >= low_size_) return 0;
  const size_t count = std::min<uint64_t>(out.size(), low_size_ - offset);
  out = out.first(count);
  image_.Read(offset, out);
  ApplyUndo(offset, out, false);
  return count;
}

void SimFile::ApplyUndo(uint64_t offset, std::span<std::byte> out,
                        bool phantoms_too) const {
  const uint64_t end = offset + out.size();
  for (auto at = unsynced_.lower_bound(SectorOf(offset));
       at != unsynced_.end() && at->first * kSectorBytes < end; ++at) {
    if (at->second.state == State::kPhantom && !phantoms_too) continue;
    const SectorBytes& bytes =
        at->second.bytes == nullptr ? kZeroSector : *at->second.bytes;
    const uint64_t start = at->first * kSectorBytes;
    const uint64_t from = std::max(start, offset);
    const uint64_t to = std::min(start + kSectorBytes, end);
    std::memcpy(out.data() + (from - offset), bytes.data() + (from - start),
                to - from);
  }
}

void SimFile::VisitDurable(DurableSink sink) const {
  // The undo of a sector behind image_.end() may hold bytes that were cut.
  uint64_t end = image_.end();
  if (!unsynced_.empty()) {
    end = std::max(end, (unsynced_.rbegin()->first + 1) * kSectorBytes);
  }
  end = std::min(end, durable_size());
  std::array<std::byte, SparseImage::kPageBytes> page;
  for (uint64_t offset = 0; offset < end; offset += page.size()) {
    const size_t count = ReadDurable(
        offset, std::span(page).first(std::min(page.size(), end - offset)));
    sink(offset, std::span<const std::byte>(page).first(count));
  }
}

bool SimFile::Revert(uint64_t sector, const Undo& undo) {
  const SectorBytes& old = undo.bytes == nullptr ? kZeroSector : *undo.bytes;
  SectorBytes now;
  image_.Read(sector * kSectorBytes, now);
  if (now == old) return false;
  image_.Write(sector * kSectorBytes, old);
  return true;
}

void SimFile::Tear(uint64_t sector, const Undo& undo, runtime::Random& dice) {
  const uint64_t offset = sector * kSectorBytes;
  SectorBytes torn = undo.bytes == nullptr ? kZeroSector : *undo.bytes;
  damage_.ApplyTo(sector, offset, torn);
  const uint64_t kind = dice.Below(3);
  if (kind < 2) {
    // The front is new and the rest old, or the other way round.
    SectorBytes written;
    image_.Read(offset, written);
    const size_t cut = 1 + dice.Below(kSectorBytes - 1);
    const size_t from = kind == 0 ? 0 : cut;
    const size_t to = kind == 0 ? cut : kSectorBytes;
    std::copy(written.begin() + static_cast<ptrdiff_t>(from),
              written.begin() + static_cast<ptrdiff_t>(to),
              torn.begin() + static_cast<ptrdiff_t>(from));
  } else {
    const uint64_t seed = dice.Next();
    for (uint64_t lane = 0; lane < torn.size() / sizeof(uint64_t); ++lane) {
      const uint64_t word = runtime::MixHash(seed, lane);
      std::memcpy(torn.data() + lane * sizeof(word), &word, sizeof(word));
    }
  }
  image_.Write(offset, torn);
}

CrashTally SimFile::PowerOff(CrashLayout layout, uint32_t torn_sector_ppm,
                             runtime::Random& dice, DurableSink sink) {
  CrashTally tally;
  if (!has_unsynced()) return tally;
  const uint64_t fixed_from = CrashSize(layout, dice, sink);
  tally.size_lost = durable_size_ != size_;

  uint64_t left = layout == CrashLayout::kEverything ? unsynced_.size() : 0;
  if (layout == CrashLayout::kPrefix) left = dice.Below(unsynced_.size() + 1);
  Runs changed;
  for (auto& [sector, undo] : unsynced_) {
    const bool free = undo.state == State::kDirty && sector < fixed_from;
    bool survives = left > 0;
    if (survives) --left;
    if (layout == CrashLayout::kSubset) survives = dice.Below(2) == 0;
    if (survives && free) {
      AddSector(sector, changed);
      OnWritten(sector, undo);
      continue;
    }
    if (free && torn_sector_ppm > 0 && dice.Chance(torn_sector_ppm)) {
      Tear(sector, undo, dice);
      AddSector(sector, changed);
      OnWritten(sector, undo);
      ++tally.sectors_torn;
      continue;
    }
    if (!Revert(sector, undo)) continue;
    ++tally.sectors_lost;
    if (undo.state != State::kPhantom) continue;
    damage_.NoteLost(sector);
    ++tally.phantoms_lost;
  }
  unsynced_.clear();
  size_ = durable_size_;
  image_.Zero(size_, image_.end());
  ++durable_version_;
  Report(changed, sink);
  // What stood behind a cut was not certain, and is again.
  if (fixed_from < SectorsOf(size_)) {
    Report({Run{fixed_from, SectorsOf(size_)}}, sink);
  }
  return tally;
}

uint64_t SimFile::CrashSize(CrashLayout layout, runtime::Random& dice,
                            DurableSink sink) {
  const uint64_t cut = low_size_;
  const bool was_cut = cut < durable_size_;
  bool kept = size_dirty_ && layout != CrashLayout::kNothing;
  if (kept && layout != CrashLayout::kEverything) kept = dice.Below(2) == 0;
  if (kept) durable_size_ = SizeAfterCrash(layout, dice);
  low_size_ = durable_size_;
  size_dirty_ = false;
  if (!was_cut) return ~uint64_t{0};
  if (!kept) return SectorOf(cut);
  DropBehindCut(cut, sink);
  return ~uint64_t{0};
}

uint64_t SimFile::SizeAfterCrash(CrashLayout layout,
                                 runtime::Random& dice) const {
  if (layout == CrashLayout::kEverything || size_ == low_size_) return size_;
  const uint64_t moment = dice.Below(3);
  if (moment == 0) return size_;
  if (moment == 1) return low_size_;
  // The length reached the medium while it grew.
  const uint64_t grown = dice.Below(size_ - low_size_ + 1);
  return std::min(size_, SectorsOf(low_size_ + grown) * kSectorBytes);
}

}  // namespace sim
