#include "sim/sim_file.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/bytes.h"
#include "runtime/random.h"

namespace sim {
namespace {

using Content = std::vector<std::byte>;

constexpr size_t kSector = persist::kSectorBytes;
constexpr CrashLayout kLayouts[] = {CrashLayout::kNothing,
                                    CrashLayout::kEverything,
                                    CrashLayout::kPrefix, CrashLayout::kSubset};

void Ignore(uint64_t, std::span<const std::byte>) {}

Content Fill(size_t size, uint8_t value) {
  return Content(size, std::byte{value});
}

Content Cached(const SimFile& file) {
  Content content(file.size());
  EXPECT_EQ(file.Read(0, content), content.size());
  return content;
}

Content Durable(const SimFile& file) {
  Content content(file.durable_size());
  EXPECT_EQ(file.ReadDurable(0, content), content.size());
  return content;
}

// The bytes [begin, end) of `content`, with zeros behind its end.
Content Slice(const Content& content, size_t begin, size_t end) {
  Content slice(end - begin);
  for (size_t at = begin; at < std::min(end, content.size()); ++at) {
    slice[at - begin] = content[at];
  }
  return slice;
}

// A few random writes and, if asked for, cuts. Every byte written is new.
class Scribbler {
 public:
  explicit Scribbler(uint64_t seed)
      : dice_(runtime::StreamSeed(seed, "scribble")) {}

  void Write(SimFile& file) {
    const uint64_t offset = dice_.Below(6 * kSector);
    const uint64_t size = 1 + dice_.Below(3 * kSector);
    Content bytes(size);
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(1 + dice_.Below(255));
    }
    file.Write(offset, bytes);
  }
  void Resize(SimFile& file) { file.Resize(dice_.Below(8 * kSector)); }

  runtime::Random& dice() { return dice_; }

 private:
  runtime::Random dice_;
};

TEST(SimFileTest, HolesReadAsZeros) {
  SimFile file(1);
  file.Write(10'000, Fill(3, 7));
  EXPECT_EQ(file.size(), 10'003u);
  Content expected(10'003);
  std::fill(expected.begin() + 10'000, expected.end(), std::byte{7});
  EXPECT_EQ(Cached(file), expected);
  EXPECT_EQ(file.Read(10'003, expected), 0u);
}

TEST(SimFileTest, BytesBehindACutAreZerosWhenTheFileGrowsAgain) {
  SimFile file(1);
  file.Write(0, Fill(5000, 7));
  file.Resize(100);
  file.Resize(5000);
  Content expected(5000);
  std::fill_n(expected.begin(), 100, std::byte{7});
  EXPECT_EQ(Cached(file), expected);
}

// Every layout, many seeds: whatever a power failure leaves, each sector is
// what was durable or what was written last, and the length is one that the
// file had or grew through.
TEST(SimFileTest, APowerFailureLeavesOldOrNewSectorsAndNothingElse) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    for (const CrashLayout layout : kLayouts) {
      Scribbler scribbler(seed);
      SimFile file(1);
      for (int i = 0; i < 3; ++i) scribbler.Write(file);
      file.Sync(Ignore);
      const Content before = Cached(file);
      for (int i = 0; i < 3; ++i) scribbler.Write(file);
      const Content after = Cached(file);
      ASSERT_EQ(Durable(file), before);

      file.PowerOff(layout, 0, scribbler.dice(), Ignore);
      const Content left = Cached(file);
      ASSERT_EQ(Durable(file), left);
      ASSERT_FALSE(file.has_unsynced());
      ASSERT_GE(left.size(), before.size());
      ASSERT_LE(left.size(), after.size());
      if (layout == CrashLayout::kNothing) {
        ASSERT_EQ(left, before);
      }
      if (layout == CrashLayout::kEverything) {
        ASSERT_EQ(left, after);
      }
      if (left.size() != after.size()) seen.insert("size lost");
      for (size_t begin = 0; begin < left.size(); begin += kSector) {
        const size_t end = std::min(begin + kSector, left.size());
        const Content now = Slice(left, begin, end);
        const bool is_old = now == Slice(before, begin, end);
        const bool is_new = now == Slice(after, begin, end);
        ASSERT_TRUE(is_old || is_new) << "sector at " << begin;
        if (!is_old) seen.insert("kept");
        if (!is_new) seen.insert("lost");
      }
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"kept", "lost", "size lost"}));
}

TEST(SimFileTest, APrefixLayoutLosesNothingBeforeWhatItKeeps) {
  std::set<size_t> kept;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SimFile file(1);
    file.Resize(4 * kSector);
    file.Sync(Ignore);
    file.Write(0, Fill(4 * kSector, 7));
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    file.PowerOff(CrashLayout::kPrefix, 0, dice, Ignore);
    const Content left = Cached(file);
    const auto end = std::find(left.begin(), left.end(), std::byte{0});
    EXPECT_TRUE(std::all_of(
        end, left.end(), [](std::byte byte) { return byte == std::byte{0}; }));
    kept.insert(static_cast<size_t>(end - left.begin()) / kSector);
  }
  EXPECT_EQ(kept, (std::set<size_t>{0, 1, 2, 3, 4}));
}

TEST(SimFileTest, AnUnsyncedCutIsUndoneOrDoneAsOne) {
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SimFile file(1);
    file.Write(0, Fill(8 * kSector, 7));
    file.Sync(Ignore);
    file.Resize(700);
    file.Write(700, Fill(3000, 8));
    EXPECT_EQ(file.durable_size(), 700u);
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    file.PowerOff(kLayouts[seed % 4], 0, dice, Ignore);
    const Content left = Cached(file);
    // Sector 1 holds the cut; its front was never in doubt.
    EXPECT_EQ(Slice(left, 0, 700), Fill(700, 7));
    if (left.size() == 8 * kSector) {
      EXPECT_EQ(left, Fill(8 * kSector, 7));
      seen.insert("undone");
      continue;
    }
    ASSERT_LE(left.size(), 3700u);
    for (size_t at = 700; at < left.size(); ++at) {
      ASSERT_NE(left[at], std::byte{7}) << "byte " << at << " is back";
    }
    seen.insert(left.size() == 700 ? "cut" : "cut and grown");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"undone", "cut", "cut and grown"}));
}

TEST(SimFileTest, AFailedSyncLiesFromThenOn) {
  SimFile file(1);
  file.Write(0, Fill(2 * kSector, 1));
  file.Sync(Ignore);
  file.Write(0, Fill(kSector, 2));
  file.Write(2 * kSector, Fill(kSector, 2));  // Grows.
  const Content shown = Cached(file);
  file.FailSync();
  file.Sync(Ignore);  // "Succeeds".
  EXPECT_EQ(Cached(file), shown);
  EXPECT_EQ(Durable(file), Fill(2 * kSector, 1));
  runtime::Random dice(1);
  file.PowerOff(CrashLayout::kEverything, 0, dice, Ignore);
  EXPECT_EQ(Cached(file), Fill(2 * kSector, 1));
}

TEST(SimFileTest, WritingAgainAndSyncingEndsTheLie) {
  SimFile file(1);
  file.Write(0, Fill(3 * kSector, 2));
  file.FailSync();
  file.Write(0, Fill(3 * kSector, 2));
  file.Sync(Ignore);
  runtime::Random dice(1);
  file.PowerOff(CrashLayout::kNothing, 0, dice, Ignore);
  EXPECT_EQ(Cached(file), Fill(3 * kSector, 2));
}

TEST(SimFileTest, BytesThatBecomeDurableBringTheirSize) {
  SimFile file(1);
  file.Write(0, Fill(3 * kSector, 1));
  file.FailSync();
  // The size passes for clean; the sector does not.
  file.Write(2 * kSector, Fill(kSector, 2));
  file.Sync(Ignore);
  EXPECT_EQ(file.durable_size(), 3 * kSector);
  EXPECT_EQ(Slice(Durable(file), 0, 2 * kSector), Fill(2 * kSector, 0));
  EXPECT_EQ(Slice(Durable(file), 2 * kSector, 3 * kSector), Fill(kSector, 2));
}

TEST(SimFileTest, ACutThatIsDurableBringsNothingBackFromALie) {
  SimFile file(1);
  file.Write(0, Fill(3 * kSector, 1));
  file.Sync(Ignore);
  file.Write(kSector, Fill(2 * kSector, 2));
  file.FailSync();
  file.Resize(kSector);
  file.Resize(3 * kSector);
  file.FailSync();
  file.Resize(2 * kSector);  // The length is dirty again, the bytes are not.
  file.Sync(Ignore);
  runtime::Random dice(1);
  file.PowerOff(CrashLayout::kNothing, 0, dice, Ignore);
  EXPECT_EQ(Slice(Cached(file), kSector, 2 * kSector), Fill(kSector, 0));
}

TEST(SimFileTest, WritebackMakesAnOlderVersionDurable) {
  SimFile file(1);
  file.Write(0, Fill(kSector, 1));
  runtime::Random dice(1);
  EXPECT_TRUE(file.WriteBack(dice, Ignore));
  file.Write(0, Fill(kSector, 2));
  file.PowerOff(CrashLayout::kNothing, 0, dice, Ignore);
  EXPECT_EQ(Cached(file), Fill(kSector, 1));
}

TEST(SimFileTest, OnlyUnsyncedSectorsAreEverTorn) {
  uint64_t torn = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SimFile file(1);
    file.Write(0, Fill(6 * kSector, 1));
    file.Sync(Ignore);
    file.Write(2 * kSector, Fill(2 * kSector, 2));
    runtime::Random dice(runtime::StreamSeed(seed, "crash"));
    torn +=
        file.PowerOff(CrashLayout::kSubset, 500'000, dice, Ignore).sectors_torn;
    const Content left = Cached(file);
    EXPECT_EQ(Slice(left, 0, 2 * kSector), Fill(2 * kSector, 1));
    EXPECT_EQ(Slice(left, 4 * kSector, 6 * kSector), Fill(2 * kSector, 1));
  }
  EXPECT_GT(torn, 0u);
}

// Whoever follows the reports knows the durable bytes, whatever happens.
TEST(SimFileTest, TheReportsAddUpToTheShadow) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Scribbler scribbler(seed);
    runtime::Random& dice = scribbler.dice();
    SimFile file(1);
    Content mirror;
    const auto follow = [&](uint64_t offset, std::span<const std::byte> bytes) {
      mirror.resize(std::max(mirror.size(), size_t{offset} + bytes.size()));
      std::memcpy(mirror.data() + offset, bytes.data(), bytes.size());
    };
    for (int step = 0; step < 40; ++step) {
      const uint64_t version = file.durable_version();
      const Content was = Durable(file);
      const uint64_t act = dice.Below(8);
      if (act < 3) scribbler.Write(file);
      if (act == 3) scribbler.Resize(file);
      if (act == 4) file.Sync(follow);
      if (act == 5) file.WriteBack(dice, follow);
      if (act == 6) file.FailSync();
      if (act == 7) {
        const uint64_t layout = dice.Below(kCrashLayouts);
        file.PowerOff(kLayouts[layout], 100'000, dice, follow);
        ASSERT_EQ(Cached(file), Durable(file));
      }
      mirror.resize(file.durable_size());
      const Content is = Durable(file);
      ASSERT_EQ(mirror, is) << "step " << step << ", act " << act;
      if (was != is) {
        ASSERT_NE(version, file.durable_version());
      }

      Content visited(file.durable_size());
      file.VisitDurable([&](uint64_t offset, std::span<const std::byte> bytes) {
        std::memcpy(visited.data() + offset, bytes.data(), bytes.size());
      });
      ASSERT_EQ(visited, is);
    }
  }
}

}  // namespace
}  // namespace sim
