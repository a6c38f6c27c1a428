// A simulated disk as one life of a process sees it: every call takes time, and
// nothing happens any more once the process is dead.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"

#include "runtime/check.h"
#include "runtime/status_macros.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace sim {

// What the disk handle and the file handles of one boot have in common.
class SimDisk::Attachment {
 public:
  using Call = DiskDice::Call;

  Attachment(SimDisk& disk, std::shared_ptr<Life> life,
             runtime::Executor& executor)
      : disk_(disk), life_(std::move(life)), executor_(executor) {}

  SimDisk& disk() const { return disk_; }
  SimVolume& volume() const { return disk_.volume_; }
  const std::shared_ptr<Life>& life() const { return life_; }

  // One call that moves `bytes`: `effect` happens at one moment of it, if the
  // process lives to see that. Suspends.
  // `path` is what it is about.
  absl::Status Perform(Call call, absl::string_view path, uint64_t bytes,
                       absl::FunctionRef<absl::Status()> effect) const {
    if (!life_->alive) return Dead();
    disk_.world_.MayFailToAllocate();
    const Time begin = disk_.world_.now();
    const DiskDice::Timing timing = disk_.dice_.Plan(call, bytes);
    absl::Status status;
    if (timing.effect_first) status = effect();
    Wait(timing.span);
    if (!life_->alive) return Dead();
    MaybeCrashAt(call, path);
    if (!timing.effect_first) status = effect();
    ExplainEnd(call, begin);
    MaybeCrash();
    return status;
  }

  // As Perform(), with an effect that writes into memory of the process: it
  // happens at the end. Suspends.
  absl::Status PerformLate(Call call, uint64_t bytes,
                           absl::FunctionRef<absl::Status()> effect) const {
    if (!life_->alive) return Dead();
    disk_.world_.MayFailToAllocate();
    Wait(disk_.dice_.Plan(call, bytes).span);
    if (!life_->alive) return Dead();
    const absl::Status status = effect();
    MaybeCrash();
    return status;
  }

 private:
  static absl::Status Dead() {
    return absl::UnavailableError("the process of this disk handle is dead");
  }

  void Wait(absl::Duration span) const {
    if (executor_.current() == nullptr) return;
    // CANCELLED ends the waiting, not the call.
    if (!executor_.SleepFor(span).ok()) return;
    while (life_->alive && !disk_.dice_.Answers()) {
      if (!executor_.SleepFor(disk_.dice_.AskAgainAfter()).ok()) return;
    }
  }

  // For whoever draws it: the call is over, and how long it took.
  void ExplainEnd(Call call, Time begin) const {
    World& world = disk_.world_;
    if (!world.traced() || call == Call::kRead) return;
    world.Explain(TraceLevel::kSchedule, disk_.host_, "disk.done",
                  {{"call", call == Call::kSync ? "sync" : "write"},
                   {"took_ns", world.now() - begin}});
  }

  void MaybeCrashAt(Call call, absl::string_view path) const {
    if (executor_.current() == nullptr) return;
    const std::optional<CrashOrder> order = disk_.dice_.TakeCrash(call, path);
    if (!order.has_value()) return;
    disk_.world_.CrashFromInside(
        disk_.host_, order->power ? Crash::kPower : Crash::kProcess);
  }

  void MaybeCrash() const {
    if (executor_.current() == nullptr) return;
    if (!disk_.dice_.Strikes(DiskFault::kCrashInCall)) return;
    const bool power = disk_.dice_.faults().Below(2) == 0;
    disk_.world_.CrashFromInside(disk_.host_,
                                 power ? Crash::kPower : Crash::kProcess);
  }

  SimDisk& disk_;
  std::shared_ptr<Life> life_;  // Shared: see Life.
  runtime::Executor& executor_;
};

class SimDisk::AttachedFile final : public persist::File {
 public:
  // Shared: the name may go while the handle stays.
  AttachedFile(Attachment attachment, absl::string_view path,
               SimVolume::FilePtr file, persist::OpenMode mode)
      : attachment_(std::move(attachment)),
        path_(path),
        file_(std::move(file)),
        writable_(mode != persist::OpenMode::kRead) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                std::span<std::byte> buffer) override {
    size_t count = 0;
    RETURN_IF_ERROR(attachment_.PerformLate(
        Call::kRead, buffer.size(), [&]() -> absl::Status {
          ASSIGN_OR_RETURN(count, disk().Read(*file_, offset, buffer));
          return absl::OkStatus();
        }));
    return count;
  }

  absl::Status WriteAt(uint64_t offset, SimVolume::Pieces pieces) override {
    CHECK(writable_, "a write to a file that was opened for reading");
    return attachment_.Perform(Call::kWrite, path_, 0, [&] {
      return disk().Write(*file_, offset, pieces);
    });
  }

  absl::Status SyncData() override {
    return attachment_.Perform(Call::kSync, path_, file_->unsynced_bytes(),
                               [&] { return disk().Sync(*file_); });
  }

  absl::Status Truncate(uint64_t size) override {
    CHECK(writable_, "a cut of a file that was opened for reading");
    return attachment_.Perform(Call::kWrite, path_, 0, [&] {
      return disk().Resize(*file_, "truncation", size);
    });
  }

  absl::Status Preallocate(uint64_t size) override {
    CHECK(writable_, "growing a file that was opened for reading");
    return attachment_.Perform(Call::kWrite, path_, 0, [&] {
      if (size <= file_->size()) return absl::OkStatus();
      return disk().Resize(*file_, "preallocation", size);
    });
  }

  absl::StatusOr<uint64_t> Size() override {
    uint64_t size = 0;
    RETURN_IF_ERROR(attachment_.PerformLate(Call::kRead, 0, [&] {
      size = file_->size();
      return absl::OkStatus();
    }));
    return size;
  }

 private:
  using Call = Attachment::Call;

  SimDisk& disk() const { return attachment_.disk(); }

  const Attachment attachment_;
  const std::string path_;  // By which it was opened.
  const SimVolume::FilePtr file_;
  const bool writable_;
};

class SimDisk::AttachedDisk final : public persist::Disk {
 public:
  explicit AttachedDisk(Attachment attachment)
      : attachment_(std::move(attachment)) {}

  absl::StatusOr<std::unique_ptr<persist::File>> Open(
      absl::string_view path, persist::OpenMode mode) override {
    SimVolume::FilePtr file;
    const Call call = mode == persist::OpenMode::kCreateExclusive ? Call::kWrite
                                                                  : Call::kRead;
    RETURN_IF_ERROR(attachment_.Perform(call, path, 0, [&]() -> absl::Status {
      ASSIGN_OR_RETURN(file, volume().Open(path, mode));
      return absl::OkStatus();
    }));
    return std::make_unique<AttachedFile>(attachment_, path, std::move(file),
                                          mode);
  }

  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view directory) override {
    std::vector<std::string> names;
    RETURN_IF_ERROR(
        attachment_.PerformLate(Call::kRead, 0, [&]() -> absl::Status {
          ASSIGN_OR_RETURN(names, volume().List(directory));
          return absl::OkStatus();
        }));
    return names;
  }

  absl::Status CreateDirectory(absl::string_view path) override {
    return attachment_.Perform(Call::kWrite, path, 0,
                               [&] { return volume().CreateDirectory(path); });
  }

  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    return attachment_.Perform(Call::kWrite, to, 0,
                               [&] { return volume().Rename(from, to); });
  }

  absl::Status Remove(absl::string_view path) override {
    return attachment_.Perform(Call::kWrite, path, 0,
                               [&] { return volume().Remove(path); });
  }

  absl::Status SyncDirectory(absl::string_view directory) override {
    return attachment_.Perform(Call::kSync, directory, 0, [&] {
      return attachment_.disk().SyncDirectory(directory);
    });
  }

  absl::Status Lock() override {
    return attachment_.Perform(Call::kWrite, "", 0, [&] {
      return attachment_.disk().Lock(attachment_.life());
    });
  }

 private:
  using Call = Attachment::Call;

  SimVolume& volume() const { return attachment_.volume(); }

  const Attachment attachment_;
};

std::unique_ptr<persist::Disk> SimDisk::Attach(std::shared_ptr<Life> life,
                                               runtime::Executor& executor) {
  return std::make_unique<AttachedDisk>(
      Attachment(*this, std::move(life), executor));
}

}  // namespace sim
