#include "prod/disk_watch.h"

#include "gtest/gtest.h"

namespace prod {
namespace {

using runtime::Instant;

const Instant kStart = Instant::FromNanos(1'000'000'000);

TEST(DiskWatchTest, ACallThatHangsIsToldSoonAndThenLessOften) {
  DiskCounters disk;
  DiskWatch watch(disk, 0);
  EXPECT_FALSE(watch.Look(kStart).stalled) << "nothing is under way";
  disk.call.Begin("sync", kStart);
  int told = 0;
  for (int halves = 1; halves <= 20; ++halves) {
    const Instant now = kStart + halves * absl::Milliseconds(500);
    if (watch.Look(now).stalled) {
      if (told++ == 0) {
        EXPECT_EQ(now, kStart + absl::Seconds(1));
      }
    }
  }
  EXPECT_EQ(told, 4) << "after 1, 2, 4 and 8 seconds";
  disk.call.End();
  EXPECT_FALSE(watch.Look(kStart + absl::Seconds(30)).stalled);
  disk.call.Begin("write", kStart + absl::Seconds(30));
  EXPECT_FALSE(watch.Look(kStart + absl::Seconds(30)).stalled);
  EXPECT_TRUE(watch.Look(kStart + absl::Seconds(31)).stalled);
}

TEST(DiskWatchTest, ALongStallIsToldOnceAMinute) {
  DiskCounters disk;
  DiskWatch watch(disk, 0);
  disk.call.Begin("sync", kStart);
  int told = 0;
  for (int seconds = 600; seconds < 1200; ++seconds) {
    if (watch.Look(kStart + absl::Seconds(seconds)).stalled) ++told;
  }
  EXPECT_EQ(told, 10);
}

TEST(DiskWatchTest, LittleSpaceIsToldAndAgainAfterTenMinutes) {
  DiskCounters disk;
  DiskWatch watch(disk, 1000);
  EXPECT_FALSE(watch.Look(kStart).space_low) << "it is not known yet";
  disk.size_bytes.Set(5000);
  disk.free_bytes.Set(1000);
  EXPECT_FALSE(watch.Look(kStart).space_low);
  disk.free_bytes.Set(999);
  EXPECT_TRUE(watch.Look(kStart).space_low);
  EXPECT_FALSE(watch.Look(kStart + absl::Minutes(9)).space_low);
  EXPECT_TRUE(watch.Look(kStart + absl::Minutes(10)).space_low);
  disk.free_bytes.Set(2000);
  EXPECT_FALSE(watch.Look(kStart + absl::Minutes(11)).space_low);
  disk.free_bytes.Set(10);
  EXPECT_TRUE(watch.Look(kStart + absl::Minutes(12)).space_low);
}

}  // namespace
}  // namespace prod
