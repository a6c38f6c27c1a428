// Any bytes as the files of a log: recovery trusts them or refuses, and does
// not change its mind. What it trusted once is there the next time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "persist/superblock.h"
#include "persist/wal_format.h"
#include "persist/wal_recovery.h"
#include "runtime/check.h"
#include "tests/fuzz/targets.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace fuzz {
namespace {

constexpr uint64_t kFileBytesMax = uint64_t{1} << 20;

std::string PathOf(uint8_t number) {
  if (number == 0) return std::string(persist::kSuperblockPath);
  const persist::SegmentId id(number % 16);
  return number < 128 ? persist::SegmentPath(id)
                      : persist::UnfinishedSegmentPath(id);
}

absl::StatusOr<persist::WalRecovery> Recover(persist::Disk& disk) {
  const persist::WalOptions options = persist::StoryOptions();
  const absl::Status prepared = persist::Prepare(disk, options).status();
  if (!prepared.ok()) return prepared;
  return persist::RecoverWal(disk, options);
}

// Writes the stretches of the input into their files.
void Fill(persist::ModelDisk& disk, Input input) {
  while (input.size() >= kStretchHeadBytes) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(input[i]); };
    const uint64_t offset =
        (uint64_t{byte(1)} | uint64_t{byte(2)} << 8 | uint64_t{byte(3)} << 16) %
        kFileBytesMax;
    const size_t length = std::min<size_t>(byte(5) | size_t{byte(6)} << 8,
                                           input.size() - kStretchHeadBytes);
    const std::string path = PathOf(byte(0));
    absl::StatusOr<std::unique_ptr<persist::File>> file =
        disk.Open(path, persist::OpenMode::kReadWrite);
    if (!file.ok()) {
      file = disk.Open(path, persist::OpenMode::kCreateExclusive);
    }
    CHECK(file.ok());
    CHECK((*file)
              ->WriteAt(offset, input.subspan(kStretchHeadBytes, length))
              .ok());
    CHECK((*file)->SyncData().ok());
    input = input.subspan(kStretchHeadBytes + length);
  }
  CHECK(disk.SyncDirectory("").ok());
}

}  // namespace

void RunLogRecovery(Input input) {
  persist::ModelDisk disk;
  Fill(disk, input);
  std::string before;
  runtime::Incarnation incarnation;
  {
    absl::StatusOr<persist::WalRecovery> first = Recover(disk);
    if (!first.ok()) {
      disk.Restart();
      CHECK(Recover(disk).status().code() == first.status().code(),
            "recovery refused, then did not: ", first.status().ToString());
      return;
    }
    before = persist::Describe(std::move(first->recovered.groups));
    incarnation = first->recovered.incarnation;
  }
  disk.Restart();
  absl::StatusOr<persist::WalRecovery> second = Recover(disk);
  CHECK(second.ok(), "recovered once only: ", second.status().ToString());
  CHECK(second->recovered.incarnation > incarnation);
  CHECK_EQ(persist::Describe(std::move(second->recovered.groups)), before);
}

}  // namespace fuzz
