#include "sim/sim_disk.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "runtime/remote_channel.h"
#include "sim/world.h"
#include "tests/sim/disk_machine.h"

namespace sim {
namespace {

TEST(SimDiskTest, CallsTakeTheTimeThatTheKnobsSay) {
  Machine machine(1);
  machine.Run([](persist::Disk& disk, runtime::Executor& executor) {
    const auto file = Create(disk, "a");
    const runtime::Instant before = executor.Now();
    EXPECT_TRUE(file->SyncData().ok());
    const absl::Duration took = executor.Now() - before;
    EXPECT_GE(took, DiskKnobs().sync_latency_min);
    EXPECT_LE(took, DiskKnobs().sync_latency_max + absl::Milliseconds(1));
  });
}

TEST(SimDiskTest, ThePageCacheSurvivesAKill) {
  Machine machine(1);
  machine.Boot([](persist::Disk& disk, runtime::Executor& executor) {
    const auto file = Create(disk, "a");
    EXPECT_TRUE(Write(*file, 0, "unsynced").ok());
    executor.SleepFor(absl::Hours(1)).IgnoreError();
  });
  machine.world.RunFor(absl::Seconds(1));
  machine.world.Kill(machine.host);
  EXPECT_EQ(Find(machine, "a"), "unsynced");
  EXPECT_EQ(machine.Struck("disk.power_off_with_unsynced"), 0u);
  // And is as unsynced as before.
  machine.disk().SetCrashLayout(CrashLayout::kNothing);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), "absent");
  EXPECT_EQ(machine.Struck("disk.power_off_with_unsynced"), 1u);
  EXPECT_EQ(machine.Struck("disk.name_lost"), 1u);
}

TEST(SimDiskTest, WhatWasSyncedSurvivesEveryPowerFailure) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Machine machine(seed);
    machine.Run([](persist::Disk& disk, runtime::Executor&) {
      CreateDurable(disk, "a", "durable");
      const auto file = *disk.Open("a", OpenMode::kReadWrite);
      EXPECT_TRUE(Write(*file, 5 * kSector, "not yet").ok());
    });
    machine.world.PowerOff(machine.host);
    EXPECT_EQ(Find(machine, "a").substr(0, 7), "durable");
  }
}

TEST(SimDiskTest, PowerFailuresLoseKeepAndTear) {
  std::map<std::string, uint64_t> struck;
  std::set<std::string> left;
  Knobs knobs;
  knobs.disk.torn_sector_ppm = 100'000;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Machine machine(seed, knobs);
    machine.Run([](persist::Disk& disk, runtime::Executor&) {
      CreateDurable(disk, "a", std::string(3 * kSector, 'o'));
      const auto a = *disk.Open("a", OpenMode::kReadWrite);
      EXPECT_TRUE(Write(*a, 0, std::string(4 * kSector, 'n')).ok());
      Create(disk, "b");
    });
    machine.world.PowerOff(machine.host);
    const std::string text = Find(machine, "a");
    for (size_t at = 0; at < text.size(); at += kSector) {
      const std::string sector = text.substr(at, kSector);
      if (sector == std::string(kSector, 'o')) left.insert("old");
      if (sector == std::string(kSector, 'n')) left.insert("new");
    }
    for (const auto& [kind, count] : machine.world.fault_counts().by_kind) {
      struck[kind] += count;
    }
  }
  EXPECT_EQ(left, (std::set<std::string>{"old", "new"}));
  EXPECT_EQ(struck["disk.power_off_with_unsynced"], 60u);
  for (const char* kind : {"disk.sector_lost", "disk.sector_torn",
                           "disk.size_lost", "disk.name_lost"}) {
    EXPECT_GT(struck[kind], 0u) << kind;
  }
}

TEST(SimDiskTest, TheShadowIsWhatTheWorstPowerFailureLeaves) {
  Machine machine(1);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", std::string(2000, 'o'));
    const auto file = *disk.Open("a", OpenMode::kReadWrite);
    EXPECT_TRUE(Write(*file, 300, std::string(3000, 'n')).ok());
    CreateDurable(disk, "gone", "x");
    EXPECT_TRUE(disk.Remove("gone").ok());
    Create(disk, "b");
  });
  EXPECT_EQ(machine.disk().ShadowPaths(),
            (std::vector<std::string>{"a", "gone"}));
  const ShadowFile shadow = *machine.disk().Shadow("a");
  std::string certain(shadow.size(), '?');
  shadow.Read(0, std::as_writable_bytes(std::span(certain)));
  machine.disk().SetCrashLayout(CrashLayout::kNothing);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), certain);
  EXPECT_EQ(Find(machine, "gone"), "x");
  EXPECT_EQ(Find(machine, "b"), "absent");
}

TEST(SimDiskTest, AFailedSyncIsReportedOnceAndLosesTheData) {
  Machine machine(1);
  machine.Run([&](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", "old");
    const auto file = *disk.Open("a", OpenMode::kReadWrite);
    EXPECT_TRUE(Write(*file, 0, "new").ok());
    machine.disk().Order(DiskFault::kSyncFails);
    EXPECT_EQ(file->SyncData().code(), kDataLoss);
    EXPECT_TRUE(file->SyncData().ok());
    EXPECT_EQ(TextOf(disk, "a"), "new");
  });
  EXPECT_EQ(Find(machine, "a"), "new");
  machine.disk().SetCrashLayout(CrashLayout::kEverything);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), "old");
  EXPECT_EQ(machine.Struck("disk.sync_failed"), 1u);
}

TEST(SimDiskTest, FailingReadsAndWritesAreErrorsOfTheMedium) {
  Machine machine(1);
  machine.Run([&](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", std::string(100, 'o'));
    const auto file = *disk.Open("a", OpenMode::kReadWrite);
    std::string buffer(100, '?');
    machine.disk().Order(DiskFault::kReadFails);
    EXPECT_EQ(file->ReadAt(0, std::as_writable_bytes(std::span(buffer)))
                  .status()
                  .code(),
              kDataLoss);
    machine.disk().Order(DiskFault::kWriteFails);
    EXPECT_EQ(Write(*file, 0, std::string(100, 'n')).code(), kDataLoss);
    // Some prefix was written.
    const std::string text = TextOf(disk, "a");
    const size_t written =
        text.find('o') == std::string::npos ? text.size() : text.find('o');
    EXPECT_EQ(text, std::string(written, 'n') +
                        std::string(text.size() - written, 'o'));
  });
  EXPECT_EQ(machine.Struck("disk.read_failed"), 1u);
  EXPECT_EQ(machine.Struck("disk.write_failed"), 1u);
}

TEST(SimDiskTest, AStalledDeviceMakesEveryCallWait) {
  Machine machine(1);
  machine.Run([&](persist::Disk& disk, runtime::Executor& executor) {
    const auto file = Create(disk, "a");
    machine.disk().StallFor(absl::Seconds(3));
    const runtime::Instant before = executor.Now();
    EXPECT_TRUE(Write(*file, 0, "slow").ok());
    EXPECT_GE(executor.Now() - before, absl::Seconds(3));
    EXPECT_TRUE(Write(*file, 0, "fast").ok());
    EXPECT_LT(executor.Now() - before, absl::Seconds(4));
  });
  EXPECT_EQ(machine.Struck("disk.stall"), 1u);
}

TEST(SimDiskTest, AFullDiskIsResourceExhausted) {
  Knobs knobs;
  knobs.disk.capacity_bytes = 1000;
  Machine machine(1, knobs);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    const auto file = Create(disk, "a");
    EXPECT_EQ(file->Preallocate(1001).code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(file->Preallocate(1000).ok());
    EXPECT_TRUE(Write(*file, 0, std::string(1000, 'x')).ok());
    EXPECT_EQ(Write(*file, 1000, "x").code(),
              absl::StatusCode::kResourceExhausted);
  });
  EXPECT_EQ(machine.Struck("disk.full"), 2u);
}

TEST(SimDiskTest, AWriteInFlightAtTheKillHappenedOrDidNot) {
  Knobs knobs;
  knobs.disk.write_latency_min = absl::Seconds(1);
  knobs.disk.write_latency_max = absl::Seconds(1);
  std::set<std::string> found;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Machine machine(seed, knobs);
    machine.Boot([](persist::Disk& disk, runtime::Executor&) {
      const auto file = Create(disk, "a");
      Write(*file, 0, "new").IgnoreError();
      ADD_FAILURE() << "the write came back";
    });
    machine.world.RunFor(absl::Milliseconds(1500));
    machine.world.Kill(machine.host);
    found.insert(Find(machine, "a"));
  }
  EXPECT_EQ(found, (std::set<std::string>{"", "new"}));
}

TEST(SimDiskTest, BytesWrittenDuringASyncMayNotBeCovered) {
  std::set<std::string> found;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Machine machine(seed);
    machine.Run([](persist::Disk& disk, runtime::Executor& executor) {
      CreateDurable(disk, "a", "1");
      const auto file = *disk.Open("a", OpenMode::kReadWrite);
      EXPECT_TRUE(Write(*file, 0, "2").ok());
      runtime::FiberGroup group(executor);
      group.Spawn("writer", [&] { EXPECT_TRUE(Write(*file, 0, "3").ok()); });
      EXPECT_TRUE(file->SyncData().ok());
      EXPECT_TRUE(group.Join().ok());
    });
    machine.disk().SetCrashLayout(CrashLayout::kNothing);
    machine.world.PowerOff(machine.host);
    found.insert(Find(machine, "a"));
  }
  EXPECT_EQ(found, (std::set<std::string>{"2", "3"}));
}

TEST(SimDiskTest, ADeadProcessHasADeadDisk) {
  Machine machine(1);
  const auto life = std::make_shared<Life>();
  std::unique_ptr<persist::Disk> disk;
  std::unique_ptr<persist::File> file;
  machine.Run([&](persist::Disk&, runtime::Executor& executor) {
    disk = machine.disk().Attach(life, executor);
    CreateDurable(*disk, "a", "old");
    file = *disk->Open("a", OpenMode::kReadWrite);
    life->alive = false;
    const absl::StatusCode dead = absl::StatusCode::kUnavailable;
    std::string buffer(3, '?');
    const auto out = std::as_writable_bytes(std::span(buffer));
    EXPECT_EQ(Write(*file, 0, "new").code(), dead);
    EXPECT_EQ(file->ReadAt(0, out).status().code(), dead);
    EXPECT_EQ(file->SyncData().code(), dead);
    EXPECT_EQ(file->Truncate(0).code(), dead);
    EXPECT_EQ(file->Preallocate(100).code(), dead);
    EXPECT_EQ(file->Size().status().code(), dead);
    EXPECT_EQ(disk->Open("a", OpenMode::kRead).status().code(), dead);
    EXPECT_EQ(disk->List("").status().code(), dead);
    EXPECT_EQ(disk->CreateDirectory("d").code(), dead);
    EXPECT_EQ(disk->Rename("a", "b").code(), dead);
    EXPECT_EQ(disk->Remove("a").code(), dead);
    EXPECT_EQ(disk->SyncDirectory("").code(), dead);
    EXPECT_EQ(disk->Lock().code(), dead);
    EXPECT_EQ(buffer, "???");
  });
  EXPECT_EQ(Find(machine, "a"), "old");
}

TEST(SimDiskTest, TheLockGoesWithTheLifeThatTookIt) {
  Machine machine(1);
  machine.Boot([](persist::Disk& disk, runtime::Executor& executor) {
    EXPECT_TRUE(disk.Lock().ok());
    EXPECT_EQ(disk.Lock().code(), absl::StatusCode::kFailedPrecondition);
    executor.SleepFor(absl::Hours(1)).IgnoreError();
  });
  machine.world.RunFor(absl::Seconds(1));
  machine.world.Kill(machine.host);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    EXPECT_TRUE(disk.Lock().ok());
  });
}

TEST(SimDiskTest, ACrashInACallComesAfterItsEffectAndBeforeItsReturn) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Machine machine(seed);
    machine.Run([&](persist::Disk& disk, runtime::Executor&) {
      CreateDurable(disk, "a", "old");
      const auto file = *disk.Open("a", OpenMode::kReadWrite);
      EXPECT_TRUE(Write(*file, 0, "new").ok());
      machine.disk().Order(DiskFault::kCrashInCall);
      file->SyncData().IgnoreError();
      ADD_FAILURE() << "the sync came back";
    });
    EXPECT_EQ(machine.exit_code, kExitCrashed);
    EXPECT_EQ(machine.Struck("disk.crash_in_call"), 1u);
    machine.world.PowerOff(machine.host);
    EXPECT_EQ(Find(machine, "a"), "new");
  }
}

TEST(SimDiskTest, ACancelledFiberStillGetsItsCallsDone) {
  Machine machine(1);
  machine.Run([](persist::Disk& disk, runtime::Executor& executor) {
    runtime::FiberGroup group(executor);
    group.Cancel();
    group.Spawn("late", [&] { CreateDurable(disk, "a", "done"); });
    EXPECT_TRUE(group.Join().ok());
  });
  EXPECT_EQ(Find(machine, "a"), "done");
}

TEST(SimDiskTest, WritebackStrikesWithoutASync) {
  Knobs knobs;
  knobs.disk.writeback_ppm = 1'000'000;
  Machine machine(1, knobs);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", "old");
    const auto file = *disk.Open("a", OpenMode::kReadWrite);
    EXPECT_TRUE(Write(*file, 0, "new").ok());
  });
  EXPECT_GT(machine.Struck("disk.writeback"), 0u);
  machine.disk().SetCrashLayout(CrashLayout::kNothing);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), "new");
}

TEST(SimDiskTest, AReplacedDiskIsEmpty) {
  Machine machine(1);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", "old");
  });
  machine.disk().Replace();
  EXPECT_EQ(Find(machine, "a"), "absent");
  EXPECT_TRUE(machine.disk().ShadowPaths().empty());
}

TEST(SimDiskTest, CorruptionIsCountedAndFound) {
  Machine machine(1);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", "abc");
  });
  const std::byte flip{0x20};
  EXPECT_TRUE(machine.disk().Corrupt("a", 1, {&flip, 1}).ok());
  EXPECT_EQ(Find(machine, "a"), "aBc");
  EXPECT_EQ(machine.disk().Corrupt("a", 3, {&flip, 1}).code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(machine.Struck("disk.corrupted"), 1u);
}

// Every fault at once, crashes included; the run must be the same twice.
uint64_t RunStorm(uint64_t seed) {
  Knobs knobs;
  knobs.disk.sync_failure_ppm = 50'000;
  knobs.disk.write_failure_ppm = 20'000;
  knobs.disk.read_failure_ppm = 20'000;
  knobs.disk.stall_ppm = 10'000;
  knobs.disk.writeback_ppm = 300'000;
  knobs.disk.torn_sector_ppm = 100'000;
  knobs.disk.crash_in_call_ppm = 10'000;
  Machine machine(seed, knobs);
  for (int boot = 0; boot < 10; ++boot) {
    machine.Run([&](persist::Disk& disk, runtime::Executor&) {
      auto made = disk.Open("a", OpenMode::kCreateExclusive);
      if (!made.ok()) made = disk.Open("a", OpenMode::kReadWrite);
      if (!made.ok()) return;
      for (int i = 0; i < 30; ++i) {
        const uint64_t offset = static_cast<uint64_t>(i) * 700;
        Write(**made, offset, std::string(900, 'x')).IgnoreError();
        if (i % 5 == 0) (*made)->SyncData().IgnoreError();
        TextOf(disk, "b");
      }
      disk.SyncDirectory("").IgnoreError();
    });
    if (boot % 2 == 1) machine.world.PowerOff(machine.host);
  }
  return machine.world.digest().value();
}

TEST(SimDiskTest, TheSameSeedGivesTheSameRun) {
  std::set<uint64_t> digests;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const uint64_t digest = RunStorm(seed);
    EXPECT_EQ(digest, RunStorm(seed)) << "seed " << seed;
    digests.insert(digest);
  }
  EXPECT_EQ(digests.size(), 10u);
}

}  // namespace
}  // namespace sim
