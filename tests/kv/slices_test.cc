// Commands that take several turns: others have theirs, and what is answered is
// what the state was at one instant.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/reaper.h"
#include "kv/reply.h"
#include "runtime/fiber_group.h"
#include "tests/kv/store_turns.h"

namespace kv {
namespace {

using absl::string_view;

constexpr int kKeys = 40'000;
constexpr size_t kSlices = kKeys / Pace::kSlice;

class SlicesTest : public StoreTurns {
 protected:
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

// Reads of which nobody knows that they are long, one always under way.
TEST_F(SlicesTest, NoEntryWaitsForEver) {
  Run([&] {
    std::vector<std::string> texts;
    for (int i = 0; i < kKeys; ++i) texts.push_back(absl::StrCat("field", i));
    std::vector<string_view> args = {"hash"};
    for (const std::string& text : texts) args.insert(args.end(), {text, "v"});
    (void)Apply(Operation::kHSet, args);
    bool applied = false;
    size_t reads = 0;
    runtime::FiberGroup fibers(*executor_);
    for (int reader = 0; reader < 2; ++reader) {
      fibers.Spawn("test.reader", [&, reader] {
        // Not in step with the other.
        for (int i = 0; i < 2 * reader; ++i) executor_->Yield();
        for (; !applied && reads < 50; ++reads) {
          (void)Read(Operation::kHGetAll, {"hash"});
        }
      });
    }
    fibers.Spawn("test.writer", [&] {
      for (int i = 0; i < 3; ++i) executor_->Yield();
      (void)Apply(Operation::kPut, {"key", "value"});
      applied = true;
    });
    EXPECT_TRUE(fibers.Join().ok());
    EXPECT_LE(reads, 6u);
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
