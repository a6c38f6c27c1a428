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
  if (offset >= size_) return 0;
  const size_t count = std::min<uint64_t>(out.size(), size_ - offset);
  image_.Read(offset, out.first(count));
  return count;
}

void SimFile::Write(uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const uint64_t end = offset + bytes.size();
  MarkDirty(offset, end);
  image_.Write(offset, bytes);
  if (end > size_) {
    size_ = end;
    size_dirty_ = true;
  }
}

void SimFile::Resize(uint64_t size) {
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
    at->second.lied = false;
    // Nothing was ever written from image_.end() on: zeros need no copy.
    const uint64_t offset = sector * kSectorBytes;
    if (!is_new || offset >= image_.end()) continue;
    at->second.bytes = std::make_unique<SectorBytes>();
    image_.Read(offset, *at->second.bytes);
  }
}

void SimFile::Sync(DurableSink sink) {
  Runs runs;
  bool any_lied = false;
  for (const auto& [sector, undo] : unsynced_) {
    if (undo.lied) {
      any_lied = true;
    } else {
      AddSector(sector, runs);
    }
  }
  if (any_lied) {
    absl::erase_if(unsynced_, [](const auto& at) { return !at.second.lied; });
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
  for (auto& [sector, undo] : unsynced_) undo.lied = true;
  size_dirty_ = false;
}

bool SimFile::WriteBack(runtime::Random& dice, DurableSink sink) {
  if (unsynced_.empty() || low_size_ < durable_size_) return false;
  const uint64_t position = dice.Below(unsynced_.size());
  const auto at = std::next(unsynced_.begin(), static_cast<int64_t>(position));
  if (at->second.lied) return false;
  const uint64_t sector = at->first;
  unsynced_.erase(at);
  if (std::min((sector + 1) * kSectorBytes, size_) > durable_size_) {
    CommitSize(sink);
  }
  Report({Run{sector, sector + 1}}, sink);
  return true;
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
  const uint64_t end = offset + count;
  for (auto at = unsynced_.lower_bound(SectorOf(offset));
       at != unsynced_.end() && at->first * kSectorBytes < end; ++at) {
    const SectorBytes& bytes =
        at->second.bytes == nullptr ? kZeroSector : *at->second.bytes;
    const uint64_t start = at->first * kSectorBytes;
    const uint64_t from = std::max(start, offset);
    const uint64_t to = std::min(start + kSectorBytes, end);
    std::memcpy(out.data() + (from - offset), bytes.data() + (from - start),
                to - from);
  }
  return count;
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

void SimFile::Garble(uint64_t sector, runtime::Random& dice) {
  SectorBytes garbage;
  const uint64_t seed = dice.Next();
  for (uint64_t lane = 0; lane < garbage.size() / sizeof(uint64_t); ++lane) {
    const uint64_t word = runtime::MixHash(seed, lane);
    std::memcpy(garbage.data() + lane * sizeof(word), &word, sizeof(word));
  }
  image_.Write(sector * kSectorBytes, garbage);
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
  for (const auto& [sector, undo] : unsynced_) {
    const bool free = !undo.lied && sector < fixed_from;
    bool survives = left > 0;
    if (survives) --left;
    if (layout == CrashLayout::kSubset) survives = dice.Below(2) == 0;
    if (survives && free) {
      AddSector(sector, changed);
      continue;
    }
    tally.sectors_lost += Revert(sector, undo) ? 1 : 0;
    if (free && torn_sector_ppm > 0 && dice.Chance(torn_sector_ppm)) {
      Garble(sector, dice);
      AddSector(sector, changed);
      ++tally.sectors_torn;
    }
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

void SimFile::Corrupt(uint64_t offset, std::span<const std::byte> flips) {
  CHECK(offset + flips.size() <= size_, "corruption behind the end of file ",
        id_);
  for (size_t i = 0; i < flips.size(); ++i) {
    const uint64_t at = offset + i;
    const auto undo = unsynced_.find(SectorOf(at));
    if (undo != unsynced_.end() && undo->second.bytes != nullptr) {
      (*undo->second.bytes)[at % kSectorBytes] ^= flips[i];
    }
    std::byte byte;
    image_.Read(at, {&byte, 1});
    byte ^= flips[i];
    image_.Write(at, {&byte, 1});
  }
  ++durable_version_;
}

}  // namespace sim
