// Commands that take several turns: others have theirs, and what is answered is
// what the state was at one instant.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/reaper.h"
#include "kv/reply.h"
#include "kv/store.h"
#include "runtime/fiber_group.h"
#include "sim/world.h"

namespace kv {
namespace {

using absl::string_view;

constexpr int kKeys = 40'000;
constexpr size_t kSlices = kKeys / Pace::kSlice;

// A store on the executor of a simulated process. Fibers of one test come and
// go; all else is as in a server.
class SlicesTest : public ::testing::Test {
 protected:
  void Run(const std::function<void()>& script) {
    sim::Knobs knobs;
    // Who has yielded waits for all others.
    knobs.process.schedule = sim::Schedule::kFifo;
    sim::World world({.seed = 1, .knobs = knobs});
    const sim::HostId host = world.AddHost("n1");
    bool done = false;
    world.Boot(host, [&](sim::Process& process) {
      executor_ = &process.network_executor();
      store_ = std::make_unique<Store>(Sessions::kSessionsMax, executor_);
      script();
      store_.reset();
      done = true;
    });
    world.RunFor(absl::Minutes(1));
    ASSERT_FALSE(world.failure().has_value()) << world.failure()->message;
    EXPECT_TRUE(done) << "the script did not return";
  }

  // Counts the turns of another fiber while `work` is done.
  template <class Work>
  size_t TurnsOfAnother(Work&& work) {
    bool over = false;
    size_t turns = 0;
    runtime::FiberGroup fibers(*executor_);
    fibers.Spawn("test.other", [&] {
      for (; !over; ++turns) executor_->Yield();
    });
    executor_->Yield();
    turns = 0;
    work();
    over = true;
    EXPECT_TRUE(fibers.Join().ok());
    return turns;
  }

  KvReply Apply(Operation operation, std::vector<string_view> args) {
    CommandBatch batch;
    batch.Add(operation, args);
    const raft::Command command{++index_, persist::Term(1),
                                EncodeEntry({}, {}, batch)};
    runtime::Bytes result;
    EXPECT_TRUE(store_->AwaitApply().ok());
    store_->Apply({&command, 1}, {&result, 1});
    ResultReader reader(result.text());
    return ToKvReply(reader);
  }

  std::string Read(Operation operation, std::vector<string_view> args) {
    CommandBatch batch;
    batch.Add(operation, args);
    EXPECT_TRUE(
        store_->AwaitRead(batch, runtime::Instant::InfiniteFuture()).ok());
    const auto results = store_->Read(batch, 0, {});
    return results.has_value() ? std::string(results->text()) : "due";
  }

  void FillKeys() {
    for (int i = 0; i < kKeys; ++i) {
      (void)Apply(Operation::kPut, {absl::StrCat("key", i), "value"});
    }
  }
  void FillSet(string_view key) {
    for (int i = 0; i < kKeys; i += 8) {
      std::vector<std::string> texts;
      for (int k = 0; k < 8; ++k) texts.push_back(absl::StrCat(key, i + k));
      std::vector<string_view> args = {key};
      args.insert(args.end(), texts.begin(), texts.end());
      (void)Apply(Operation::kSAdd, args);
    }
  }

  runtime::Executor* executor_ = nullptr;
  std::unique_ptr<Store> store_;
  persist::Index index_;
};

TEST_F(SlicesTest, OthersHaveTheirTurnsDuringLongReads) {
  Run([&] {
    FillKeys();
    FillSet("a");
    FillSet("b");
    EXPECT_GE(TurnsOfAnother([&] { (void)Read(Operation::kKeys, {"*"}); }),
              kSlices);
    EXPECT_GE(TurnsOfAnother([&] {
                (void)Read(Operation::kSUnion, {"a", "b"});
              }),
              kSlices);
    EXPECT_GE(TurnsOfAnother([&] {
                (void)Read(Operation::kZUnion, {"2", "a", "b"});
              }),
              kSlices);
    EXPECT_LE(TurnsOfAnother([&] { (void)Read(Operation::kGet, {"key1"}); }),
              1u);
  });
}

TEST_F(SlicesTest, OthersHaveTheirTurnsDuringLongWrites) {
  Run([&] {
    FillSet("a");
    FillSet("b");
    EXPECT_GE(TurnsOfAnother([&] {
                (void)Apply(Operation::kSUnionStore, {"c", "a", "b"});
              }),
              kSlices);
    EXPECT_GE(TurnsOfAnother([&] {
                (void)Apply(Operation::kZUnionStore, {"d", "2", "a", "b"});
              }),
              kSlices);
    FillKeys();
    EXPECT_GE(TurnsOfAnother([&] { (void)Apply(Operation::kFlushAll, {}); }),
              kSlices);
    EXPECT_EQ(store_->key_count(), 0u);
  });
}

TEST_F(SlicesTest, ALongReadSeesOneInstant) {
  Run([&] {
    FillKeys();
    const std::string before = Read(Operation::kKeys, {"*"});
    std::string during;
    bool reads = true;
    runtime::FiberGroup fibers(*executor_);
    fibers.Spawn("test.reader", [&] {
      during = Read(Operation::kKeys, {"*"});
      reads = false;
    });
    fibers.Spawn("test.writer", [&] {
      executor_->Yield();
      executor_->Yield();
      EXPECT_TRUE(reads) << "the read takes many turns";
      for (int i = 0; i < kKeys; i += 100) {
        (void)Apply(Operation::kDelete, {absl::StrCat("key", i)});
        (void)Apply(Operation::kPut, {absl::StrCat("new", i), "value"});
      }
    });
    EXPECT_TRUE(fibers.Join().ok());
    EXPECT_TRUE(during == before);
    EXPECT_TRUE(Read(Operation::kKeys, {"*"}) != before);
  });
}

TEST_F(SlicesTest, ShortReadsPassWhoeverWaits) {
  Run([&] {
    FillKeys();
    bool reads = true;
    bool applied = false;
    runtime::FiberGroup fibers(*executor_);
    fibers.Spawn("test.reader", [&] {
      (void)Read(Operation::kKeys, {"*"});
      reads = false;
    });
    fibers.Spawn("test.writer", [&] {
      executor_->Yield();
      (void)Apply(Operation::kPut, {"key1", "another"});
      applied = true;
    });
    for (int i = 0; i < 4; ++i) executor_->Yield();
    EXPECT_TRUE(reads);
    EXPECT_FALSE(applied);
    EXPECT_NE(Read(Operation::kGet, {"key1"}).find("value"), std::string::npos);
    EXPECT_TRUE(reads);
    EXPECT_TRUE(fibers.Join().ok());
    EXPECT_TRUE(applied);
  });
}

TEST_F(SlicesTest, NobodySeesHalfOfAnEntry) {
  Run([&] {
    FillKeys();
    std::string seen;
    runtime::FiberGroup fibers(*executor_);
    fibers.Spawn("test.writer", [&] { (void)Apply(Operation::kFlushAll, {}); });
    fibers.Spawn("test.reader", [&] {
      executor_->Yield();
      seen = Read(Operation::kKeys, {"*"});
    });
    EXPECT_TRUE(fibers.Join().ok());
    ResultReader reader(seen);
    EXPECT_EQ(ToKvReply(reader).values.size(), 0u);
    EXPECT_LT(seen.size(), 8u);
  });
}

TEST_F(SlicesTest, WhatIsLargeIsFreedInSlices) {
  Run([&] {
    Reaper reaper(*executor_, *store_);
    const auto free_all = [&] {
      while (!store_->graveyard().empty()) executor_->Yield();
    };
    const auto expect_slices = [&](string_view what) {
      EXPECT_FALSE(store_->graveyard().empty()) << what;
      EXPECT_GE(TurnsOfAnother(free_all), kKeys / Reaper::kPiecesPerTurn / 2)
          << what;
    };
    FillSet("set");
    (void)Apply(Operation::kDelete, {"set"});
    EXPECT_EQ(store_->key_count(), 0u);
    expect_slices("DEL");
    FillSet("set");
    (void)Apply(Operation::kSetCommand, {"set", "text"});
    expect_slices("an overwriting SET");
    FillKeys();
    (void)Apply(Operation::kFlushAll, {});
    expect_slices("FLUSHALL");
  });
}

}  // namespace
}  // namespace kv
