// The suite that every Persister passes, on both of ours, and what only
// DiskPersister has.

#include "persist/persister.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

#include "persist/disk_persister.h"
#include "persist/memory_persister.h"
#include "persist/superblock.h"
#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"
#include "tests/persist/fiber_bench.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace persist {
namespace {

DiskPersisterOptions DiskOptions() {
  return {.cluster = runtime::ClusterId(7),
          .node = runtime::NodeId(3),
          .segment_bytes = 4 * kSectorBytes};
}

constexpr Owner kSelf{.cluster = runtime::ClusterId(7),
                      .node = runtime::NodeId(3)};

// Keeps what it hears.
class Listener final : public PersisterSink {
 public:
  explicit Listener(runtime::Executor& executor) : news_(executor) {}

  void OnDurable(runtime::GroupId group, Sequence upto) override {
    EXPECT_EQ(failures, 0u) << "durable after the failure";
    EXPECT_LT(durable, upto) << "group " << group.value();
    durable = upto;
    ++reports;
    news_.NotifyAll();
  }
  void OnFailure(const absl::Status& status) override {
    ++failures;
    why = status;
    news_.NotifyAll();
  }
  // Suspends.
  void AwaitDurable(uint64_t upto) {
    while (durable < Sequence(upto) && failures == 0) {
      ASSERT_TRUE(news_.Wait().ok());
    }
  }

  Sequence durable;
  uint64_t reports = 0;
  uint64_t failures = 0;
  absl::Status why;

 private:
  runtime::WaitQueue news_;
};

// As a node that was told to found a cluster.
absl::StatusOr<Recovered> Begin(Persister& persister) {
  const absl::Status prepared = persister.Prepare(kIdentity).status();
  if (!prepared.ok()) return prepared;
  return persister.Recover();
}

Store Numbered(uint64_t sequence, Step step) {
  step.store.sequence = Sequence(sequence);
  return std::move(step.store);
}

enum class Kind { kDisk, kMemory };

class PersisterTest : public ::testing::TestWithParam<Kind> {
 protected:
  // A life on the medium that the lives before it left.
  std::unique_ptr<Persister> Boot(
      const DiskPersisterOptions& options = DiskOptions()) {
    disk_.Restart();
    if (GetParam() == Kind::kMemory) {
      return std::make_unique<MemoryPersister>(
          bench_.network, medium_,
          Owner{.cluster = options.cluster, .node = options.node});
    }
    return std::make_unique<DiskPersister>(bench_.network, bench_.storage,
                                           disk_, options);
  }

  FiberBench bench_;
  ModelDisk disk_;
  MemoryMedium medium_;
};

INSTANTIATE_TEST_SUITE_P(Both, PersisterTest,
                         ::testing::Values(Kind::kDisk, Kind::kMemory),
                         [](const auto& param) {
                           return param.param == Kind::kDisk ? "Disk"
                                                             : "Memory";
                         });

TEST_P(PersisterTest, FreshMediumIsEmptyAndInItsFirstLife) {
  bench_.Run([&] {
    auto persister = Boot();
    const absl::StatusOr<Recovered> recovered = Begin(*persister);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    EXPECT_EQ(recovered->incarnation, runtime::Incarnation(1));
    EXPECT_TRUE(recovered->groups.empty());
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_P(PersisterTest, WhoFoundedTheClusterIsKeptThroughAllLives) {
  bench_.Run([&] {
    for (int life = 1; life <= 3; ++life) {
      auto persister = Boot();
      const absl::StatusOr<Recovered> recovered = Begin(*persister);
      ASSERT_TRUE(recovered.ok()) << recovered.status();
      EXPECT_EQ(recovered->founding, life == 1 ? 0u : 0xfeedu);
      if (life == 1) {
        EXPECT_TRUE(persister->KeepFounding(0xfeed).ok());
      }
      EXPECT_TRUE(persister->Stop().ok());
    }
  });
}

TEST_P(PersisterTest, NextLifeFindsWhatWasReportedDurable) {
  bench_.Run([&] {
    auto persister = Boot();
    ASSERT_TRUE(Begin(*persister).ok());
    Listener first(bench_.network);
    Listener second(bench_.network);
    persister->SetSink(kGroup, &first);
    persister->SetSink(kOtherGroup, &second);
    persister->Submit(Numbered(1, Step().State(1, 2).Entry(1, 1, "a")));
    persister->Submit(
        Numbered(1, Step(kOtherGroup).State(9, 1).Entry(1, 9, "other")));
    persister->Submit(Numbered(2, Step().Entry(2, 1, "b").Entry(3, 1, "c")));
    persister->Submit(Numbered(3, Step().State(2, 0).Truncate(2)));
    persister->Submit(Numbered(4, Step().Entry(2, 2, "d")));
    first.AwaitDurable(4);
    second.AwaitDurable(1);
    EXPECT_TRUE(persister->Stop().ok());
  });
  bench_.Run([&] {
    auto persister = Boot();
    const absl::StatusOr<Recovered> recovered = Begin(*persister);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    EXPECT_EQ(recovered->incarnation, runtime::Incarnation(2));
    EXPECT_EQ(Describe(recovered->groups),
              "group 1 term 2 vote 0 commit 0: 1@1/1=a 2@2/2=d\n"
              "group 2 term 9 vote 1 commit 0: 1@9/1=other\n");
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_P(PersisterTest, StopWaitsForEverythingSubmitted) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot();
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    for (uint64_t i = 1; i <= 50; ++i) {
      persister->Submit(Numbered(i, Step().Entry(i, 1, "entry")));
    }
    EXPECT_EQ(persister->stats().stores_waiting, 50u);
    EXPECT_TRUE(persister->Stop().ok());
    EXPECT_EQ(listener.durable, Sequence(50));
    EXPECT_EQ(persister->stats().stores_waiting, 0u);
    EXPECT_EQ(persister->stats().stores_waiting_peak, 50u);
    EXPECT_EQ(persister->stats().bytes_waiting, 0u);
    EXPECT_EQ(persister->stats().stores, 50u);
  });
}

TEST_P(PersisterTest, NothingIsReportedBeforeSubmitReturns) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot();
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
    EXPECT_EQ(listener.reports, 0u);
    listener.AwaitDurable(1);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_P(PersisterTest, DestroyedPersisterCallsNobody) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot();
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
  });
  EXPECT_EQ(listener.reports, 0u);
  EXPECT_EQ(listener.failures, 0u);
}

TEST_P(PersisterTest, AFreshMediumIsNobodysAndToLookLeavesItSo) {
  bench_.Run([&] {
    auto persister = Boot();
    const absl::StatusOr<Claim> claim = persister->Inspect();
    ASSERT_TRUE(claim.ok()) << claim.status();
    EXPECT_FALSE(claim->has_log);
    EXPECT_FALSE(claim->owner.has_value());
    EXPECT_TRUE(claim->identity.IsNone());
    const absl::Status refused = persister->Recover().status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_EQ(disk_.changes(), 0u);
    EXPECT_TRUE(disk_.Files().empty());
  });
}

TEST_P(PersisterTest, TheIdentityIsThatOfTheFirstPreparationForEver) {
  constexpr runtime::Identity kLater{.high = 1, .low = 2};
  bench_.Run([&] {
    auto persister = Boot();
    EXPECT_EQ(*persister->Prepare(kIdentity), kIdentity);
    const absl::StatusOr<Claim> claim = persister->Inspect();
    ASSERT_TRUE(claim.ok()) << claim.status();
    EXPECT_FALSE(claim->has_log);
    EXPECT_EQ(claim->owner, kSelf);
    EXPECT_EQ(claim->identity, kIdentity);
  });
  bench_.Run([&] {
    auto persister = Boot();
    EXPECT_EQ(*persister->Prepare(kLater), kIdentity);
    EXPECT_EQ(persister->Recover()->identity, kIdentity);
    EXPECT_TRUE(persister->Stop().ok());
  });
  bench_.Run([&] {
    auto persister = Boot();
    const absl::StatusOr<Claim> claim = persister->Inspect();
    ASSERT_TRUE(claim.ok()) << claim.status();
    EXPECT_TRUE(claim->has_log);
    EXPECT_EQ(claim->owner, kSelf);
    EXPECT_EQ(*persister->Prepare(kLater), kIdentity);
    EXPECT_EQ(persister->Recover()->identity, kIdentity);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_P(PersisterTest, AClaimWithoutALogGivesWayAndOneWithALogDoesNot) {
  constexpr runtime::Identity kOther{.high = 1, .low = 2};
  DiskPersisterOptions other = DiskOptions();
  other.node = runtime::NodeId(4);
  bench_.Run([&] {
    // Somebody started by mistake in our directory, and founded nothing.
    EXPECT_EQ(*Boot(other)->Prepare(kOther), kOther);
    auto persister = Boot();
    EXPECT_TRUE(absl::IsFailedPrecondition(persister->Recover().status()));
  });
  bench_.Run([&] {
    auto persister = Boot();
    EXPECT_EQ(*persister->Prepare(kIdentity), kIdentity);
    EXPECT_EQ(persister->Recover()->incarnation, runtime::Incarnation(1));
    EXPECT_TRUE(persister->Stop().ok());
  });
  bench_.Run([&] {
    const uint64_t before = disk_.changes();
    auto persister = Boot(other);
    const absl::Status refused = persister->Prepare(kOther).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_LE(disk_.changes(), before + 1) << "the lock, and nothing else";
  });
}

class DiskPersisterTest : public ::testing::Test {
 protected:
  std::unique_ptr<DiskPersister> Boot(DiskPersisterOptions options) {
    disk_.Restart();
    return std::make_unique<DiskPersister>(bench_.network, bench_.storage,
                                           disk_, options);
  }

  FiberBench bench_;
  ModelDisk disk_;
};

TEST_F(DiskPersisterTest, RoomIsGivenBackWhenTheNewsHasBeenTaken) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    DiskPersisterOptions options = DiskOptions();
    options.under_way = {.stores_max = 3, .bytes_max = 1000};
    auto persister = Boot(options);
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    EXPECT_EQ(persister->room(), StoreRoom::kFree);
    for (uint64_t i = 1; i <= 3; ++i) {
      persister->Submit(Numbered(i, Step().Entry(i, 1, "entry")));
    }
    EXPECT_EQ(persister->room(), StoreRoom::kFull);
    listener.AwaitDurable(3);
    EXPECT_EQ(persister->room(), StoreRoom::kFree);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, StoresThatWaitTogetherShareOneSync) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    for (uint64_t i = 1; i <= 20; ++i) {
      persister->Submit(Numbered(i, Step().Entry(i, 1, "entry")));
    }
    listener.AwaitDurable(20);
    EXPECT_EQ(persister->stats().batches, 1u);
    EXPECT_EQ(listener.reports, 1u);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, FullBatchLeavesTheRestToTheNext) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    DiskPersisterOptions options = DiskOptions();
    options.batch_payload_bytes_max = 10;
    auto persister = Boot(options);
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    for (uint64_t i = 1; i <= 6; ++i) {
      persister->Submit(Numbered(i, Step().Entry(i, 1, "sixsix")));
    }
    listener.AwaitDurable(6);
    EXPECT_EQ(persister->stats().batches, 3u);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, FailedSyncIsHeardOnceAndEndsEverything) {
  Listener listener(bench_.network);
  Listener other(bench_.network);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    persister->SetSink(kOtherGroup, &other);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
    listener.AwaitDurable(1);
    disk_.FailSyncAfter(0);
    persister->Submit(Numbered(2, Step().Entry(2, 1, "b")));
    listener.AwaitDurable(2);
    persister->Submit(Numbered(3, Step().Entry(3, 1, "c")));
    const absl::Status stopped = persister->Stop();
    EXPECT_TRUE(absl::IsDataLoss(stopped)) << stopped;
  });
  EXPECT_EQ(listener.durable, Sequence(1));
  EXPECT_EQ(listener.failures, 1u);
  EXPECT_TRUE(absl::IsDataLoss(listener.why));
  EXPECT_EQ(other.failures, 1u);
}

TEST_F(DiskPersisterTest, SinkThatComesAfterTheFailureHearsOfItToo) {
  Listener listener(bench_.network);
  Listener late(bench_.network);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    disk_.FailSyncAfter(0);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
    listener.AwaitDurable(1);
    persister->SetSink(kOtherGroup, &late);
    EXPECT_EQ(late.failures, 0u);
    late.AwaitDurable(1);
    EXPECT_EQ(late.failures, 1u);
    EXPECT_FALSE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, DiskOfAnotherNodeOrClusterIsRefused) {
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    ASSERT_TRUE(persister->Stop().ok());
  });
  DiskPersisterOptions node = DiskOptions();
  node.node = runtime::NodeId(4);
  DiskPersisterOptions cluster = DiskOptions();
  cluster.cluster = runtime::ClusterId(8);
  for (const DiskPersisterOptions& options : {node, cluster}) {
    bench_.Run([&] {
      auto persister = Boot(options);
      const absl::Status refused = Begin(*persister).status();
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    });
  }
}

TEST_F(DiskPersisterTest, StopWithoutRecoverReturns) {
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, IdleLogSealsItsLastFrameOnce) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
    listener.AwaitDurable(1);
    const uint64_t before = disk_.changes();
    ASSERT_TRUE(bench_.network.SleepFor(absl::Milliseconds(40)).ok());
    EXPECT_EQ(disk_.changes(), before);
    ASSERT_TRUE(bench_.network.SleepFor(absl::Seconds(1)).ok());
    EXPECT_EQ(disk_.changes(), before + 2) << "one write and one sync";
    EXPECT_TRUE(persister->Stop().ok());
  });
  // Now damage to the last frame cannot pass for a torn tail, though nothing in
  // the log follows it.
  disk_.FlipBit("0000000000000001.wal", 8 * kSegmentHeaderBytes + 100);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    const absl::Status refused = Begin(*persister).status();
    EXPECT_TRUE(absl::IsDataLoss(refused)) << refused;
  });
}

// Under load no frame is the last one for long, and all of them could be hidden
// behind one page that was lost.
TEST_F(DiskPersisterTest, ALogThatIsNeverIdleIsSealedNowAndThen) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    DiskPersisterOptions options = DiskOptions();
    options.segment_bytes = 1 << 20;  // A roll would seal too.
    auto persister = Boot(options);
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    Lsn sealed;
    uint64_t seals = 0;
    for (uint64_t i = 1; i <= 200; ++i) {
      persister->Submit(Numbered(i, Step().Entry(i, 1, "a")));
      listener.AwaitDurable(i);
      ASSERT_TRUE(bench_.network.SleepFor(absl::Milliseconds(20)).ok());
      const absl::StatusOr<Superblock> superblock = SuperblockFile::Read(disk_);
      ASSERT_TRUE(superblock.ok()) << superblock.status();
      if (superblock->watermark > sealed) ++seals;
      sealed = superblock->watermark;
    }
    EXPECT_GE(seals, 3u);
    EXPECT_LE(seals, 5u);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

TEST_F(DiskPersisterTest, ALifeThatEndsInGoodOrderSaysSoInBothSlots) {
  Listener listener(bench_.network);
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    persister->SetSink(kGroup, &listener);
    persister->Submit(Numbered(1, Step().Entry(1, 1, "a")));
    EXPECT_FALSE(SuperblockFile::Read(disk_)->stopped_clean);
    EXPECT_TRUE(persister->Stop().ok());
  });
  const auto file = SuperblockFile::Open(disk_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->newest().stopped_clean);
  EXPECT_EQ((*file)->newest().watermark, Lsn(1));
  ASSERT_TRUE((*file)->older().has_value());
  EXPECT_TRUE((*file)->older()->stopped_clean);
  EXPECT_EQ((*file)->older()->watermark, Lsn(1));
  bench_.Run([&] {
    auto persister = Boot(DiskOptions());
    ASSERT_TRUE(Begin(*persister).ok());
    EXPECT_FALSE(SuperblockFile::Read(disk_)->stopped_clean);
    EXPECT_TRUE(persister->Stop().ok());
  });
}

}  // namespace
}  // namespace persist
