#include "sim/sim_disk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "sim/world.h"

namespace sim {
namespace {

absl::Status IoError(absl::string_view call, const SimFile& file) {
  return absl::DataLossError(
      absl::StrCat(call, " of file ", file.id(), ": input/output error"));
}

uint64_t LengthOf(SimVolume::Pieces pieces) {
  uint64_t length = 0;
  for (const std::span<const std::byte> piece : pieces) length += piece.size();
  return length;
}

}  // namespace

SimDisk::SimDisk(World& world, HostId host)
    : world_(world),
      host_(host),
      dice_(world, host),
      damage_(world, host, dice_, volume_) {}

// ---- effects

absl::StatusOr<size_t> SimDisk::Read(const SimFile& file, uint64_t offset,
                                     std::span<std::byte> buffer) {
  if (dice_.Strikes(DiskFault::kReadFails)) return IoError("read", file);
  if (file.ReadFails(offset, buffer.size())) {
    world_.CountFault("disk.unreadable_read", {.host = host_});
    return IoError("read", file);
  }
  const size_t count = file.Read(offset, buffer);
  damage_.AfterRead(file, offset, buffer.first(count));
  return count;
}

absl::Status SimDisk::Write(SimFile& file, uint64_t offset,
                            SimVolume::Pieces pieces) {
  const uint64_t length = LengthOf(pieces);
  world_.Record(host_, "disk.write",
                {{"file", file.id()}, {"offset", offset}, {"bytes", length}});
  if (dice_.Strikes(DiskFault::kWriteFails)) {
    const uint64_t written = dice_.faults().Below(length + 1);
    // Also the part that is written must find room.
    if (offset + written <= file.size()) {
      SimVolume::WriteFront(file, offset, pieces, written);
    }
    return IoError("write", file);
  }
  if (file.WriteFails(offset, length)) {
    world_.CountFault("disk.unreadable_read", {.host = host_});
    return IoError("write", file);
  }
  if (dice_.knobs().stale_read_ppm > 0) file.KeepPrevious();
  absl::Status status =
      NoteFull(volume_.Write(file, offset, pieces, dice_.capacity_bytes()));
  if (dice_.WritesBack() && volume_.WriteBack(file, dice_.faults())) {
    world_.CountFault("disk.writeback", {.host = host_});
  }
  PlanWriteback();
  return status;
}

absl::Status SimDisk::Resize(SimFile& file, absl::string_view call,
                             uint64_t size) {
  world_.Record(host_, "disk.resize", {{"file", file.id()}, {"bytes", size}});
  if (dice_.Strikes(DiskFault::kWriteFails)) return IoError(call, file);
  return NoteFull(volume_.Resize(file, size, dice_.capacity_bytes()));
}

absl::Status SimDisk::Sync(SimFile& file) {
  world_.Record(host_, "disk.sync", {{"file", file.id()}});
  if (dice_.Strikes(DiskFault::kSyncFails)) {
    volume_.FailSync(file);
    return IoError("sync", file);
  }
  damage_.BeforeSync(file);
  volume_.Sync(file);
  damage_.AfterSync();
  return absl::OkStatus();
}

absl::Status SimDisk::SyncDirectory(absl::string_view path) {
  world_.Record(host_, "disk.sync_directory", {{"path", path}});
  if (dice_.Strikes(DiskFault::kSyncFails)) {
    const absl::Status failed = volume_.FailSyncDirectory(path);
    if (!failed.ok()) return failed;
    return absl::DataLossError(
        absl::StrCat("sync of directory '", path, "': input/output error"));
  }
  return volume_.SyncDirectory(path);
}

absl::Status SimDisk::Lock(const std::shared_ptr<Life>& life) {
  if (lock_holder_ != nullptr && lock_holder_->alive) {
    return absl::FailedPreconditionError("the disk is locked");
  }
  lock_holder_ = life;
  return absl::OkStatus();
}

absl::Status SimDisk::NoteFull(absl::Status status) {
  if (absl::IsResourceExhausted(status)) {
    world_.CountFault("disk.full", {.host = host_});
  }
  return status;
}

void SimDisk::PlanWriteback() {
  if (writeback_planned_) return;
  const std::optional<absl::Duration> after = dice_.NextWriteback();
  if (!after.has_value()) return;
  writeback_planned_ = true;
  world_.At(world_.now() + absl::ToInt64Nanoseconds(*after), EventClass::kFault,
            [this] {
              writeback_planned_ = false;
              if (!volume_.WriteBackAny(dice_.writeback())) return;
              world_.CountFault("disk.writeback", {.host = host_});
              PlanWriteback();
            });
}

// ---- the world

void SimDisk::PowerOff() {
  lock_holder_ = nullptr;
  damage_.BeforePowerOff();
  const PowerOffTally lost =
      volume_.PowerOff(layout_, dice_.knobs().torn_sector_ppm, dice_.layouts());
  if (!lost.had_unsynced) return;
  world_.Record(host_, "disk.power_off",
                {{"sectors_lost", lost.sectors_lost},
                 {"sectors_torn", lost.sectors_torn},
                 {"phantoms_lost", lost.phantoms_lost},
                 {"sizes_lost", lost.sizes_lost},
                 {"names_lost", lost.names_lost}});
  const std::pair<absl::string_view, uint64_t> counts[] = {
      {"disk.power_off_with_unsynced", 1},
      {"disk.sector_lost", lost.sectors_lost},
      {"disk.sector_torn", lost.sectors_torn},
      {"disk.phantom_write", lost.phantoms_lost},
      {"disk.size_lost", lost.sizes_lost},
      {"disk.name_lost", lost.names_lost}};
  for (const auto& [kind, count] : counts) {
    if (count > 0) world_.CountFault(kind, {.host = host_}, count);
  }
}

absl::Status SimDisk::Corrupt(absl::string_view path, uint64_t offset,
                              std::span<const std::byte> flips) {
  absl::Status status = volume_.Corrupt(path, offset, flips);
  if (status.ok()) {
    world_.CountFault("disk.corrupted");
    world_.Record(host_, "disk.corrupted",
                  {{"path", path},
                   {"offset", offset},
                   {"bytes", uint64_t{flips.size()}}});
  }
  return status;
}

void SimDisk::Replace() {
  lock_holder_ = nullptr;
  volume_.Wipe();
  world_.CountFault("disk.replaced");
  world_.Record(host_, "disk.replaced", {});
}

}  // namespace sim
