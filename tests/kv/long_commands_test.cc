// Every command of the table, on values of many things: either it takes its
// turns, or it costs the same whatever there is.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/commands/table.h"
#include "kv/commands/transaction.h"
#include "kv/key_slot.h"
#include "kv/reaper.h"
#include "kv/reply.h"
#include "kv/store.h"
#include "tests/kv/store_turns.h"

namespace kv {
namespace {

using absl::string_view;
using Words = std::vector<std::string>;

constexpr size_t kMany = 20'000;
// A step each, at least.
constexpr size_t kTurns = kMany / Pace::kSlice;
constexpr size_t kLarge = 8 << 20;

// "prefix0", "prefix1", ...
Words Numbered(string_view prefix) {
  Words words;
  for (size_t i = 0; i < kMany; ++i) words.push_back(absl::StrCat(prefix, i));
  return words;
}
// Each of them, and `value` behind or before it.
Words Pairs(string_view prefix, string_view value, bool value_first = false) {
  Words words;
  for (const std::string& word : Numbered(prefix)) {
    words.push_back(value_first ? std::string(value) : word);
    words.push_back(value_first ? word : std::string(value));
  }
  return words;
}
Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The longest that a command can take, and what it needs for that.
struct Longest {
  Words args;
  // At least so many turns of others in between.
  size_t turns = kTurns;
};

const std::string& Count() {
  static const std::string count = absl::StrCat(kMany);
  return count;
}

// Who has several here has several ways to be long. Those who are not here cost
// the same whatever there is, or what one value of a string weighs.
// Keys: "k..." strings, and "list", "hash", "set", "set2", "zset", "zset2",
// "large" (a string).
std::vector<std::pair<Operation, Longest>> LongCommands() {
  const std::string many = Count();
  const std::string repeated = absl::StrCat("-", kMany);
  const Words members = Numbered("m");
  std::vector<std::pair<Operation, Longest>> all;
  const auto add = [&](Operation operation, Words args, size_t turns = kTurns) {
    all.push_back({operation, {std::move(args), turns}});
  };
  // Strings.
  add(Operation::kMultiGet, Numbered("k"));
  add(Operation::kMultiSet, Pairs("k", "v"));
  add(Operation::kMultiSetIfAbsent, Pairs("new", "v"));
  // Keys.
  add(Operation::kDelete, Numbered("k"));
  add(Operation::kExists, Numbered("k"));
  add(Operation::kKeys, {"*"});
  add(Operation::kScan, {"0", "COUNT", many});
  add(Operation::kFlushAll, {});
  for (const char* key : {"list", "hash", "set", "zset"}) {
    add(Operation::kCopy, {key, "copy"});
    add(Operation::kMemory, {"USAGE", key});
  }
  add(Operation::kVersions, Numbered("k"));
  // Hashes.
  add(Operation::kHSet, Words{"h"} + Pairs("f", "v"));
  add(Operation::kHMSet, Words{"h"} + Pairs("f", "v"));
  add(Operation::kHMGet, Words{"hash"} + members);
  add(Operation::kHDel, Words{"hash"} + members);
  for (const Operation operation :
       {Operation::kHGetAll, Operation::kHKeys, Operation::kHVals}) {
    add(operation, {"hash"});
  }
  add(Operation::kHRandField, {"hash", many});
  add(Operation::kHRandField, {"hash", repeated, "WITHVALUES"});
  add(Operation::kHScan, {"hash", "0", "COUNT", many});
  // Lists.
  for (const Operation operation : {Operation::kLPush, Operation::kRPush,
                                    Operation::kLPushX, Operation::kRPushX}) {
    add(operation, Words{"list"} + members);
  }
  add(Operation::kLPop, {"list", many});
  add(Operation::kRPop, {"list", many});
  add(Operation::kLMPop, {"1", "list", "LEFT", "COUNT", many});
  add(Operation::kLRange, {"list", "0", "-1"});
  add(Operation::kLTrim, {"list", "1", "0"});
  add(Operation::kLTrim, {"list", "-1", "-1"});
  add(Operation::kLRem, {"list", "0", "same"});
  add(Operation::kLRem, {"list", "1", "middle"});
  add(Operation::kLInsert, {"list", "BEFORE", "middle", "x"});
  add(Operation::kLPos, {"list", "last"});
  // Sets.
  add(Operation::kSAdd, Words{"s"} + members);
  add(Operation::kSRem, Words{"set"} + members);
  add(Operation::kSMembers, {"set"});
  add(Operation::kSMIsMember, Words{"set"} + members);
  add(Operation::kSPop, {"set", many});
  add(Operation::kSRandMember, {"set", many});
  add(Operation::kSRandMember, {"set", repeated});
  add(Operation::kSScan, {"set", "0", "COUNT", many});
  for (const Operation operation :
       {Operation::kSInter, Operation::kSUnion, Operation::kSDiff}) {
    add(operation, {"set", "set2"});
  }
  for (const Operation operation :
       {Operation::kSInterStore, Operation::kSUnionStore,
        Operation::kSDiffStore}) {
    add(operation, {"to", "set", "set2"});
  }
  add(Operation::kSInterCard, {"2", "set", "set2"});
  // Sorted sets.
  add(Operation::kZAdd, Words{"z"} + Pairs("m", "1", true));
  add(Operation::kZRem, Words{"zset"} + members);
  add(Operation::kZMScore, Words{"zset"} + members);
  add(Operation::kZRange, {"zset", "0", "-1"});
  add(Operation::kZRange, {"zset", "0", "-1", "REV", "WITHSCORES"});
  add(Operation::kZRevRange, {"zset", "0", "-1"});
  add(Operation::kZRangeByScore, {"zset", "-inf", "+inf"});
  add(Operation::kZRevRangeByScore, {"zset", "+inf", "-inf"});
  add(Operation::kZRangeByLex, {"zset", "-", "+"});
  add(Operation::kZRevRangeByLex, {"zset", "+", "-"});
  add(Operation::kZRangeStore, {"to", "zset", "0", "-1"});
  add(Operation::kZRemRangeByRank, {"zset", "0", "-1"});
  add(Operation::kZRemRangeByScore, {"zset", "-inf", "+inf"});
  add(Operation::kZRemRangeByLex, {"zset", "-", "+"});
  add(Operation::kZPopMin, {"zset", many});
  add(Operation::kZPopMax, {"zset", many});
  add(Operation::kZMPop, {"1", "zset", "MIN", "COUNT", many});
  add(Operation::kZRandMember, {"zset", many});
  add(Operation::kZRandMember, {"zset", repeated, "WITHSCORES"});
  add(Operation::kZScan, {"zset", "0", "COUNT", many});
  for (const Operation operation :
       {Operation::kZInter, Operation::kZUnion, Operation::kZDiff}) {
    add(operation, {"2", "zset", "zset2"});
  }
  for (const Operation operation :
       {Operation::kZInterStore, Operation::kZUnionStore,
        Operation::kZDiffStore}) {
    add(operation, {"to", "2", "zset", "zset2"});
  }
  add(Operation::kZInterCard, {"2", "zset", "zset2"});
  // One text is copied or hashed in one turn; then others have theirs.
  add(Operation::kCopy, {"large", "copy"}, 1);
  add(Operation::kSetRange, {"large", "1", "x"}, 1);
  add(Operation::kSetBit, {"large", "1", "1"}, 1);
  add(Operation::kGet, {"large"}, 1);
  add(Operation::kGetRange, {"large", "0", "-1"}, 1);
  add(Operation::kSetCommand, {"to", std::string(kLarge, 'x')}, 1);
  add(Operation::kAppend, {"to", std::string(kLarge, 'x')}, 1);
  return all;
}

// Those that are never long, whatever there is, but for the bytes that they are
// given, or that they give back.
constexpr Operation kShort[] = {
    Operation::kSet,
    Operation::kIncrement,
    Operation::kCompareAndSet,
    Operation::kSetIfAbsent,
    Operation::kPut,
    Operation::kLength,
    Operation::kSetEx,
    Operation::kPSetEx,
    Operation::kGetEx,
    Operation::kGetDel,
    Operation::kGetSet,
    Operation::kIncr,
    Operation::kDecr,
    Operation::kDecrBy,
    Operation::kIncrByFloat,
    Operation::kGetBit,
    Operation::kCount,
    Operation::kType,
    Operation::kRandomKey,
    Operation::kRename,
    Operation::kRenameNx,
    Operation::kTouch,
    Operation::kObject,
    Operation::kExpire,
    Operation::kPExpire,
    Operation::kExpireAt,
    Operation::kPExpireAt,
    Operation::kTtl,
    Operation::kPTtl,
    Operation::kExpireTime,
    Operation::kPExpireTime,
    Operation::kPersist,
    Operation::kOpenSession,
    Operation::kHSetNx,
    Operation::kHGet,
    Operation::kHLen,
    Operation::kHStrLen,
    Operation::kHExists,
    Operation::kHIncrBy,
    Operation::kHIncrByFloat,
    Operation::kLLen,
    Operation::kLIndex,
    Operation::kLSet,
    Operation::kLMove,
    Operation::kRPopLPush,
    Operation::kSIsMember,
    Operation::kSCard,
    Operation::kSMove,
    Operation::kZIncrBy,
    Operation::kZScore,
    Operation::kZCard,
    Operation::kZCount,
    Operation::kZLexCount,
    Operation::kZRank,
    Operation::kZRevRank,
    // As many keys as the server itself asks for: kv/expirer.h.
    Operation::kExpireDue,
    // Tests of their own: here, and in slices_test.cc.
    Operation::kTransaction,
    Operation::kLcs,
};

class LongCommandsTest : public StoreTurns {
 protected:
  KvReply Execute(const CommandBatch& batch) {
    if (!batch.read_only()) return Apply(batch);
    const std::string results = Read(batch);
    ResultReader reader(results);
    return ToKvReply(reader);
  }

  KvReply Execute(Operation operation, const Words& args) {
    CommandBatch batch;
    const std::vector<string_view> views(args.begin(), args.end());
    batch.Add(operation, views);
    return Execute(batch);
  }

  void Fill() {
    store_ = std::make_unique<Store>(Sessions::kSessionsMax, executor_);
    const Words members = Numbered("m");
    (void)Execute(Operation::kMultiSet, Pairs("k", "v"));
    (void)Execute(Operation::kHSet, Words{"hash"} + Pairs("m", "v"));
    for (const char* key : {"set", "set2"}) {
      (void)Execute(Operation::kSAdd, Words{key} + members);
    }
    for (const char* key : {"zset", "zset2"}) {
      (void)Execute(Operation::kZAdd, Words{key} + Pairs("m", "1", true));
    }
    Words items(kMany, "same");
    items[kMany / 2] = "middle";
    items.back() = "last";
    (void)Execute(Operation::kRPush, Words{"list"} + items);
    (void)Execute(Operation::kSetCommand, {"large", std::string(kLarge, 'x')});
  }
};

TEST_F(LongCommandsTest, EachIsKnownToBeLongOrShort) {
  absl::btree_map<Operation, int> known;
  for (const auto& [operation, longest] : LongCommands()) known[operation] |= 1;
  for (const Operation operation : kShort) known[operation] |= 2;
  for (const CommandRow& row : AllCommands()) {
    const auto it = known.find(row.operation);
    ASSERT_NE(it, known.end())
        << row.name << " (" << static_cast<int>(row.operation)
        << "): say how long it can take";
    EXPECT_NE(it->second, 3) << row.name << " is both";
  }
}

TEST_F(LongCommandsTest, OthersHaveTheirTurnsDuringEach) {
  Run([&] {
    for (const auto& [operation, longest] : LongCommands()) {
      Fill();
      const Reaper reaper(*executor_, *store_);
      const string_view name = FindCommand(operation)->name;
      KvReply reply;
      const size_t turns =
          TurnsOfAnother([&, &args = longest.args, operation = operation] {
            reply = Execute(operation, args);
          });
      EXPECT_GE(turns, longest.turns)
          << name << " " << (longest.args.empty() ? "" : longest.args[0]);
      EXPECT_TRUE(reply.code == KvReply::Code::kOk ||
                  reply.code == KvReply::Code::kNil)
          << name << ": " << reply.text;
    }
  });
}

TEST_F(LongCommandsTest, WhatTakesTurnsLeavesWhatItWouldLeaveInOne) {
  Run([&] {
    for (const auto& [operation, longest] : LongCommands()) {
      if (FindCommand(operation)->reads) continue;
      Fill();
      const KvReply reply = Execute(operation, longest.args);
      const uint64_t hash = store_->StateHash();
      runtime::Executor* const executor = std::exchange(executor_, nullptr);
      Fill();
      const KvReply at_once = Execute(operation, longest.args);
      executor_ = executor;
      EXPECT_EQ(store_->StateHash(), hash) << FindCommand(operation)->name;
      EXPECT_TRUE(reply.text == at_once.text &&
                  reply.integer == at_once.integer &&
                  reply.values == at_once.values)
          << FindCommand(operation)->name;
    }
  });
}

TEST_F(LongCommandsTest, ATransactionOfManyIsLongToo) {
  Run([&] {
    Fill();
    CommandBatch commands;
    for (size_t i = 0; i < kMany; ++i) commands.Add(Operation::kLLen, {"list"});
    CommandBatch batch;
    AddTransaction(batch, {}, commands);
    EXPECT_GE(TurnsOfAnother([&] { (void)Execute(batch); }), kTurns);
  });
}

TEST_F(LongCommandsTest, TheKeysOfAHashSlotAreLookedForInTurns) {
  Run([&] {
    Fill();
    const uint32_t slot = KeySlot("k0");
    const std::vector<std::string> keys = store_->KeysInSlot(slot, kMany);
    EXPECT_FALSE(keys.empty());
    EXPECT_GE(TurnsOfAnother(
                  [&] { EXPECT_EQ(store_->KeysInSlot(slot, kMany), keys); }),
              kTurns);
  });
}

}  // namespace
}  // namespace kv
