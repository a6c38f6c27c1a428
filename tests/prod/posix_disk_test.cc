// What only the real disk does; the rest is tests/conformance/disk_test.cc.

#include "prod/posix_disk.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "prod/posix_file.h"
#include "runtime/bytes.h"

namespace prod {
namespace {

using persist::OpenMode;

class PosixDiskTest : public testing::Test {
 protected:
  PosixDiskTest() : path_(testing::TempDir() + "posix_disk_XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(path_); }

  std::unique_ptr<PosixDisk> OpenRoot(const std::string& below) {
    auto disk = PosixDisk::Open(path_ + below);
    EXPECT_TRUE(disk.ok()) << disk.status();
    return *std::move(disk);
  }

  std::string path_;
};

// Limits the size of the files that this process may write, for a while.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes)
      : handler_before_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_before_);
  }

 private:
  void (*handler_before_)(int);
  rlimit before_;
};

TEST_F(PosixDiskTest, TheRootAndAllAboveItAreMade) {
  const auto disk = OpenRoot("/a/b/c/");
  EXPECT_TRUE(std::filesystem::is_directory(path_ + "/a/b/c"));
  EXPECT_TRUE(disk->Open("file", OpenMode::kCreateExclusive).ok());
  EXPECT_TRUE(std::filesystem::is_regular_file(path_ + "/a/b/c/file"));
}

TEST_F(PosixDiskTest, ARootThatIsNotThereIsEmptyUntilItIsLocked) {
  const auto disk = PosixDisk::At(path_ + "/a/b/");
  ASSERT_TRUE(disk.ok()) << disk.status();
  EXPECT_TRUE((*disk)->List("")->empty());
  EXPECT_TRUE(
      absl::IsNotFound((*disk)->Open("file", OpenMode::kRead).status()));
  EXPECT_FALSE((*disk)->SeemsInUse());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/a"));
  ASSERT_TRUE((*disk)->Lock().ok());
  EXPECT_TRUE((*disk)->Open("file", OpenMode::kCreateExclusive).ok());
  EXPECT_TRUE(std::filesystem::is_regular_file(path_ + "/a/b/file"));
  EXPECT_FALSE(PosixDisk::At(path_ + "/a/b/file").ok());
  EXPECT_FALSE(PosixDisk::At("").ok());
  EXPECT_EQ((*PosixDisk::At(path_ + "/a/b"))->List("")->size(), 1u);
}

TEST_F(PosixDiskTest, ARootThatIsAFileIsRefused) {
  std::ofstream(path_ + "/file") << "x";
  EXPECT_FALSE(PosixDisk::Open(path_ + "/file").ok());
  EXPECT_FALSE(PosixDisk::Open(path_ + "/file/below").ok());
  EXPECT_FALSE(PosixDisk::Open("").ok());
}

TEST_F(PosixDiskTest, TheRootMayBeRenamedWhileInUse) {
  const auto disk = OpenRoot("/old");
  std::filesystem::rename(path_ + "/old", path_ + "/new");
  EXPECT_TRUE(disk->Open("file", OpenMode::kCreateExclusive).ok());
  EXPECT_TRUE(std::filesystem::is_regular_file(path_ + "/new/file"));
}

TEST_F(PosixDiskTest, ErrorsNameTheFileAndTheReason) {
  const auto disk = OpenRoot("");
  const std::string message(
      disk->Open("missing", OpenMode::kRead).status().message());
  EXPECT_TRUE(absl::StrContains(message, path_ + "/missing")) << message;
  EXPECT_TRUE(absl::StrContains(message, "No such file")) << message;
}

TEST_F(PosixDiskTest, ErrorNumbersKeepTheirMeaning) {
  EXPECT_EQ(DiskError("write", "a", ENOSPC).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DiskError("write", "a", EDQUOT).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DiskError("write", "a", EIO).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DiskError("open", "a", EACCES).code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(PosixDiskTest, TwoDisksOnOneRootShareTheLock) {
  const auto first = OpenRoot("");
  auto second = OpenRoot("");
  EXPECT_TRUE(first->Lock().ok());
  EXPECT_EQ(second->Lock().code(), absl::StatusCode::kFailedPrecondition);
  second.reset();  // Closing what never held it does not release it.
  EXPECT_EQ(OpenRoot("")->Lock().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PosixDiskTest, PreallocatedBlocksAreReallyThere) {
  const auto disk = OpenRoot("");
  const auto file = *disk->Open("a", OpenMode::kCreateExclusive);
  EXPECT_TRUE(file->Preallocate(1 << 20).ok());
  EXPECT_TRUE(file->SyncData().ok());
  struct stat stat = {};
  EXPECT_EQ(::stat((path_ + "/a").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_size, 1 << 20);
  EXPECT_GE(stat.st_blocks * 512, 1 << 20);
}

TEST_F(PosixDiskTest, ZerosAheadOfASmallWriteHarmNothing) {
  const auto disk = OpenRoot("");
  const auto file = *disk->Open("a", OpenMode::kCreateExclusive);
  std::string expected(1 << 20, '\0');
  EXPECT_TRUE(file->Preallocate(expected.size()).ok());
  const auto write = [&](size_t offset, size_t size, char letter) {
    const std::string text(size, letter);
    EXPECT_TRUE(file->WriteAt(offset, runtime::AsBytes(text)).ok());
    expected.replace(offset, size, text);
  };
  write(300'000, 200'000, 'a');  // Large, with a gap before it.
  write(250'000, 100, 'b');      // Before it.
  write(500'000, 10, 'c');       // Behind it: zeros run ahead.
  write(500'010, 200'000, 'd');  // Beyond them.
  write(1'048'000, 576, 'e');    // To the end.
  EXPECT_TRUE(file->SyncData().ok());
  std::string contents(expected.size() + 1, 'x');
  const auto count =
      file->ReadAt(0, std::as_writable_bytes(std::span(contents)));
  EXPECT_EQ(*count, expected.size());
  contents.resize(*count);
  EXPECT_TRUE(contents == expected);
}

TEST_F(PosixDiskTest, AWriteThatDoesNotFitIsShortAndThenFails) {
  const auto disk = OpenRoot("");
  const auto file = *disk->Open("a", OpenMode::kCreateExclusive);
  const std::string text(3000, 'x');
  const FileSizeLimit limit(10'000);
  EXPECT_TRUE(file->WriteAt(5000, runtime::AsBytes(text)).ok());
  EXPECT_EQ(file->WriteAt(8000, runtime::AsBytes(text)).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*file->Size(), 10'000u);
}

TEST_F(PosixDiskTest, APreallocationThatDoesNotFitLeavesTheSizeAlone) {
  const auto disk = OpenRoot("");
  const auto file = *disk->Open("a", OpenMode::kCreateExclusive);
  EXPECT_TRUE(file->WriteAt(0, runtime::AsBytes("hello")).ok());
  const FileSizeLimit limit(10'000);
  EXPECT_EQ(file->Preallocate(20'000).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*file->Size(), 5u);
}

TEST_F(PosixDiskTest, AWriteToAHandleForReadingFails) {
  const auto disk = OpenRoot("");
  EXPECT_TRUE(disk->Open("a", OpenMode::kCreateExclusive).ok());
  const auto file = *disk->Open("a", OpenMode::kRead);
  EXPECT_FALSE(file->WriteAt(0, runtime::AsBytes("x")).ok());
}

TEST(PosixFileTest, ASyncThatFailedOnceFailsForEver) {
  // A pipe takes no sync.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd reader(ends[0]);
  DiskCounters counters;
  PosixFile file("pipe", UniqueFd(ends[1]), counters);
  const absl::Status first = file.SyncData();
  EXPECT_EQ(first.code(), absl::StatusCode::kDataLoss) << first;
  EXPECT_EQ(file.SyncData(), first);
}

}  // namespace
}  // namespace prod
