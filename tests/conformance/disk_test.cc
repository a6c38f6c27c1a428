// What persist/disk.h promises, on both twins.

#include "persist/disk.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "persist/disk_path.h"
#include "runtime/bytes.h"
#include "runtime/random.h"
#include "tests/conformance/disk_home.h"

namespace persist {
namespace {

using conformance::DiskHome;
using runtime::AsBytes;

using MakeHome = std::unique_ptr<DiskHome> (*)();

constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;
constexpr absl::StatusCode kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kPrecondition =
    absl::StatusCode::kFailedPrecondition;

class DiskTest : public testing::TestWithParam<MakeHome> {
 protected:
  void Run(std::function<void(Disk&)> body) { home_->Run(std::move(body)); }

 private:
  const std::unique_ptr<DiskHome> home_ = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Simulated, DiskTest,
                         testing::Values(&conformance::MakeSimulatedHome));
INSTANTIATE_TEST_SUITE_P(Real, DiskTest,
                         testing::Values(&conformance::MakeRealHome));

std::unique_ptr<File> Open(Disk& disk, absl::string_view path, OpenMode mode) {
  auto file = disk.Open(path, mode);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

std::unique_ptr<File> Create(Disk& disk, absl::string_view path) {
  return Open(disk, path, OpenMode::kCreateExclusive);
}

void Write(File& file, uint64_t offset, absl::string_view text) {
  const absl::Status status = file.WriteAt(offset, AsBytes(text));
  EXPECT_TRUE(status.ok()) << status;
}

std::string Read(File& file, uint64_t offset, size_t size) {
  std::string text(size, '?');
  const auto count =
      file.ReadAt(offset, std::as_writable_bytes(std::span(text)));
  EXPECT_TRUE(count.ok()) << count.status();
  return text.substr(0, *count);
}

std::string TextOf(Disk& disk, absl::string_view path) {
  const auto file = Open(disk, path, OpenMode::kRead);
  return Read(*file, 0, *file->Size() + 10);
}

void CreateWith(Disk& disk, absl::string_view path, absl::string_view text) {
  Write(*Create(disk, path), 0, text);
}

absl::StatusCode OpenCode(Disk& disk, absl::string_view path, OpenMode mode) {
  return disk.Open(path, mode).status().code();
}

// "a b c", or the code of the error.
std::string ListText(Disk& disk, absl::string_view directory) {
  const auto names = disk.List(directory);
  return names.ok() ? absl::StrJoin(*names, " ")
                    : absl::StatusCodeToString(names.status().code());
}

// ---- files

TEST_P(DiskTest, WhatWasWrittenIsReadAtOnceByAnyHandle) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    Write(*file, 0, "hello");
    EXPECT_EQ(Read(*file, 0, 5), "hello");
    EXPECT_EQ(TextOf(disk, "a"), "hello");
    Write(*file, 2, "LL");
    EXPECT_EQ(TextOf(disk, "a"), "heLLo");
  });
}

TEST_P(DiskTest, AReadIsShortOnlyAtTheEndOfTheFile) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    EXPECT_EQ(Read(*file, 0, 10), "");
    Write(*file, 0, "hello");
    EXPECT_EQ(Read(*file, 3, 10), "lo");
    EXPECT_EQ(Read(*file, 5, 10), "");
    EXPECT_EQ(Read(*file, 5000, 10), "");
    EXPECT_EQ(Read(*file, 1, 0), "");
  });
}

TEST_P(DiskTest, AWriteBehindTheEndLeavesZerosBetween) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    Write(*file, 10'000, "x");
    EXPECT_EQ(*file->Size(), 10'001u);
    EXPECT_EQ(TextOf(disk, "a"), std::string(10'000, '\0') + "x");
  });
}

TEST_P(DiskTest, PiecesAreWrittenInOrderHoweverMany) {
  Run([](Disk& disk) {
    std::vector<std::string> texts;
    std::vector<std::span<const std::byte>> pieces;
    for (int i = 0; i < 3000; ++i) {
      // Some are empty, also the first and the last.
      texts.push_back(i % 7 == 0 || i == 2999 ? "" : absl::StrCat(i, "."));
    }
    for (const std::string& text : texts) pieces.push_back(AsBytes(text));
    const auto file = Create(disk, "a");
    EXPECT_TRUE(file->WriteAt(3, pieces).ok());
    EXPECT_EQ(TextOf(disk, "a"),
              std::string(3, '\0') + absl::StrJoin(texts, ""));
    pieces.clear();
    EXPECT_TRUE(file->WriteAt(0, pieces).ok());
  });
}

TEST_P(DiskTest, ALargeWriteArrivesWhole) {
  Run([](Disk& disk) {
    std::string text;
    for (int i = 0; text.size() < 3'000'000; ++i) absl::StrAppend(&text, i);
    const auto file = Create(disk, "a");
    Write(*file, 123, text);
    EXPECT_EQ(Read(*file, 123, text.size()), text);
  });
}

TEST_P(DiskTest, TruncateCutsAndAddsZeros) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    Write(*file, 0, "hello");
    EXPECT_TRUE(file->Truncate(2).ok());
    EXPECT_EQ(TextOf(disk, "a"), "he");
    EXPECT_TRUE(file->Truncate(4).ok());
    EXPECT_EQ(TextOf(disk, "a"), std::string("he\0\0", 4));
    EXPECT_TRUE(file->Truncate(0).ok());
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_EQ(TextOf(disk, "a"), "");
  });
}

TEST_P(DiskTest, PreallocateAddsZerosAndNeverCuts) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    Write(*file, 0, "hello");
    EXPECT_TRUE(file->Preallocate(200'000).ok());
    EXPECT_EQ(*file->Size(), 200'000u);
    EXPECT_EQ(TextOf(disk, "a"), "hello" + std::string(199'995, '\0'));
    EXPECT_TRUE(file->Preallocate(3).ok());
    EXPECT_EQ(*file->Size(), 200'000u);
    EXPECT_TRUE(file->SyncData().ok());
  });
}

TEST_P(DiskTest, SyncingTwiceIsFine) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    EXPECT_TRUE(file->SyncData().ok());
    Write(*file, 0, "x");
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_TRUE(file->SyncData().ok());
  });
}

// ---- names

TEST_P(DiskTest, ANewDiskIsEmpty) {
  Run([](Disk& disk) { EXPECT_EQ(ListText(disk, ""), ""); });
}

TEST_P(DiskTest, OpenSaysWhatIsWrong) {
  Run([](Disk& disk) {
    CreateWith(disk, "a", "old");
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    for (const OpenMode mode : {OpenMode::kRead, OpenMode::kReadWrite}) {
      EXPECT_EQ(OpenCode(disk, "b", mode), kNotFound);
      EXPECT_EQ(OpenCode(disk, "e/b", mode), kNotFound);
      EXPECT_EQ(OpenCode(disk, "a/b", mode), kNotFound);
      EXPECT_EQ(OpenCode(disk, "d", mode), kPrecondition);
    }
    const OpenMode create = OpenMode::kCreateExclusive;
    EXPECT_EQ(OpenCode(disk, "a", create), kAlreadyExists);
    EXPECT_EQ(OpenCode(disk, "d", create), kAlreadyExists);
    EXPECT_EQ(OpenCode(disk, "e/b", create), kNotFound);
    EXPECT_EQ(OpenCode(disk, "a/b", create), kNotFound);
    EXPECT_EQ(TextOf(disk, "a"), "old");
  });
}

TEST_P(DiskTest, APathStaysBelowTheRoot) {
  Run([](Disk& disk) {
    CreateWith(disk, "a", "x");
    const std::string long_name(kNameBytesMax + 1, 'n');
    for (const absl::string_view path :
         {absl::string_view("/a"), absl::string_view("a/"),
          absl::string_view("a//b"), absl::string_view("."),
          absl::string_view(".."), absl::string_view("a/../b"),
          absl::string_view("../a"), absl::string_view("a\0b", 3),
          absl::string_view(kLockName), absl::string_view(long_name)}) {
      SCOPED_TRACE(path);
      EXPECT_EQ(OpenCode(disk, path, OpenMode::kRead), kInvalid);
      EXPECT_EQ(OpenCode(disk, path, OpenMode::kCreateExclusive), kInvalid);
      EXPECT_EQ(disk.CreateDirectory(path).code(), kInvalid);
      EXPECT_EQ(disk.Rename("a", path).code(), kInvalid);
      EXPECT_EQ(disk.Rename(path, "a").code(), kInvalid);
      EXPECT_EQ(disk.Remove(path).code(), kInvalid);
      EXPECT_EQ(disk.List(path).status().code(), kInvalid);
      EXPECT_EQ(disk.SyncDirectory(path).code(), kInvalid);
    }
    EXPECT_EQ(OpenCode(disk, "", OpenMode::kRead), kInvalid);
    EXPECT_EQ(disk.Remove("").code(), kInvalid);
    const std::string name(kNameBytesMax, 'n');
    CreateWith(disk, name, "long");
    EXPECT_EQ(TextOf(disk, name), "long");
  });
}

TEST_P(DiskTest, ListIsSortedAndKnowsOnlyItsOwnDirectory) {
  Run([](Disk& disk) {
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_TRUE(disk.CreateDirectory("d/e").ok());
    for (const char* path : {"d/b", "d-b", "c", "d/e/x", "d.b", "a", "d/a"}) {
      Create(disk, path);
    }
    EXPECT_EQ(ListText(disk, ""), "a c d d-b d.b");
    EXPECT_EQ(ListText(disk, "d"), "a b e");
    EXPECT_EQ(ListText(disk, "d/e"), "x");
    EXPECT_EQ(ListText(disk, "x"), "NOT_FOUND");
    EXPECT_EQ(ListText(disk, "a"), "NOT_FOUND");
  });
}

TEST_P(DiskTest, CreateDirectoryIsHappyWithOneThatIsThere) {
  Run([](Disk& disk) {
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    Create(disk, "d/a");
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_EQ(ListText(disk, "d"), "a");
    EXPECT_EQ(disk.CreateDirectory("d/a").code(), kAlreadyExists);
    EXPECT_EQ(disk.CreateDirectory("x/y").code(), kNotFound);
    EXPECT_EQ(disk.CreateDirectory("d/a/y").code(), kNotFound);
  });
}

TEST_P(DiskTest, RenameReplacesWhatIsThere) {
  Run([](Disk& disk) {
    CreateWith(disk, "a", "A");
    CreateWith(disk, "b", "B");
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_TRUE(disk.Rename("a", "b").ok());
    EXPECT_EQ(ListText(disk, ""), "b d");
    EXPECT_EQ(TextOf(disk, "b"), "A");
    EXPECT_TRUE(disk.Rename("b", "d/c").ok());
    EXPECT_EQ(TextOf(disk, "d/c"), "A");
    EXPECT_TRUE(disk.Rename("d/c", "d/c").ok());
    EXPECT_EQ(TextOf(disk, "d/c"), "A");
  });
}

TEST_P(DiskTest, RenameSaysWhatIsWrong) {
  Run([](Disk& disk) {
    CreateWith(disk, "a", "A");
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_EQ(disk.Rename("b", "c").code(), kNotFound);
    EXPECT_EQ(disk.Rename("a", "x/a").code(), kNotFound);
    EXPECT_EQ(disk.Rename("a", "a/b").code(), kNotFound);
    EXPECT_EQ(disk.Rename("d", "e").code(), kPrecondition);
    EXPECT_EQ(disk.Rename("a", "d").code(), kPrecondition);
    EXPECT_EQ(ListText(disk, ""), "a d");
  });
}

TEST_P(DiskTest, AHandleFollowsItsFileThroughRenameAndRemoval) {
  Run([](Disk& disk) {
    const auto file = Create(disk, "a");
    Write(*file, 0, "1");
    EXPECT_TRUE(disk.Rename("a", "b").ok());
    Write(*file, 1, "2");
    EXPECT_EQ(TextOf(disk, "b"), "12");
    CreateWith(disk, "a", "another");
    EXPECT_TRUE(disk.Remove("b").ok());
    Write(*file, 2, "3");
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_EQ(Read(*file, 0, 10), "123");
    EXPECT_EQ(ListText(disk, ""), "a");
  });
}

TEST_P(DiskTest, RemoveSaysWhatIsWrong) {
  Run([](Disk& disk) {
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_EQ(disk.Remove("a").code(), kNotFound);
    EXPECT_EQ(disk.Remove("x/a").code(), kNotFound);
    EXPECT_EQ(disk.Remove("d").code(), kPrecondition);
    EXPECT_EQ(ListText(disk, ""), "d");
  });
}

TEST_P(DiskTest, DirectoriesThatAreThereCanBeSynced) {
  Run([](Disk& disk) {
    CreateWith(disk, "a", "x");
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    EXPECT_TRUE(disk.SyncDirectory("").ok());
    EXPECT_TRUE(disk.SyncDirectory("d").ok());
    EXPECT_EQ(disk.SyncDirectory("x").code(), kNotFound);
    EXPECT_EQ(disk.SyncDirectory("a").code(), kNotFound);
  });
}

// ---- processes

TEST_P(DiskTest, TheNextProcessFindsEverything) {
  Run([](Disk& disk) {
    EXPECT_TRUE(disk.CreateDirectory("d").ok());
    CreateWith(disk, "d/a", "left behind");
  });
  Run([](Disk& disk) { EXPECT_EQ(TextOf(disk, "d/a"), "left behind"); });
}

TEST_P(DiskTest, TheLockIsHeldUntilTheProcessEnds) {
  for (int process = 0; process < 2; ++process) {
    Run([](Disk& disk) {
      EXPECT_TRUE(disk.Lock().ok());
      EXPECT_EQ(disk.Lock().code(), kPrecondition);
      EXPECT_EQ(ListText(disk, ""), "");
    });
  }
}

// ---- the twins against each other

// Takes a random step on a disk and says what came of it. The same dice give
// the same step.
class Walker {
 public:
  Walker(Disk& disk, uint64_t seed)
      : disk_(disk), dice_(runtime::StreamSeed(seed, "walk")) {}

  std::string Step() {
    const std::string path = DrawPath();
    const std::string other = DrawPath();
    const std::string directory = kDirectories[dice_.Below(4)];
    switch (dice_.Below(10)) {
      case 0:
        return Say("mkdir", directory, disk_.CreateDirectory(directory));
      case 1:
        return Say("rename", path, disk_.Rename(path, other));
      case 2:
        return Say("remove", path, disk_.Remove(path));
      case 3:
        return absl::StrCat("list ", directory, " ",
                            ListText(disk_, directory));
      case 4:
        return Say("sync", directory, disk_.SyncDirectory(directory));
      case 5:
      case 6:
        return OpenOne(path);
      default:
        return UseOne();
    }
  }

 private:
  static constexpr const char* kDirectories[] = {"", "d", "e", "d/f"};

  static std::string Say(absl::string_view what, absl::string_view path,
                         const absl::Status& status) {
    return absl::StrCat(what, " ", path, " ",
                        absl::StatusCodeToString(status.code()));
  }

  std::string DrawPath() {
    const std::string directory = kDirectories[dice_.Below(4)];
    const char name = static_cast<char>('a' + dice_.Below(5));
    return absl::StrCat(directory, directory.empty() ? "" : "/",
                        std::string(1, name));
  }

  std::string OpenOne(const std::string& path) {
    const OpenMode mode =
        dice_.Below(2) == 0 ? OpenMode::kReadWrite : OpenMode::kCreateExclusive;
    auto file = disk_.Open(path, mode);
    if (file.ok()) {
      if (files_.size() == 4) files_.erase(files_.begin());
      files_.push_back(*std::move(file));
    }
    return Say("open", path, file.status());
  }

  std::string UseOne() {
    if (files_.empty()) return "nothing open";
    File& file = *files_[dice_.Below(files_.size())];
    const uint64_t offset = dice_.Below(20'000);
    const uint64_t length = dice_.Below(5'000);
    switch (dice_.Below(6)) {
      case 0:
        return Say("cut", "", file.Truncate(offset));
      case 1:
        return Say("preallocate", "", file.Preallocate(offset));
      case 2:
        return Say("sync", "", file.SyncData());
      case 3:
        return absl::StrCat("read ", Read(file, offset, length));
      case 4:
        return absl::StrCat("all ", Read(file, 0, *file.Size()));
      default:
        const char letter = static_cast<char>('a' + dice_.Below(26));
        Write(file, offset, std::string(length, letter));
        return "written";
    }
  }

  Disk& disk_;
  runtime::Random dice_;
  std::vector<std::unique_ptr<File>> files_;
};

TEST(DiskTwinsTest, TheSameCallsGiveTheSameAnswers) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    conformance::MakeRealHome()->Run([seed](Disk& real) {
      conformance::MakeSimulatedHome()->Run([&real, seed](Disk& simulated) {
        Walker one(real, seed);
        Walker other(simulated, seed);
        for (int step = 0; step < 250; ++step) {
          const std::string really = one.Step();
          const std::string simulatedly = other.Step();
          ASSERT_EQ(really, simulatedly) << "step " << step;
        }
      });
    });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace persist
