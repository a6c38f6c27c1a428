#include "sim/sim_volume.h"

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "runtime/bytes.h"
#include "runtime/random.h"

namespace sim {
namespace {

using persist::OpenMode;

constexpr uint64_t kRoomy = uint64_t{1} << 30;

// A volume and the words in which the tests speak of it.
class Box {
 public:
  SimVolume volume;

  SimVolume::FilePtr Create(absl::string_view path) {
    auto file = volume.Open(path, OpenMode::kCreateExclusive);
    EXPECT_TRUE(file.ok()) << file.status();
    return *file;
  }
  // Creates a file whose bytes, but not whose name, are durable.
  void CreateSynced(absl::string_view path, absl::string_view text) {
    const SimVolume::FilePtr file = Create(path);
    Write(*file, text);
    volume.Sync(*file);
  }
  void Write(SimFile& file, absl::string_view text) {
    const std::span<const std::byte> bytes = runtime::AsBytes(text);
    EXPECT_TRUE(volume.Write(file, 0, {&bytes, 1}, kRoomy).ok());
  }
  void SyncDirectory(absl::string_view path) {
    EXPECT_TRUE(volume.SyncDirectory(path).ok());
  }
  PowerOffTally PowerOff(CrashLayout layout, uint64_t seed = 1) {
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    return volume.PowerOff(layout, 0, dice);
  }
  // "a=text b=text", of the files in the root.
  std::string Files() {
    std::vector<std::string> files;
    const auto names = volume.List("");
    for (const std::string& name : *names) {
      auto file = volume.Open(name, OpenMode::kRead);
      if (!file.ok()) continue;
      std::string text((*file)->size(), '?');
      (*file)->Read(0, std::as_writable_bytes(std::span(text)));
      files.push_back(absl::StrCat(name, "=", text));
    }
    return absl::StrJoin(files, " ");
  }
};

// Every outcome that a power failure has over many seeds.
template <class Prepare>
std::set<std::string> Outcomes(Prepare prepare) {
  std::set<std::string> outcomes;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Box box;
    prepare(box);
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    box.volume.PowerOff(std::nullopt, 0, dice);
    outcomes.insert(box.Files());
  }
  return outcomes;
}

using Set = std::set<std::string>;

TEST(SimVolumeTest, ANameIsDurableAfterTheSyncOfItsDirectory) {
  EXPECT_EQ(Outcomes([](Box& box) { box.CreateSynced("a", "1"); }),
            (Set{"", "a=1"}));
  EXPECT_EQ(Outcomes([](Box& box) {
              box.CreateSynced("a", "1");
              box.SyncDirectory("");
            }),
            (Set{"a=1"}));
}

TEST(SimVolumeTest, ADurableNameMayHoldAnEmptyFile) {
  EXPECT_EQ(Outcomes([](Box& box) {
              box.Write(*box.Create("a"), "1");
              box.SyncDirectory("");
            }),
            (Set{"a=", "a=1", std::string("a=\0", 3)}));
}

TEST(SimVolumeTest, AnUnsyncedRemovalMayComeBack) {
  const auto remove = [](Box& box) {
    box.CreateSynced("a", "1");
    box.SyncDirectory("");
    EXPECT_TRUE(box.volume.Remove("a").ok());
  };
  EXPECT_EQ(Outcomes(remove), (Set{"", "a=1"}));
  EXPECT_EQ(Outcomes([&](Box& box) {
              remove(box);
              box.SyncDirectory("");
            }),
            (Set{""}));
}

TEST(SimVolumeTest, ARenameHappensAsAWholeOrNotAtAll) {
  EXPECT_EQ(Outcomes([](Box& box) {
              box.CreateSynced("a", "old");
              box.SyncDirectory("");
              box.CreateSynced("b", "new");
              box.SyncDirectory("");
              EXPECT_TRUE(box.volume.Rename("b", "a").ok());
            }),
            (Set{"a=old b=new", "a=new"}));
}

TEST(SimVolumeTest, ARenameDoesNotOutliveTheCreationItRestsOn) {
  EXPECT_EQ(Outcomes([](Box& box) {
              box.CreateSynced("a", "1");
              EXPECT_TRUE(box.volume.Rename("a", "b").ok());
              EXPECT_TRUE(box.volume.Rename("b", "c").ok());
            }),
            (Set{"", "a=1", "b=1", "c=1"}));
}

TEST(SimVolumeTest, OperationsOnOtherNamesSurviveInAnyOrder) {
  EXPECT_EQ(Outcomes([](Box& box) {
              box.CreateSynced("a", "1");
              box.CreateSynced("b", "2");
            }),
            (Set{"", "a=1", "b=2", "a=1 b=2"}));
}

TEST(SimVolumeTest, ARenameBetweenDirectoriesNeedsBothSyncs) {
  const auto move = [](Box& box) {
    EXPECT_TRUE(box.volume.CreateDirectory("d").ok());
    box.CreateSynced("d/a", "1");
    box.SyncDirectory("");
    box.SyncDirectory("d");
    EXPECT_TRUE(box.volume.Rename("d/a", "b").ok());
    box.SyncDirectory("");
  };
  EXPECT_EQ(Outcomes(move), (Set{"", "b=1"}));
  EXPECT_EQ(Outcomes([&](Box& box) {
              move(box);
              box.SyncDirectory("d");
            }),
            (Set{"b=1"}));
}

TEST(SimVolumeTest, ASyncMakesDurableWhatItsOperationsRestOn) {
  EXPECT_EQ(Outcomes([](Box& box) {
              EXPECT_TRUE(box.volume.CreateDirectory("d").ok());
              box.CreateSynced("d/a", "1");
              box.SyncDirectory("");
              box.SyncDirectory("d");
              EXPECT_TRUE(box.volume.Rename("d/a", "b").ok());
              EXPECT_TRUE(box.volume.Rename("b", "c").ok());
              box.SyncDirectory("");
            }),
            (Set{"c=1"}));
}

TEST(SimVolumeTest, AFileIsLostWithTheDirectoryItIsIn) {
  std::set<bool> there;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Box box;
    EXPECT_TRUE(box.volume.CreateDirectory("d").ok());
    box.CreateSynced("d/a", "1");
    box.SyncDirectory("d");
    EXPECT_FALSE(box.volume.Shadow("d/a").has_value());
    box.PowerOff(CrashLayout::kSubset, seed);
    const bool directory = box.volume.List("d").ok();
    EXPECT_EQ(directory, box.volume.Open("d/a", OpenMode::kRead).ok());
    EXPECT_EQ(directory, box.volume.Shadow("d/a").has_value());
    there.insert(directory);
  }
  EXPECT_EQ(there.size(), 2u);
}

TEST(SimVolumeTest, AFailedDirectorySyncLies) {
  EXPECT_EQ(Outcomes([](Box& box) {
              box.CreateSynced("a", "1");
              EXPECT_TRUE(box.volume.FailSyncDirectory("").ok());
              box.SyncDirectory("");
            }),
            (Set{""}));
}

TEST(SimVolumeTest, WhatIsWrittenToARemovedFileIsSeenByItsHandle) {
  Box box;
  const SimVolume::FilePtr file = box.Create("a");
  EXPECT_TRUE(box.volume.Remove("a").ok());
  box.Write(*file, "still here");
  box.volume.Sync(*file);
  std::string text(10, '?');
  EXPECT_EQ(file->Read(0, std::as_writable_bytes(std::span(text))), 10u);
  EXPECT_EQ(text, "still here");
  EXPECT_EQ(box.Files(), "");
}

TEST(SimVolumeTest, AFullDiskTakesWhatFits) {
  Box box;
  const SimVolume::FilePtr a = box.Create("a");
  EXPECT_TRUE(box.volume.Resize(*a, 900, 1000).ok());
  const SimVolume::FilePtr b = box.Create("b");
  const std::string text(200, 'x');
  const std::span<const std::byte> bytes = runtime::AsBytes(text);
  EXPECT_EQ(box.volume.Write(*b, 0, {&bytes, 1}, 1000).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(b->size(), 100u);
  EXPECT_EQ(box.volume.Resize(*a, 901, 1000).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(a->size(), 900u);
  // Room that was set aside is there.
  EXPECT_TRUE(box.volume.Write(*a, 0, {&bytes, 1}, 1000).ok());
  EXPECT_TRUE(box.volume.Remove("a").ok());
  EXPECT_TRUE(box.volume.Write(*b, 0, {&bytes, 1}, 1000).ok());
}

// The observers alone are enough to know every durable file and its bytes.
class Follower {
 public:
  explicit Follower(SimVolume& volume) : volume_(volume) {
    volume.SetNameObserver([this](absl::string_view path, bool durable) {
      files_.erase(std::string(path));
      if (durable) files_[std::string(path)];
    });
    volume.SetDurableObserver([this](absl::string_view path, uint64_t offset,
                                     std::span<const std::byte> bytes) {
      std::string& text = files_.at(std::string(path));
      if (text.size() < offset + bytes.size()) {
        text.resize(offset + bytes.size());
      }
      std::memcpy(text.data() + offset, bytes.data(), bytes.size());
    });
  }

  void ExpectShadow() {
    const std::vector<std::string> paths = volume_.ShadowPaths();
    ASSERT_EQ(paths.size(), files_.size());
    for (const std::string& path : paths) {
      ASSERT_TRUE(files_.contains(path)) << path;
      const ShadowFile shadow = *volume_.Shadow(path);
      std::string text(shadow.size(), '?');
      shadow.Read(0, std::as_writable_bytes(std::span(text)));
      files_[path].resize(shadow.size());
      ASSERT_EQ(files_[path], text) << path;
    }
  }

 private:
  SimVolume& volume_;
  std::map<std::string, std::string> files_;
};

void ActAtRandom(Box& box, runtime::Random& dice) {
  static const char* const kPaths[] = {"a", "b", "d/a", "d/b", "d/e/a"};
  static const char* const kDirectories[] = {"", "d", "d/e"};
  const std::string path = kPaths[dice.Below(5)];
  const std::string other = kPaths[dice.Below(5)];
  const std::string directory = kDirectories[dice.Below(3)];
  const uint64_t act = dice.Below(9);
  const auto file = box.volume.Open(path, OpenMode::kReadWrite);
  if (act == 0) box.volume.CreateDirectory(directory).IgnoreError();
  if (act == 1) {
    box.volume.Open(path, OpenMode::kCreateExclusive).status().IgnoreError();
  }
  if (act == 2) box.volume.Rename(path, other).IgnoreError();
  if (act == 3) box.volume.Remove(path).IgnoreError();
  if (act == 4) box.volume.SyncDirectory(directory).IgnoreError();
  if (act == 5 && file.ok()) box.volume.Sync(**file);
  if (act == 6 && dice.Below(6) == 0) {
    box.volume.PowerOff(std::nullopt, 0, dice);
  }
  if (act >= 7 && file.ok()) {
    const uint64_t length = 1 + dice.Below(2000);
    const char letter = static_cast<char>('a' + dice.Below(26));
    box.Write(**file, std::string(length, letter));
  }
}

TEST(SimVolumeTest, ObserversKnowTheWholeShadow) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Box box;
    Follower follower(box.volume);
    runtime::Random dice(runtime::StreamSeed(seed, "acts"));
    for (int step = 0; step < 100; ++step) {
      ActAtRandom(box, dice);
      ASSERT_NO_FATAL_FAILURE(follower.ExpectShadow()) << "step " << step;
    }
    // Nothing of it is ever lost.
    const std::vector<std::string> sure = box.volume.ShadowPaths();
    box.PowerOff(CrashLayout::kNothing);
    EXPECT_EQ(box.volume.ShadowPaths(), sure);
    ASSERT_NO_FATAL_FAILURE(follower.ExpectShadow());
    box.volume.Wipe();
    ASSERT_NO_FATAL_FAILURE(follower.ExpectShadow());
    EXPECT_TRUE(box.volume.ShadowPaths().empty());
  }
}

}  // namespace
}  // namespace sim
