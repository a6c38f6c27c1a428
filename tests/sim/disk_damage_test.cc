#include "sim/disk_damage.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/sim/disk_machine.h"

namespace sim {
namespace {

const std::string kOnes(4 * kSector, '1');
const std::string kTwos(4 * kSector, '2');

// Four sectors at rest in "a".
void FillAtRest(Machine& machine) {
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", kOnes);
  });
}

// Writes "a" anew and syncs.
void WriteAgain(Machine& machine) {
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    auto file = disk.Open("a", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(Write(**file, 0, kTwos).ok());
    EXPECT_TRUE((*file)->SyncData().ok());
  });
}

TEST(DiskDamageTest, RotFollowsFromTheContentAndReReadsAgree) {
  std::string first;
  for (const uint64_t seed : {1u, 2u}) {
    Machine machine(seed);
    FillAtRest(machine);
    ASSERT_TRUE(machine.disk().damage().Rot("a", kSector, kSector).ok());
    const std::string found = Find(machine, "a");
    EXPECT_NE(found, kOnes);
    EXPECT_EQ(found, Find(machine, "a"));
    EXPECT_EQ(found.substr(0, kSector), kOnes.substr(0, kSector));
    EXPECT_EQ(machine.Struck("disk.bit_rot"), 1u);
    if (first.empty()) first = found;
    EXPECT_EQ(found, first);
    machine.disk().damage().Mend("a", kSector, kSector);
    EXPECT_EQ(Find(machine, "a"), kOnes);
    EXPECT_TRUE(machine.disk().damage().Sectors().empty());
  }
}

TEST(DiskDamageTest, ALatentErrorFailsEveryReadUntilTheSectorIsRewritten) {
  Machine machine(1);
  FillAtRest(machine);
  ASSERT_TRUE(machine.disk().damage().MakeUnreadable("a", kSector).ok());
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    auto file = disk.Open("a", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    std::string text(kSector, '?');
    const auto bytes = std::as_writable_bytes(std::span(text));
    EXPECT_TRUE((*file)->ReadAt(0, bytes).ok());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ((*file)->ReadAt(kSector, bytes).status().code(), kDataLoss);
    }
    EXPECT_EQ(Write(**file, kSector + 1, "x").code(), kDataLoss);
    EXPECT_TRUE(Write(**file, kSector, kTwos.substr(0, kSector)).ok());
    EXPECT_TRUE((*file)->ReadAt(kSector, bytes).ok());
    EXPECT_TRUE((*file)->SyncData().ok());
  });
  EXPECT_TRUE(machine.disk().damage().Sectors().empty());
  EXPECT_EQ(machine.Struck("disk.latent_error"), 1u);
}

TEST(DiskDamageTest, AFileThatWasCutShortIsShortUntilItIsMendedOrWritten) {
  Machine machine(1);
  FillAtRest(machine);
  DiskDamage& damage = machine.disk().damage();
  EXPECT_EQ(damage.CutShort("b", kSector).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(damage.CutShort("a", kOnes.size()).code(),
            absl::StatusCode::kOutOfRange);
  ASSERT_TRUE(damage.CutShort("a", kSector + 1).ok());
  EXPECT_EQ(machine.Struck("disk.file_cut_short"), 1u);
  EXPECT_EQ(Find(machine, "a"), kOnes.substr(0, kSector + 1));
  const std::vector<DamagedSector> wrong = damage.Sectors();
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong.front().path, "a");
  EXPECT_EQ(wrong.front().offset, kSector);
  EXPECT_TRUE(wrong.front().lost);
  // Whoever may look at what the device should have still sees it.
  std::string sound(kOnes.size(), '?');
  EXPECT_EQ(machine.disk().Shadow("a")->ReadSound(
                0, std::as_writable_bytes(std::span(sound))),
            kOnes.size());
  EXPECT_EQ(sound, kOnes);

  damage.Mend("a", 0, kSector);
  EXPECT_EQ(Find(machine, "a"), kOnes);
  EXPECT_TRUE(damage.Sectors().empty());

  // What a guest writes goes on from where the file ends now.
  ASSERT_TRUE(damage.CutShort("a", kSector).ok());
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    auto file = disk.Open("a", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(Write(**file, 2 * kSector, "x").ok());
    EXPECT_TRUE((*file)->SyncData().ok());
  });
  EXPECT_EQ(Find(machine, "a"),
            kOnes.substr(0, kSector) + std::string(kSector, '\0') + "x");
  EXPECT_TRUE(damage.Sectors().empty());
}

TEST(DiskDamageTest, AtRestBitsFlipAndSectorsFailByTheKnobs) {
  Knobs knobs;
  knobs.disk.bit_rot_ppm = 1'000'000;
  knobs.disk.latent_error_ppm = 1'000'000;
  Machine machine(1, knobs);
  FillAtRest(machine);
  WriteAgain(machine);
  EXPECT_GT(machine.Struck("disk.bit_rot"), 0u);
  EXPECT_GT(machine.Struck("disk.latent_error"), 0u);
  const std::vector<DamagedSector> wrong = machine.disk().damage().Sectors();
  ASSERT_FALSE(wrong.empty());
  EXPECT_EQ(wrong.front().path, "a");
}

TEST(DiskDamageTest, APhantomWriteIsLostWithThePower) {
  Knobs knobs;
  Machine machine(1, knobs);
  FillAtRest(machine);
  machine.world.knobs().disk.phantom_write_ppm = 1'000'000;
  WriteAgain(machine);
  EXPECT_EQ(Find(machine, "a"), kTwos);
  EXPECT_EQ(machine.Struck("disk.phantom_write"), 0u);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), kOnes);
  EXPECT_EQ(machine.Struck("disk.phantom_write"), 4u);
  EXPECT_TRUE(machine.disk().damage().Sectors().front().lost);
}

TEST(DiskDamageTest, AMisdirectedWriteLandsElsewhere) {
  int landed = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Machine machine(seed);
    FillAtRest(machine);
    machine.Run([](persist::Disk& disk, runtime::Executor&) {
      CreateDurable(disk, "b", kOnes);
    });
    machine.world.knobs().disk.misdirected_write_ppm = 1'000'000;
    machine.Run([](persist::Disk& disk, runtime::Executor&) {
      auto file = disk.Open("a", OpenMode::kReadWrite);
      ASSERT_TRUE(file.ok());
      EXPECT_TRUE(Write(**file, 0, kTwos.substr(0, kSector)).ok());
      EXPECT_TRUE((*file)->SyncData().ok());
    });
    machine.world.PowerOff(machine.host);
    const std::string a = Find(machine, "a");
    const std::string b = Find(machine, "b");
    if (machine.Struck("disk.misdirected_write") == 0) continue;
    ++landed;
    EXPECT_EQ(a.substr(0, kSector), kOnes.substr(0, kSector));
    const std::string all = a + b;
    EXPECT_EQ(std::count(all.begin(), all.end(), '2'), int{kSector});
  }
  EXPECT_GT(landed, 10);
}

TEST(DiskDamageTest, AStaleReadBringsWhatWasThereBefore) {
  Knobs knobs;
  knobs.disk.stale_read_ppm = 1'000'000;
  Machine machine(1, knobs);
  FillAtRest(machine);
  WriteAgain(machine);
  const std::string found = Find(machine, "a");
  EXPECT_EQ(std::count(found.begin(), found.end(), '1'), int{kSector});
  EXPECT_EQ(machine.Struck("disk.stale_read"), 1u);
  ASSERT_EQ(machine.disk().damage().misreads().size(), 1u);
  EXPECT_EQ(machine.disk().damage().misreads().front().site.path, "a");
  machine.world.knobs().disk.stale_read_ppm = 0;
  EXPECT_EQ(Find(machine, "a"), kTwos);
}

TEST(DiskDamageTest, AMisdirectedReadBringsAnotherSector) {
  Machine machine(1);
  std::string text;
  for (const char c : {'1', '2', '3', '4'}) text += std::string(kSector, c);
  machine.Run([&](persist::Disk& disk, runtime::Executor&) {
    CreateDurable(disk, "a", text);
  });
  machine.world.knobs().disk.misdirected_read_ppm = 1'000'000;
  for (int i = 0; i < 20; ++i) {
    const uint64_t before = machine.Struck("disk.misdirected_read");
    const bool is_sound = Find(machine, "a") == text;
    const bool struck = machine.Struck("disk.misdirected_read") > before;
    EXPECT_NE(is_sound, struck);
  }
  EXPECT_GT(machine.Struck("disk.misdirected_read"), 5u);
}

TEST(DiskDamageTest, NothingIsLostThatTheGateForbids) {
  Knobs knobs;
  knobs.disk.bit_rot_ppm = 1'000'000;
  knobs.disk.latent_error_ppm = 1'000'000;
  knobs.disk.phantom_write_ppm = 1'000'000;
  knobs.disk.misdirected_write_ppm = 1'000'000;
  knobs.disk.stale_read_ppm = 1'000'000;
  knobs.disk.misdirected_read_ppm = 1'000'000;
  Machine machine(1, knobs);
  std::vector<DamageKind> asked;
  machine.disk().damage().SetGate([&](const DamageSite& site) {
    EXPECT_EQ(site.path, "a");
    EXPECT_LE(site.offset + site.bytes, 4 * kSector);
    asked.push_back(site.kind);
    return false;
  });
  FillAtRest(machine);
  WriteAgain(machine);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), kTwos);
  EXPECT_THAT(asked, testing::Contains(DamageKind::kBitRot));
  EXPECT_THAT(asked, testing::Contains(DamageKind::kPhantomWrite));
  EXPECT_TRUE(machine.disk().damage().Sectors().empty());
  EXPECT_TRUE(machine.disk().damage().misreads().empty());
}

// ------------------------------------------------- limits, and a stuck device

absl::Duration TimeOfSyncs(Machine& machine, int syncs) {
  absl::Duration took;
  machine.Run([&](persist::Disk& disk, runtime::Executor& executor) {
    const auto file = Create(disk, "f");
    const runtime::Instant before = executor.Now();
    for (int i = 0; i < syncs; ++i) {
      EXPECT_TRUE(Write(*file, 0, kOnes).ok());
      EXPECT_TRUE(file->SyncData().ok());
    }
    took = executor.Now() - before;
  });
  return took;
}

TEST(DiskDamageTest, ALimitOfOperationsIsKept) {
  Machine machine(1);
  machine.world.knobs().disk.operations_per_second = 10;
  EXPECT_GE(TimeOfSyncs(machine, 10), absl::Milliseconds(990));
}

TEST(DiskDamageTest, ALimitOfBandwidthIsKept) {
  Machine machine(1);
  machine.world.knobs().disk.bandwidth_bytes_per_second = 4 * kSector;
  EXPECT_GE(TimeOfSyncs(machine, 2), absl::Seconds(2));
}

// Two callers of one device share it: the second waits, which is counted.
TEST(DiskDamageTest, CallersShareALimitedDevice) {
  Machine machine(1);
  machine.world.knobs().disk.operations_per_second = 10;
  absl::Duration took;
  machine.Run([&](persist::Disk& disk, runtime::Executor& executor) {
    const auto a = Create(disk, "a");
    const auto b = Create(disk, "b");
    const runtime::Instant before = executor.Now();
    runtime::FiberGroup group(executor);
    group.Spawn("other", [&] { EXPECT_TRUE(a->SyncData().ok()); });
    EXPECT_TRUE(b->SyncData().ok());
    EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(1)).ok());
    took = executor.Now() - before;
  });
  EXPECT_GT(machine.Struck("disk.throttled"), 0u);
  EXPECT_GE(took, absl::Milliseconds(100));
}

TEST(DiskDamageTest, OverlappingCallsCompleteInAnyOrder) {
  bool in_order = false;
  bool out_of_order = false;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Machine machine(seed);
    std::vector<int> done;
    machine.Run([&](persist::Disk& disk, runtime::Executor& executor) {
      const auto a = Create(disk, "a");
      const auto b = Create(disk, "b");
      runtime::FiberGroup group(executor);
      group.Spawn("second", [&] {
        EXPECT_TRUE(b->SyncData().ok());
        done.push_back(2);
      });
      EXPECT_TRUE(a->SyncData().ok());
      done.push_back(1);
      EXPECT_TRUE(executor.SleepFor(absl::Milliseconds(50)).ok());
    });
    in_order |= done == std::vector<int>{1, 2};
    out_of_order |= done == std::vector<int>{2, 1};
  }
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(out_of_order);
}

TEST(DiskDamageTest, AStuckDeviceAnswersWhenItIsReleased) {
  Machine machine(1);
  machine.disk().SetStuck(true);
  std::optional<absl::Status> synced;
  machine.Boot([&](persist::Disk& disk, runtime::Executor&) {
    const auto file = Create(disk, "a");
    synced = file->SyncData();
  });
  machine.world.RunFor(absl::Minutes(1));
  EXPECT_FALSE(synced.has_value());
  machine.disk().SetStuck(false);
  machine.world.RunFor(absl::Milliseconds(50));
  ASSERT_TRUE(synced.has_value());
  EXPECT_TRUE(synced->ok());
  EXPECT_EQ(machine.Struck("disk.stuck"), 1u);
}

TEST(DiskDamageTest, AFullDiskHasRoomAgainWhenItIsFreed) {
  Machine machine(1);
  FillAtRest(machine);
  machine.disk().SetFull(true);
  machine.Run([&](persist::Disk& disk, runtime::Executor&) {
    auto file = disk.Open("a", OpenMode::kReadWrite);
    EXPECT_TRUE(Write(**file, 0, kTwos).ok());  // Room that it has already.
    EXPECT_EQ(Write(**file, 4 * kSector, "x").code(),
              absl::StatusCode::kResourceExhausted);
    machine.disk().SetFull(false);
    EXPECT_TRUE(Write(**file, 4 * kSector, "x").ok());
  });
  EXPECT_EQ(machine.Struck("disk.full"), 1u);
}

TEST(DiskDamageTest, TheKernelWritesBackAsTimeGoesBy) {
  Knobs knobs;
  knobs.disk.writeback_every = absl::Milliseconds(100);
  Machine machine(1, knobs);
  FillAtRest(machine);
  machine.Run([](persist::Disk& disk, runtime::Executor&) {
    auto file = disk.Open("a", OpenMode::kReadWrite);
    EXPECT_TRUE(Write(**file, 0, kTwos).ok());
  });
  machine.disk().SetCrashLayout(CrashLayout::kNothing);
  machine.world.RunFor(absl::Seconds(10));
  EXPECT_GE(machine.Struck("disk.writeback"), 4u);
  machine.world.PowerOff(machine.host);
  EXPECT_EQ(Find(machine, "a"), kTwos);
}

}  // namespace
}  // namespace sim
