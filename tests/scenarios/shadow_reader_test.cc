// How the checks read a simulated disk: see ShadowOf() in cluster.h.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "persist/disk.h"
#include "runtime/bytes.h"
#include "scenarios/cluster.h"
#include "sim/world.h"

namespace scenarios {
namespace {

// Makes a file of one durable write. On a fiber.
void MakeFile(persist::Disk& disk, absl::string_view path,
              absl::string_view text) {
  absl::StatusOr<std::unique_ptr<persist::File>> file =
      disk.Open(path, persist::OpenMode::kCreateExclusive);
  ASSERT_TRUE(file.ok()) << file.status();
  const std::span<const std::byte> bytes = runtime::AsBytes(text);
  ASSERT_TRUE((*file)->WriteAt(0, {&bytes, 1}).ok());
  ASSERT_TRUE((*file)->SyncData().ok());
  ASSERT_TRUE(disk.SyncDirectory("").ok());
}

TEST(ShadowReaderTest, AnotherFileUnderTheSameNameIsAnotherVersion) {
  sim::World world({.seed = 1, .knobs = {}});
  const sim::HostId host = world.AddHost("n1");
  const ShadowReader shadow = ShadowOf(world, host);
  const std::string path = "file";
  uint64_t before = 0;
  bool done = false;
  world.Boot(host, [&](sim::Process& process) {
    MakeFile(process.disk(), path, "old");
    before = shadow.file_version(path);
    MakeFile(process.disk(), "other", "new");
    ASSERT_TRUE(process.disk().Rename("other", path).ok());
    ASSERT_TRUE(process.disk().SyncDirectory("").ok());
    done = true;
  });
  world.RunFor(absl::Seconds(1));
  ASSERT_TRUE(done);
  EXPECT_NE(before, 0u);
  EXPECT_NE(shadow.file_version(path), before);
}

}  // namespace
}  // namespace scenarios
