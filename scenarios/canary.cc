#include "scenarios/canary.h"

#include <string>
#include <utility>
#include <vector>

#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace scenarios {
namespace {

class FileThatNeverSyncs final : public persist::File {
 public:
  explicit FileThatNeverSyncs(std::unique_ptr<persist::File> file)
      : file_(std::move(file)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                std::span<std::byte> buffer) override {
    return file_->ReadAt(offset, buffer);
  }
  absl::Status WriteAt(
      uint64_t offset,
      std::span<const std::span<const std::byte>> pieces) override {
    return file_->WriteAt(offset, pieces);
  }
  absl::Status SyncData() override { return absl::OkStatus(); }
  absl::Status Truncate(uint64_t size) override {
    return file_->Truncate(size);
  }
  absl::Status Preallocate(uint64_t size) override {
    return file_->Preallocate(size);
  }
  absl::StatusOr<uint64_t> Size() override { return file_->Size(); }

 private:
  const std::unique_ptr<persist::File> file_;
};

class NeverSyncingDisk final : public persist::Disk {
 public:
  explicit NeverSyncingDisk(persist::Disk& disk) : disk_(disk) {}

  absl::StatusOr<std::unique_ptr<persist::File>> Open(
      absl::string_view path, persist::OpenMode mode) override {
    absl::StatusOr<std::unique_ptr<persist::File>> file =
        disk_.Open(path, mode);
    if (!file.ok()) return file.status();
    return std::make_unique<FileThatNeverSyncs>(*std::move(file));
  }
  absl::StatusOr<std::vector<std::string>> List(
      absl::string_view directory) override {
    return disk_.List(directory);
  }
  absl::Status CreateDirectory(absl::string_view path) override {
    return disk_.CreateDirectory(path);
  }
  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    return disk_.Rename(from, to);
  }
  absl::Status Remove(absl::string_view path) override {
    return disk_.Remove(path);
  }
  absl::Status SyncDirectory(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status Lock() override { return disk_.Lock(); }

 private:
  persist::Disk& disk_;
};

// Short: the promise ledger sees the first promise. Were it blind, the power
// failures would still take from n1 what it has voted for and acknowledged.
Scenario CanaryScenario() {
  Scenario scenario;
  scenario.name = "canary";
  scenario.phases = {.warm_up = absl::Milliseconds(500),
                     .chaos = absl::Seconds(3),
                     .quiet = absl::Seconds(3)};
  scenario.workload.clients = 1;
  scenario.workload.keys = 2;
  for (const absl::Duration at :
       {absl::Milliseconds(900), absl::Milliseconds(1900)}) {
    scenario.steps.push_back({.at = at,
                              .deed = PowerOff{{Node(1)}},
                              .lasts = Exactly(absl::Milliseconds(100))});
  }
  scenario.demands = {.leader_within = absl::Seconds(1),
                      .write_within = absl::Seconds(1)};
  return scenario;
}

}  // namespace

std::unique_ptr<persist::Disk> DiskThatNeverSyncs(persist::Disk& disk) {
  return std::make_unique<NeverSyncingDisk>(disk);
}

RunResult RunCanary(uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  options.wrap_disk =
      [](uint32_t node, persist::Disk& disk) -> std::unique_ptr<persist::Disk> {
    return node == 1 ? DiskThatNeverSyncs(disk) : nullptr;
  };
  return RunScenario(CanaryScenario(), options);
}

RunResult RunHarmlessCanary(uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return RunScenario(CanaryScenario(), options);
}

}  // namespace scenarios
