#include "kv/store.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/reply.h"
#include "kv/resp/writer.h"
#include "runtime/random.h"

namespace kv {
namespace {

using absl::string_view;
using Code = KvReply::Code;

// A store and the log that feeds it.
class StoreTest : public testing::Test {
 protected:
  std::vector<KvReply> Apply(const SessionStamp& stamp,
                             const CommandBatch& batch) {
    return ApplyBytes(EncodeEntry(stamp, {}, batch));
  }

  std::vector<KvReply> ApplyBytes(runtime::Bytes payload) {
    const raft::Command command{++index_, persist::Term(1), std::move(payload)};
    runtime::Bytes result;
    store_.Apply({&command, 1}, {&result, 1});
    return Replies(result);
  }

  KvReply Run(Operation operation, std::vector<string_view> args,
              const SessionStamp& stamp = {}) {
    CommandBatch batch;
    batch.Add(operation, args);
    const std::vector<KvReply> replies = Apply(stamp, batch);
    EXPECT_EQ(replies.size(), 1u);
    return replies.empty() ? KvReply{} : replies[0];
  }

  int64_t Integer(Operation operation, std::vector<string_view> args,
                  const SessionStamp& stamp = {}) {
    const KvReply reply = Run(operation, std::move(args), stamp);
    EXPECT_EQ(reply.code, Code::kOk);
    EXPECT_TRUE(reply.is_integer);
    return reply.integer;
  }

  static std::vector<KvReply> Replies(const runtime::Bytes& result) {
    std::vector<KvReply> replies;
    ResultReader reader(result.text());
    while (!reader.rest().empty()) replies.push_back(ToKvReply(reader));
    return replies;
  }

  uint64_t OpenSession() {
    return static_cast<uint64_t>(Integer(Operation::kOpenSession, {}));
  }

  Store store_;
  persist::Index index_;
};

TEST_F(StoreTest, SetAnswersThePreviousValue) {
  EXPECT_EQ(Run(Operation::kSet, {"k", "one"}).code, Code::kNil);
  const KvReply second = Run(Operation::kSet, {"k", "two"});
  EXPECT_EQ(second.code, Code::kOk);
  EXPECT_EQ(second.text, "one");
  EXPECT_EQ(store_.Get("k"), "two");
}

TEST_F(StoreTest, ConditionsDecideWhetherASetHappens) {
  EXPECT_EQ(Run(Operation::kSet, {"k", "a", "XX"}).code, Code::kNil);
  EXPECT_FALSE(store_.Get("k").has_value());
  EXPECT_EQ(Run(Operation::kSet, {"k", "b", "NX"}).code, Code::kNil);
  EXPECT_EQ(Run(Operation::kSet, {"k", "c", "NX"}).text, "b");
  EXPECT_EQ(store_.Get("k"), "b");
  EXPECT_EQ(Integer(Operation::kPut, {"k", "d", "NX"}), 0);
  EXPECT_EQ(Integer(Operation::kPut, {"k", "e", "XX"}), 1);
  EXPECT_EQ(Integer(Operation::kPut, {"l", "f", "XX"}), 0);
  EXPECT_EQ(Integer(Operation::kSetIfAbsent, {"l", "g"}), 1);
  EXPECT_EQ(Integer(Operation::kSetIfAbsent, {"l", "h"}), 0);
  EXPECT_EQ(store_.Get("k"), "e");
  EXPECT_EQ(store_.Get("l"), "g");
}

TEST_F(StoreTest, CountersAreTextAndNeverOverflow) {
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "5"}), 5);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "-15"}), -10);
  EXPECT_EQ(store_.Get("n"), "-10");
  Run(Operation::kPut, {"n", "9223372036854775807"});
  EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}).code, Code::kWrongType);
  EXPECT_EQ(store_.Get("n"), "9223372036854775807");
  Run(Operation::kPut, {"n", "ten"});
  EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}).code, Code::kWrongType);
  EXPECT_EQ(store_.Get("n"), "ten");
}

TEST_F(StoreTest, TheOtherCommandsDoWhatTheySay) {
  EXPECT_EQ(Run(Operation::kMultiSet, {"a", "1", "b", "22", "a", "333"}).text,
            "OK");
  EXPECT_EQ(Integer(Operation::kLength, {"a"}), 3);
  EXPECT_EQ(Integer(Operation::kLength, {"z"}), 0);
  EXPECT_EQ(Integer(Operation::kExists, {"a", "b", "z", "a"}), 3);
  EXPECT_EQ(Integer(Operation::kAppend, {"b", "xyz"}), 5);
  EXPECT_EQ(Integer(Operation::kAppend, {"c", "new"}), 3);
  EXPECT_EQ(Integer(Operation::kCompareAndSet, {"c", "old", "x"}), 0);
  EXPECT_EQ(Integer(Operation::kCompareAndSet, {"c", "new", "x"}), 1);
  EXPECT_EQ(Integer(Operation::kCount, {}), 3);
  const KvReply values = Run(Operation::kMultiGet, {"a", "z", "b"});
  EXPECT_EQ(values.values, (std::vector<std::optional<std::string>>{
                               "333", std::nullopt, "22xyz"}));
  EXPECT_EQ(Integer(Operation::kDelete, {"a", "b", "z", "a"}), 2);
  EXPECT_EQ(Run(Operation::kGet, {"a"}).code, Code::kNil);
}

TEST_F(StoreTest, KeysAndValuesAreAnyBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  Run(Operation::kPut, {all, all});
  Run(Operation::kPut, {"", ""});
  EXPECT_EQ(Run(Operation::kGet, {all}).text, all);
  const KvReply empty = Run(Operation::kGet, {""});
  EXPECT_EQ(empty.code, Code::kOk);
  EXPECT_EQ(empty.text, "");
}

TEST_F(StoreTest, ValuesDoNotGrowBeyondTheirBound) {
  const std::string big(kRequestBytesMax - 1000, 'x');
  Run(Operation::kPut, {"k", big});
  const std::string more(2000, 'y');
  EXPECT_EQ(Run(Operation::kAppend, {"k", more}).code, Code::kWrongType);
  EXPECT_EQ(store_.Get("k")->size(), big.size());
  // A reply has its bound, too.
  EXPECT_EQ(Run(Operation::kMultiGet, {"k", "k", "k"}).code, Code::kWrongType);
}

TEST_F(StoreTest, ResultsStopAtTheirBoundAndTheRestIsNotExecuted) {
  const std::string half(kResultBytesMax / 2 + 1, 'x');
  Run(Operation::kPut, {"k", half});
  CommandBatch batch;
  batch.Add(Operation::kGet, {"k"});
  batch.Add(Operation::kGet, {"k"});
  batch.Add(Operation::kIncrement, {"n", "1"});
  EXPECT_EQ(Apply({}, batch).size(), 2u);
  EXPECT_FALSE(store_.Get("n").has_value());
}

TEST_F(StoreTest, GarbageChangesNothing) {
  Run(Operation::kPut, {"k", "v"});
  const uint64_t before = store_.StateHash();
  const auto replies = ApplyBytes(runtime::Bytes::Copy("garbage"));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].code, Code::kInvalid);
  ApplyBytes(runtime::Bytes());
  EXPECT_EQ(store_.StateHash(), before);
}

TEST_F(StoreTest, ARetryIsAppliedOnceAndAnsweredTwice) {
  const uint64_t session = OpenSession();
  const SessionStamp stamp{session, 1, 1};
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, stamp), 1);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, stamp), 1);
  EXPECT_EQ(store_.Get("n"), "1");
}

TEST_F(StoreTest, SequencesMayArriveInAnyOrder) {
  const uint64_t session = OpenSession();
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, 3, 1}), 1);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, 1, 1}), 2);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, 2, 1}), 3);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, 3, 1}), 1);
  EXPECT_EQ(store_.Get("n"), "3");
}

TEST_F(StoreTest, WhatWasAcknowledgedIsNeverExecutedAgain) {
  const uint64_t session = OpenSession();
  Run(Operation::kIncrement, {"n", "1"}, {session, 1, 1});
  Run(Operation::kIncrement, {"n", "1"}, {session, 5, 3});
  for (const uint64_t late : {uint64_t{1}, uint64_t{2}}) {
    EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}, {session, late, 1}).code,
              Code::kSessionExpired);
  }
  EXPECT_EQ(store_.Get("n"), "2");
  // A late entry with an old first_pending brings nothing back.
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, 3, 1}), 3);
}

TEST_F(StoreTest, UnknownSessionsAreNeverExecuted) {
  EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}, {999, 1, 1}).code,
            Code::kSessionExpired);
  EXPECT_FALSE(store_.Get("n").has_value());
}

TEST_F(StoreTest, NonsensicalStampsAreInvalid) {
  const uint64_t session = OpenSession();
  EXPECT_EQ(Run(Operation::kPut, {"k", "v"}, {session, 0, 0}).code,
            Code::kInvalid);
  EXPECT_EQ(Run(Operation::kPut, {"k", "v"}, {session, 2, 3}).code,
            Code::kInvalid);
  EXPECT_FALSE(store_.Get("k").has_value());
}

TEST_F(StoreTest, TheLeastRecentlyUsedSessionGoesFirst) {
  const uint64_t first = OpenSession();
  const uint64_t second = OpenSession();
  for (size_t i = 2; i < Sessions::kSessionsMax; ++i) OpenSession();
  Run(Operation::kIncrement, {"n", "1"}, {first, 1, 1});
  OpenSession();
  EXPECT_EQ(store_.session_count(), Sessions::kSessionsMax);
  EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}, {second, 1, 1}).code,
            Code::kSessionExpired);
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {first, 1, 1}), 1);
  EXPECT_EQ(store_.Get("n"), "1");
}

TEST_F(StoreTest, FewerSessionsMayBeRemembered) {
  Store small(2);
  const auto open = [&small](uint64_t index) {
    CommandBatch batch;
    batch.Add(Operation::kOpenSession, {});
    const raft::Command command{persist::Index(index), persist::Term(1),
                                EncodeEntry({}, {}, batch)};
    runtime::Bytes result;
    small.Apply(std::span(&command, 1), std::span(&result, 1));
  };
  for (uint64_t index = 1; index <= 5; ++index) open(index);
  EXPECT_EQ(small.session_count(), 2u);
}

TEST_F(StoreTest, ASessionThatAcknowledgesNothingIsTurnedAway) {
  const uint64_t session = OpenSession();
  uint64_t sequence = 0;
  while (sequence < Sessions::kResultsMax) {
    Run(Operation::kPut, {"k", "v"}, {session, ++sequence, 1});
  }
  const uint64_t next = sequence + 1;
  EXPECT_EQ(Run(Operation::kIncrement, {"n", "1"}, {session, next, 1}).code,
            Code::kBusy);
  EXPECT_FALSE(store_.Get("n").has_value());
  // Acknowledging makes room, and the refused entry may come again.
  EXPECT_EQ(Integer(Operation::kIncrement, {"n", "1"}, {session, next, 9}), 1);
}

TEST_F(StoreTest, EqualStatesHaveEqualHashesWhateverTheHistory) {
  Store other;
  const auto apply = [](Store& store, uint64_t index, Operation operation,
                        std::vector<string_view> args) {
    CommandBatch batch;
    batch.Add(operation, args);
    const raft::Command command{persist::Index(index), persist::Term(1),
                                EncodeEntry({}, {}, batch)};
    runtime::Bytes result;
    store.Apply({&command, 1}, {&result, 1});
  };
  apply(store_, 1, Operation::kPut, {"a", "a value of some length"});
  apply(store_, 2, Operation::kPut, {"b", "22"});
  apply(store_, 3, Operation::kPut, {"gone", "x"});
  EXPECT_NE(store_.StateHash(), other.StateHash());
  apply(store_, 4, Operation::kDelete, {"gone"});
  apply(other, 7, Operation::kIncrement, {"b", "22"});
  apply(other, 8, Operation::kAppend, {"a", "a value"});
  EXPECT_NE(store_.StateHash(), other.StateHash());
  apply(other, 9, Operation::kAppend, {"a", " of some length"});
  EXPECT_EQ(store_.StateHash(), other.StateHash());
  // Keys and values are not interchangeable.
  apply(store_, 10, Operation::kPut, {"x", "y"});
  apply(other, 10, Operation::kPut, {"y", "x"});
  EXPECT_NE(store_.StateHash(), other.StateHash());
}

TEST_F(StoreTest, SessionsAreHashed) {
  const uint64_t opened = OpenSession();
  const uint64_t after_open = store_.StateHash();
  EXPECT_NE(after_open, Store().StateHash());
  Run(Operation::kDelete, {"none"}, {opened, 1, 1});
  const uint64_t after_result = store_.StateHash();
  EXPECT_NE(after_result, after_open);
}

// Against a plain model, with batches cut at random places.
TEST_F(StoreTest, RandomCommandsAgreeWithAModel) {
  const uint64_t seed = 77;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "commands"));
  std::map<std::string, std::string> model;
  for (int round = 0; round < 5000; ++round) {
    const std::string key = absl::StrCat("k", dice.Below(20));
    const std::string text(dice.Below(40), static_cast<char>('a' + round % 26));
    switch (dice.Below(4)) {
      case 0:
        Run(Operation::kSet, {key, text});
        model[key] = text;
        break;
      case 1:
        Run(Operation::kAppend, {key, text});
        model[key] += text;
        break;
      case 2:
        EXPECT_EQ(Integer(Operation::kDelete, {key}),
                  static_cast<int64_t>(model.erase(key)));
        break;
      default:
        EXPECT_EQ(store_.Get(key).has_value(), model.contains(key));
        if (model.contains(key)) {
          EXPECT_EQ(*store_.Get(key), model[key]);
        }
    }
  }
  // The incremental hash equals that of a store that never knew the history.
  Store fresh;
  uint64_t index = 0;
  for (const auto& [key, value] : model) {
    CommandBatch batch;
    batch.Add(Operation::kPut, {key, value});
    const raft::Command command{persist::Index(++index), persist::Term(1),
                                EncodeEntry({}, {}, batch)};
    runtime::Bytes result;
    fresh.Apply({&command, 1}, {&result, 1});
  }
  EXPECT_EQ(fresh.StateHash(), store_.StateHash());
}

TEST(ReplyTest, DamagedResultsEndEarlyAndNeverPassTheEnd) {
  ResultWriter writer;
  writer.Integer(-1);
  writer.Text("text");
  writer.Array(2);
  writer.Text("one");
  writer.Nil();
  writer.Pairs(1);
  writer.Text("a");
  writer.Double(0.5);
  const std::string whole(writer.Finish().text());
  for (size_t size = 0; size < whole.size(); ++size) {
    ResultReader reader(string_view(whole).substr(0, size));
    size_t replies = 0;
    while (reader.Skip()) ++replies;
    EXPECT_LT(replies, 4u);
  }
  const uint64_t seed = 5;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "damage"));
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = whole;
    const uint64_t place = dice.Below(bytes.size());
    const uint64_t byte = dice.Below(256);
    bytes[place] = static_cast<char>(byte);
    ResultReader reader(bytes);
    while (!reader.rest().empty()) ToKvReply(reader);
    ResultReader worded(bytes);
    for (const RespVersion version : {RespVersion::k2, RespVersion::k3}) {
      std::string out;
      RespWriter words(out, version);
      while (words.Reply(worded)) {
      }
    }
  }
}

TEST(ReplyTest, RepliesNestNoDeeperThanAllowed) {
  ResultWriter writer;
  for (int i = 0; i < 100'000; ++i) writer.Array(1);
  writer.Nil();
  const runtime::Bytes deep = writer.Finish();
  ResultReader reader(deep.text());
  std::string out;
  EXPECT_FALSE(RespWriter(out).Reply(reader));
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace kv
