// A world of one host whose processes do nothing but use its disk: the small
// language of the disk tests.

#ifndef TESTS_SIM_DISK_MACHINE_H_
#define TESTS_SIM_DISK_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

#include "persist/disk.h"
#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace sim {

using persist::OpenMode;

inline constexpr size_t kSector = persist::kSectorBytes;
inline constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;

// A world of one host, whose processes do nothing but use its disk.
class Machine {
 public:
  using Body = std::function<void(persist::Disk&, runtime::Executor&)>;

  explicit Machine(uint64_t seed, const Knobs& knobs = {})
      : world({.seed = seed, .knobs = knobs}), host(world.AddHost("h0")) {
    world.SetExitHandler(
        [this](HostId, int code, const std::string&) { exit_code = code; });
  }

  // Starts a process with `body` on a fiber of its storage executor.
  void Boot(Body body) {
    exit_code = -1;
    world.Boot(host, [body = std::move(body)](Process& process) {
      runtime::FiberGroup group(process.storage_executor());
      runtime::RemoteChannel<bool> done(process.network_executor(), 1);
      process.storage_executor().Post([&] {
        group.Spawn("body", [&] {
          body(process.disk(), process.storage_executor());
          done.TryPost(true);
        });
      });
      done.Receive().IgnoreError();
    });
  }
  // As Boot(), and waits for the end, whichever it is.
  void Run(Body body) {
    Boot(std::move(body));
    while (world.running(host) && world.Step()) {
    }
    EXPECT_FALSE(world.failure().has_value()) << world.failure()->message;
  }

  uint64_t Struck(absl::string_view kind) const {
    for (const auto& [name, count] : world.fault_counts().by_kind) {
      if (name == kind) return count;
    }
    return 0;
  }
  SimDisk& disk() { return world.disk(host); }

  World world;
  const HostId host;
  int exit_code = -1;
};

inline std::unique_ptr<persist::File> Create(persist::Disk& disk,
                                             absl::string_view path) {
  auto file = disk.Open(path, OpenMode::kCreateExclusive);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

inline absl::Status Write(persist::File& file, uint64_t offset,
                          absl::string_view text) {
  return file.WriteAt(offset, runtime::AsBytes(text));
}

// "absent", or the bytes of the file.
inline std::string TextOf(persist::Disk& disk, absl::string_view path) {
  auto file = disk.Open(path, OpenMode::kRead);
  if (!file.ok()) return "absent";
  std::string text(*(*file)->Size(), '?');
  const auto read = (*file)->ReadAt(0, std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(*read, text.size());
  return text;
}

inline void CreateDurable(persist::Disk& disk, absl::string_view path,
                          absl::string_view text) {
  const auto file = Create(disk, path);
  EXPECT_TRUE(Write(*file, 0, text).ok());
  EXPECT_TRUE(file->SyncData().ok());
  EXPECT_TRUE(disk.SyncDirectory("").ok());
}

// What the next process finds.
inline std::string Find(Machine& machine, absl::string_view path) {
  std::string text;
  machine.Run([&](persist::Disk& disk, runtime::Executor&) {
    text = TextOf(disk, path);
  });
  return text;
}

}  // namespace sim

#endif  // TESTS_SIM_DISK_MACHINE_H_
