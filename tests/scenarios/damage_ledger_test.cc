#include "scenarios/damage_ledger.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "kv/exit_code.h"
#include "persist/superblock.h"
#include "raft/host.h"
#include "scenarios/cluster.h"
#include "scenarios/wal_map.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace scenarios {
namespace {

using testing::HasSubstr;

// Three nodes that have had a leader for a while.
class Trio {
 public:
  explicit Trio(Atlas atlas = Atlas::kWithin)
      : world({.seed = 1}), cluster(world, {}, atlas) {
    cluster.SetExitHandler(
        [this](uint32_t, int code) { exits.push_back(code); });
    cluster.BootAllThatAreDown();
    world.RunFor(absl::Seconds(3));
  }
  ~Trio() {
    EXPECT_FALSE(world.failure().has_value())
        << world.failure()->check << ": " << world.failure()->message;
  }

  void Reboot(uint32_t node) {
    cluster.Kill(node);
    cluster.Boot(node);
    world.RunFor(absl::Seconds(2));
  }
  WalMap Map(uint32_t node) {
    return MapWal(cluster.Shadow(node), raft::Host::kFirstGroup);
  }
  sim::DiskDamage& DamageOf(uint32_t node) {
    return world.disk(cluster.host(node)).damage();
  }
  // The first frame of the node rots.
  WalFrame RotFirstFrame(uint32_t node) {
    EXPECT_TRUE(cluster.damage().Admit(node));
    const WalFrame frame = Map(node).frames.front();
    EXPECT_TRUE(DamageOf(node).Rot(frame.path, frame.offset, frame.bytes).ok());
    return frame;
  }

  sim::World world;
  Cluster cluster;
  std::vector<int> exits;
};

TEST(WalMapTest, EveryFrameButTheLastIsVouchedFor) {
  Trio trio;
  const WalMap map = trio.Map(1);
  ASSERT_GT(map.frames.size(), 2u);
  for (const WalFrame& frame : map.frames) {
    EXPECT_EQ(frame.vouched, frame.lsn != map.frames.back().lsn);
  }
  EXPECT_GT(map.slot_bytes, 0u);
}

TEST(WalMapTest, ASegmentVouchesForTheOneBeforeIt) {
  Trio trio;
  const persist::Lsn last = trio.Map(1).frames.back().lsn;
  trio.Reboot(1);
  for (const WalFrame& frame : trio.Map(1).frames) {
    EXPECT_TRUE(frame.vouched || frame.lsn >= last) << frame.lsn.value();
  }
}

TEST(DamageLedgerTest, ADamagedNodeNamesThePlaceAndStaysDown) {
  Trio trio;
  const WalFrame frame = trio.RotFirstFrame(1);
  trio.Reboot(1);
  EXPECT_EQ(trio.exits, std::vector<int>{kv::kExitDamage});
  EXPECT_TRUE(trio.cluster.damage().LostForGood(1));
  EXPECT_FALSE(trio.cluster.damage().LostForGood(2));
  EXPECT_FALSE(trio.cluster.damage().Unrecoverable());
  EXPECT_THAT(trio.cluster.damage().Lost(),
              HasSubstr("n1: " + frame.path + " offset " +
                        std::to_string(frame.offset) + ": "));
}

TEST(DamageLedgerTest, AnUnreadableSectorIsNamedByItsOffset) {
  Trio trio;
  ASSERT_TRUE(trio.cluster.damage().Admit(2));
  const WalFrame frame = trio.Map(2).frames[1];
  ASSERT_TRUE(trio.DamageOf(2).MakeUnreadable(frame.path, frame.offset).ok());
  trio.Reboot(2);
  EXPECT_TRUE(trio.cluster.damage().LostForGood(2));
  EXPECT_THAT(
      trio.cluster.damage().Lost(),
      HasSubstr(frame.path + " offset " + std::to_string(frame.offset) + ": "));
}

TEST(DamageLedgerTest, AMendedNodeComesBack) {
  Trio trio;
  const WalFrame frame = trio.RotFirstFrame(1);
  trio.Reboot(1);
  ASSERT_TRUE(trio.cluster.damage().LostForGood(1));
  trio.DamageOf(1).Mend(frame.path, frame.offset, frame.bytes);
  EXPECT_FALSE(trio.cluster.damage().LostForGood(1));
  trio.Reboot(1);
  EXPECT_TRUE(trio.cluster.running(1));
}

TEST(DamageLedgerTest, ARottenSlotOfTheSuperblockHarmsNobody) {
  for (const bool unreadable : {false, true}) {
    Trio trio;
    trio.Reboot(1);
    ASSERT_TRUE(trio.cluster.damage().Admit(1));
    const WalMap map = trio.Map(1);
    const std::string path(persist::kSuperblockPath);
    const absl::Status struck =
        unreadable
            ? trio.DamageOf(1).MakeUnreadable(path, map.slot_offset)
            : trio.DamageOf(1).Rot(path, map.slot_offset, map.slot_bytes);
    ASSERT_TRUE(struck.ok());
    trio.Reboot(1);
    EXPECT_TRUE(trio.cluster.running(1));
    EXPECT_TRUE(trio.DamageOf(1).Sectors().empty()) << "written anew";
  }
}

TEST(DamageLedgerTest, OnlyDamageThatStruckExplainsARefusal) {
  Trio trio;
  DamageLedger& ledger = trio.cluster.damage();
  const std::string why = "0000000000000001.wal offset 512: it is bad";
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage, why));
  const WalFrame frame = trio.RotFirstFrame(1);
  EXPECT_TRUE(ledger.Explains(1, kv::kExitDamage, why));
  EXPECT_FALSE(ledger.Explains(2, kv::kExitDamage, why));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage,
                               "0000000000000002.wal offset 512: bad"));
  // What is damaged in front of a frame does not make it bad.
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage,
                               "0000000000000001.wal offset 4096: bad"));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitIo, why));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage, "the network is down"));
}

TEST(DamageLedgerTest, AMisreadExplainsTheRefusalOfItsOwnBoot) {
  Trio trio;
  DamageLedger& ledger = trio.cluster.damage();
  trio.world.knobs().disk.stale_read_ppm = 1'000'000;
  trio.Reboot(1);
  EXPECT_FALSE(trio.cluster.running(1));
  EXPECT_FALSE(ledger.LostForGood(1)) << "the next boot may read it well";
  trio.world.knobs().disk.stale_read_ppm = 0;
  trio.Reboot(1);
  EXPECT_TRUE(trio.cluster.running(1));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage,
                               "superblock: neither slot validates"));
}

// A life that believed an old superblock may have removed a segment.
TEST(DamageLedgerTest, AMisreadSuperblockExplainsASegmentThatIsGone) {
  Trio trio;
  DamageLedger& ledger = trio.cluster.damage();
  const std::string why =
      "0000000000000001.wal: the superblock lists it, it is missing";
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage, why));
  trio.world.knobs().disk.stale_read_ppm = 1'000'000;
  trio.Reboot(1);
  trio.world.knobs().disk.stale_read_ppm = 0;
  trio.cluster.Boot(1);
  EXPECT_TRUE(ledger.Explains(1, kv::kExitDamage, why));
}

TEST(DamageLedgerTest, WithinTheAtlasOnlyAMinorityIsEverDamaged) {
  Trio trio;
  EXPECT_TRUE(trio.cluster.damage().Admit(2));
  EXPECT_FALSE(trio.cluster.damage().Admit(1));
  EXPECT_FALSE(trio.cluster.damage().Admit(3));
  EXPECT_TRUE(trio.cluster.damage().Admit(2));
}

TEST(DamageLedgerTest, WhatNothingVouchesForIsSpared) {
  Trio trio(Atlas::kBeyond);
  DamageLedger& ledger = trio.cluster.damage();
  const std::vector<WalFrame> frames = trio.Map(1).frames;
  const auto site = [](const WalFrame& frame) {
    return sim::DamageSite{.kind = sim::DamageKind::kBitRot,
                           .path = frame.path,
                           .offset = frame.offset,
                           .bytes = persist::kSectorBytes};
  };
  EXPECT_FALSE(ledger.Allows(1, site(frames.back())));
  EXPECT_TRUE(ledger.Allows(1, site(frames.front())));
}

TEST(DamageLedgerTest, OneSlotOfASuperblockIsSparedWhileTheOtherIsBad) {
  Trio trio(Atlas::kBeyond);
  DamageLedger& ledger = trio.cluster.damage();
  const std::string path(persist::kSuperblockPath);
  const auto site = [&path](uint64_t offset) {
    return sim::DamageSite{.kind = sim::DamageKind::kStaleRead,
                           .path = path,
                           .offset = offset,
                           .bytes = persist::kSectorBytes};
  };
  const uint64_t second = persist::kSuperblockSlotBytes;
  EXPECT_TRUE(ledger.Allows(1, site(0)));
  EXPECT_TRUE(ledger.Allows(1, site(second)));
  EXPECT_TRUE(trio.DamageOf(1).Rot(path, second, persist::kSectorBytes).ok());
  EXPECT_FALSE(ledger.Allows(1, site(0)));
  EXPECT_TRUE(ledger.Allows(1, site(second)));
  EXPECT_TRUE(ledger.Allows(2, site(0)));
}

TEST(DamageLedgerTest, AWipedNodeRefusesToFoundTheClusterAgain) {
  Trio trio;
  ASSERT_TRUE(trio.cluster.Wipe(3));
  EXPECT_FALSE(trio.cluster.Wipe(2)) << "the atlas allows one of three";
  for (int boot = 0; boot < 2; ++boot) {
    trio.cluster.Boot(3);
    trio.world.RunFor(absl::Seconds(2));
    EXPECT_FALSE(trio.cluster.running(3));
  }
  EXPECT_TRUE(trio.cluster.damage().LostForGood(3));
  EXPECT_THAT(trio.cluster.damage().Lost(), HasSubstr("--init-cluster"));
  EXPECT_NE(trio.cluster.leader_of_majority(trio.cluster.nodes()), 0u);
}

TEST(DamageLedgerTest, WhatAWipedNodeHasBegunAnewMayBeMisreadToo) {
  Trio trio;
  DamageLedger& ledger = trio.cluster.damage();
  trio.world.knobs().disk.stale_read_ppm = 1'000'000;
  trio.Reboot(1);
  trio.world.knobs().disk.stale_read_ppm = 0;
  ASSERT_FALSE(trio.DamageOf(1).misreads().empty());
  const std::string path = trio.DamageOf(1).misreads().back().site.path;
  ledger.NoteWiped(1);
  EXPECT_TRUE(ledger.Explains(1, kv::kExitDamage, path + ": a bad checksum"));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitDamage, "another: a bad checksum"));
  EXPECT_FALSE(ledger.Explains(1, kv::kExitUsage, path + ": a bad checksum"));
}

TEST(DamageLedgerTest, ThatAQuorumIsLostIsProvedByItsRefusals) {
  Trio trio(Atlas::kBeyond);
  trio.RotFirstFrame(1);
  trio.RotFirstFrame(2);
  trio.Reboot(1);
  EXPECT_FALSE(trio.cluster.damage().Unrecoverable()) << "n2 still runs";
  trio.Reboot(2);
  EXPECT_TRUE(trio.cluster.damage().Unrecoverable());
}

}  // namespace
}  // namespace scenarios
