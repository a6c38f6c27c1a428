#include "sim/sim_volume.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "persist/disk_path.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace sim {
namespace {

using Kind = SimNames::Kind;

absl::Status NotFound(absl::string_view path) {
  return absl::NotFoundError(absl::StrCat(path, ": not there"));
}

absl::Status Full(uint64_t wanted) {
  return absl::ResourceExhaustedError(
      absl::StrCat("disk full: no room for ", wanted, " bytes more"));
}

}  // namespace

// ---- files

uint64_t SimVolume::FreeBytes(uint64_t capacity_bytes) const {
  const uint64_t used = names_.TotalBytes();
  return capacity_bytes > used ? capacity_bytes - used : 0;
}

void SimVolume::WriteFront(SimFile& file, uint64_t offset, Pieces pieces,
                           uint64_t length) {
  for (const std::span<const std::byte> piece : pieces) {
    const size_t count = std::min<uint64_t>(piece.size(), length);
    file.Write(offset, piece.first(count));
    offset += count;
    length -= count;
  }
}

absl::Status SimVolume::Write(SimFile& file, uint64_t offset, Pieces pieces,
                              uint64_t capacity_bytes) {
  uint64_t length = 0;
  for (const std::span<const std::byte> piece : pieces) length += piece.size();
  if (length == 0) return absl::OkStatus();
  CHECK(offset <= kFileBytesMax && length <= kFileBytesMax - offset,
        "a write of ", length, " bytes at ", offset);
  const uint64_t end = offset + length;
  if (end > file.size()) {
    const uint64_t end_max = file.size() + FreeBytes(capacity_bytes);
    if (end > end_max) {
      const uint64_t fits = end_max > offset ? end_max - offset : 0;
      WriteFront(file, offset, pieces, fits);
      return Full(end - end_max);
    }
  }
  WriteFront(file, offset, pieces, length);
  return absl::OkStatus();
}

absl::Status SimVolume::Resize(SimFile& file, uint64_t size,
                               uint64_t capacity_bytes) {
  CHECK_LE(size, kFileBytesMax);
  if (size > file.size() && size - file.size() > FreeBytes(capacity_bytes)) {
    return Full(size - file.size() - FreeBytes(capacity_bytes));
  }
  file.Resize(size);
  return absl::OkStatus();
}

void SimVolume::Sync(SimFile& file) {
  file.Sync([&](uint64_t offset, std::span<const std::byte> bytes) {
    OnBytes(file, offset, bytes);
  });
  ++shadow_version_;
}

bool SimVolume::WriteBack(SimFile& file, runtime::Random& dice) {
  const bool done = file.WriteBack(
      dice, [&](uint64_t offset, std::span<const std::byte> bytes) {
        OnBytes(file, offset, bytes);
      });
  if (done) ++shadow_version_;
  return done;
}

// ---- names

absl::Status SimVolume::CheckParent(absl::string_view path) const {
  const absl::string_view parent = persist::ParentOf(path);
  return names_.KindOf(parent) == Kind::kDirectory ? absl::OkStatus()
                                                   : NotFound(parent);
}

absl::Status SimVolume::CheckFile(absl::string_view path) const {
  RETURN_IF_ERROR(persist::CheckPath(path));
  switch (names_.KindOf(path)) {
    case Kind::kNothing:
      return NotFound(path);
    case Kind::kDirectory:
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": is a directory"));
    case Kind::kFile:
      break;
  }
  return absl::OkStatus();
}

absl::Status SimVolume::CheckDirectory(absl::string_view path) const {
  RETURN_IF_ERROR(persist::CheckDirectoryPath(path));
  return names_.KindOf(path) == Kind::kDirectory ? absl::OkStatus()
                                                 : NotFound(path);
}

absl::StatusOr<SimVolume::FilePtr> SimVolume::Open(absl::string_view path,
                                                   persist::OpenMode mode) {
  if (mode != persist::OpenMode::kCreateExclusive) {
    RETURN_IF_ERROR(CheckFile(path));
    return names_.File(path);
  }
  RETURN_IF_ERROR(persist::CheckPath(path));
  RETURN_IF_ERROR(CheckParent(path));
  if (names_.KindOf(path) != Kind::kNothing) {
    return absl::AlreadyExistsError(absl::StrCat(path, ": is there already"));
  }
  FilePtr file = std::make_shared<SimFile>(++files_made_);
  names_.AddFile(path, file);
  return file;
}

absl::StatusOr<std::vector<std::string>> SimVolume::List(
    absl::string_view path) const {
  RETURN_IF_ERROR(CheckDirectory(path));
  return names_.List(path);
}

absl::Status SimVolume::CreateDirectory(absl::string_view path) {
  RETURN_IF_ERROR(persist::CheckPath(path));
  RETURN_IF_ERROR(CheckParent(path));
  switch (names_.KindOf(path)) {
    case Kind::kFile:
      return absl::AlreadyExistsError(absl::StrCat(path, ": is a file"));
    case Kind::kDirectory:
      break;
    case Kind::kNothing:
      names_.AddDirectory(path);
  }
  return absl::OkStatus();
}

absl::Status SimVolume::Rename(absl::string_view from, absl::string_view to) {
  RETURN_IF_ERROR(CheckFile(from));
  RETURN_IF_ERROR(persist::CheckPath(to));
  RETURN_IF_ERROR(CheckParent(to));
  if (names_.KindOf(to) == Kind::kDirectory) {
    return absl::FailedPreconditionError(absl::StrCat(to, ": is a directory"));
  }
  names_.Rename(from, to);
  return absl::OkStatus();
}

absl::Status SimVolume::Remove(absl::string_view path) {
  RETURN_IF_ERROR(CheckFile(path));
  names_.Remove(path);
  return absl::OkStatus();
}

absl::Status SimVolume::SyncDirectory(absl::string_view path) {
  RETURN_IF_ERROR(CheckDirectory(path));
  names_.Sync(path, [this](const std::string& name, SimFile* file) {
    OnName(name, file);
  });
  ++shadow_version_;
  return absl::OkStatus();
}

absl::Status SimVolume::FailSyncDirectory(absl::string_view path) {
  RETURN_IF_ERROR(CheckDirectory(path));
  names_.FailSync(path);
  return absl::OkStatus();
}

// ---- the world

PowerOffTally SimVolume::PowerOff(std::optional<CrashLayout> layout,
                                  uint32_t torn_sector_ppm,
                                  runtime::Random& dice) {
  PowerOffTally tally;
  const auto draw_layout = [&] {
    return layout.has_value()
               ? *layout
               : static_cast<CrashLayout>(dice.Below(kCrashLayouts));
  };
  if (names_.has_unsynced()) {
    tally.had_unsynced = true;
    const CrashLayout drawn = draw_layout();
    tally.names_lost = names_.PowerOff(
        drawn, dice,
        [this](const std::string& name, SimFile* file) { OnName(name, file); });
  }
  for (const FilePtr& file : names_.Files()) {
    if (!file->has_unsynced()) continue;
    tally.had_unsynced = true;
    const CrashLayout drawn = draw_layout();
    const CrashTally lost =
        file->PowerOff(drawn, torn_sector_ppm, dice,
                       [&](uint64_t offset, std::span<const std::byte> bytes) {
                         OnBytes(*file, offset, bytes);
                       });
    tally.sectors_lost += lost.sectors_lost;
    tally.sectors_torn += lost.sectors_torn;
    tally.phantoms_lost += lost.phantoms_lost;
    tally.sizes_lost += lost.size_lost ? 1 : 0;
  }
  ++shadow_version_;
  return tally;
}

bool SimVolume::WriteBackAny(runtime::Random& dice) {
  std::vector<FilePtr> files = names_.Files();
  std::erase_if(
      files, [](const FilePtr& file) { return file->DirtySectors().empty(); });
  if (files.empty()) return false;
  SimFile& file = *files[dice.Below(files.size())];
  return WriteBack(file, dice);
}

absl::StatusOr<SimVolume::FilePtr> SimVolume::Find(absl::string_view path,
                                                   uint64_t offset,
                                                   uint64_t bytes) const {
  RETURN_IF_ERROR(CheckFile(path));
  const FilePtr& file = names_.File(path);
  if (offset > file->size() || bytes > file->size() - offset) {
    return absl::OutOfRangeError(absl::StrCat(path, ": only ", file->size(),
                                              " bytes, nothing at ", offset));
  }
  return file;
}

absl::Status SimVolume::Corrupt(absl::string_view path, uint64_t offset,
                                std::span<const std::byte> flips) {
  ASSIGN_OR_RETURN(const FilePtr file, Find(path, offset, flips.size()));
  file->Flip(offset, flips);
  NoteDamage();
  return absl::OkStatus();
}

std::vector<SimVolume::FilePtr> SimVolume::DurableFiles() const {
  std::vector<FilePtr> files = names_.Files();
  std::erase_if(
      files, [](const FilePtr& file) { return file->durable_path().empty(); });
  return files;
}

void SimVolume::WritePhantom(SimFile& file, uint64_t sector) {
  file.WritePhantom(sector,
                    [&](uint64_t offset, std::span<const std::byte> bytes) {
                      OnBytes(file, offset, bytes);
                    });
  ++shadow_version_;
}

void SimVolume::Wipe() {
  const std::vector<std::string> paths = names_.DurableFiles();
  names_ = SimNames();
  ++shadow_version_;
  for (const std::string& path : paths) OnName(path, nullptr);
}

// ---- the shadow

std::optional<ShadowFile> SimVolume::Shadow(absl::string_view path) const {
  const SimFile* const file = names_.DurableFile(path);
  if (file == nullptr) return std::nullopt;
  return ShadowFile(*file);
}

void SimVolume::OnBytes(const SimFile& file, uint64_t offset,
                        std::span<const std::byte> bytes) {
  if (on_bytes_ != nullptr && !file.durable_path().empty()) {
    on_bytes_(file.durable_path(), offset, bytes);
  }
}

void SimVolume::OnName(const std::string& path, SimFile* file) {
  if (on_name_ != nullptr) on_name_(path, file != nullptr);
  if (file == nullptr || on_bytes_ == nullptr) return;
  file->VisitDurable([&](uint64_t offset, std::span<const std::byte> bytes) {
    on_bytes_(path, offset, bytes);
  });
}

}  // namespace sim
