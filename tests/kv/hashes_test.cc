// Hashes, as a client of Redis 7.0 sees them.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "kv/reply.h"
#include "runtime/random.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

using absl::string_view;

constexpr const char* kWrongTypeReply =
    "WRONGTYPE Operation against a key holding the wrong kind of value";

class HashesTest : public testing::Test {
 protected:
  // The texts of "[a, b]".
  static std::vector<std::string> Items(string_view reply) {
    EXPECT_TRUE(absl::StartsWith(reply, "[") && absl::EndsWith(reply, "]"))
        << reply;
    reply = reply.substr(1, reply.size() - 2);
    if (reply.empty()) return {};
    return absl::StrSplit(reply, ", ");
  }

  // h: f0..f(count-1), with values v0...
  void Fill(int count) {
    for (int i = 0; i < count; ++i) run(absl::StrCat("HSET h f", i, " v", i));
  }

  CommandRunner run;
};

TEST_F(HashesTest, SettingCountsFieldsThatAreNew) {
  EXPECT_EQ(run("HSET h a 1 b 2"), "2");
  EXPECT_EQ(run("HSET h b 3 c 4 c 5"), "1");
  EXPECT_EQ(run("HMGET h a b c d"), R"(["1", "3", "5", (nil)])");
  EXPECT_EQ(run("HMSET h d x e y"), "OK");
  EXPECT_EQ(run("HLEN h"), "5");
  EXPECT_EQ(run("HSETNX h a 9"), "0");
  EXPECT_EQ(run("HSETNX h z 9"), "1");
  EXPECT_EQ(run("HGET h a"), "\"1\"");
  EXPECT_EQ(run("HGET h z"), "\"9\"");
}

TEST_F(HashesTest, AFieldWithoutAValueIsAnArityError) {
  EXPECT_EQ(run("HSET h a"),
            "ERR wrong number of arguments for 'hset' command");
  EXPECT_EQ(run("HSET h a 1 b"),
            "ERR wrong number of arguments for 'hset' command");
  EXPECT_EQ(run("HMSET h a 1 b"),
            "ERR wrong number of arguments for 'hmset' command");
  EXPECT_EQ(run("EXISTS h"), "0");
}

TEST_F(HashesTest, WhatIsNotThereReadsAsNothing) {
  EXPECT_EQ(run("HGET h a"), "(nil)");
  EXPECT_EQ(run("HMGET h a b"), "[(nil), (nil)]");
  EXPECT_EQ(run("HGETALL h"), "{}");
  EXPECT_EQ(run("HKEYS h"), "[]");
  EXPECT_EQ(run("HVALS h"), "[]");
  EXPECT_EQ(run("HLEN h"), "0");
  EXPECT_EQ(run("HSTRLEN h a"), "0");
  EXPECT_EQ(run("HEXISTS h a"), "0");
  EXPECT_EQ(run("HDEL h a b"), "0");
  EXPECT_EQ(run("HRANDFIELD h"), "(nil)");
  EXPECT_EQ(run("HRANDFIELD h 3"), "[]");
  EXPECT_EQ(run("HRANDFIELD h -3 WITHVALUES"), "[]");
  EXPECT_EQ(run("HSCAN h 0"), R"(["0", []])");
  EXPECT_EQ(run.key_count(), 0u);
}

TEST_F(HashesTest, ReadingGivesFieldsValuesAndLengths) {
  run("HSET h name 'two words'");
  EXPECT_EQ(run("HGETALL h"), R"({name: "two words"})");
  EXPECT_EQ(run("HKEYS h"), "[name]");
  EXPECT_EQ(run("HVALS h"), R"(["two words"])");
  EXPECT_EQ(run("HSTRLEN h name"), "9");
  EXPECT_EQ(run("HSTRLEN h other"), "0");
  EXPECT_EQ(run("HEXISTS h name"), "1");
  EXPECT_EQ(run("HEXISTS h other"), "0");
}

TEST_F(HashesTest, FieldsAndValuesAreAnyBytes) {
  const std::string odd("\0\r\n\xff", 4);
  EXPECT_EQ(run.Run({"HSET", "h", odd, odd}), "1");
  EXPECT_EQ(run("HSET h '' ''"), "1");
  EXPECT_EQ(run.Run({"HGET", "h", odd}), R"("\x00\x0d\x0a\xff")");
  EXPECT_EQ(run("HGET h ''"), "\"\"");
}

TEST_F(HashesTest, AHashGoesWithItsLastField) {
  run("HSET h a 1 b 2 c 3");
  EXPECT_EQ(run("HDEL h a x a"), "1");
  EXPECT_EQ(run("HDEL h b c d"), "2");
  EXPECT_EQ(run("EXISTS h"), "0");
  EXPECT_EQ(run.StateHash(), CommandRunner().StateHash());
}

TEST_F(HashesTest, OtherTypesAreRefused) {
  run("SET s x");
  for (const char* command :
       {"HSET s a 1", "HSETNX s a 1", "HMSET s a 1", "HGET s a", "HMGET s a",
        "HGETALL s", "HKEYS s", "HVALS s", "HLEN s", "HSTRLEN s a",
        "HEXISTS s a", "HDEL s a", "HINCRBY s a 1", "HINCRBYFLOAT s a 1",
        "HRANDFIELD s", "HRANDFIELD s 2", "HSCAN s 0"}) {
    EXPECT_EQ(run(command), kWrongTypeReply) << command;
  }
  run("HSET h a 1");
  EXPECT_EQ(run("GET h"), kWrongTypeReply);
  EXPECT_EQ(run("LPUSH h a"), kWrongTypeReply);
  EXPECT_EQ(run("TYPE h"), "hash");
}

TEST_F(HashesTest, CountersAreIntegersAndNeverOverflow) {
  EXPECT_EQ(run("HINCRBY h n 5"), "5");
  EXPECT_EQ(run("HINCRBY h n -15"), "-10");
  EXPECT_EQ(run("HGET h n"), "\"-10\"");
  EXPECT_EQ(run("HINCRBY h n x"),
            "ERR value is not an integer or out of range");
  run("HSET h t ten s ' 11' big 9223372036854775807");
  EXPECT_EQ(run("HINCRBY h t 1"), "ERR hash value is not an integer");
  EXPECT_EQ(run("HINCRBY h s 1"), "ERR hash value is not an integer");
  EXPECT_EQ(run("HINCRBY h big 1"),
            "ERR increment or decrement would overflow");
  EXPECT_EQ(run("HINCRBY h big -1"), "9223372036854775806");
  // A refused increment leaves no field, and no hash.
  EXPECT_EQ(run("HINCRBY other n 1.5"),
            "ERR value is not an integer or out of range");
  EXPECT_EQ(run("EXISTS other"), "0");
}

TEST_F(HashesTest, FloatsAreAddedAsDecimals) {
  EXPECT_EQ(run("HINCRBYFLOAT h n 3"), "\"3\"");
  EXPECT_EQ(run("HINCRBYFLOAT h n 1.1"), "\"4.1\"");
  EXPECT_EQ(run("HINCRBYFLOAT h n -4.1"), "\"0\"");
  EXPECT_EQ(run("HINCRBYFLOAT h n 5e3"), "\"5000\"");
  run("HSET h t ten i inf");
  EXPECT_EQ(run("HINCRBYFLOAT h t 1"), "ERR hash value is not a float");
  EXPECT_EQ(run("HINCRBYFLOAT h i 1"),
            "ERR increment would produce NaN or Infinity");
  EXPECT_EQ(run("HINCRBYFLOAT h n x"), "ERR value is not a valid float");
  EXPECT_EQ(run("HINCRBYFLOAT h n nan"), "ERR value is not a valid float");
  EXPECT_EQ(run("HINCRBYFLOAT other n -inf"), "ERR value is NaN or Infinity");
  EXPECT_EQ(run("EXISTS other"), "0");
}

TEST_F(HashesTest, RandomFieldsAreFieldsOfTheHash) {
  run("HSET h a 1");
  EXPECT_EQ(run("HRANDFIELD h"), "\"a\"");
  EXPECT_EQ(run("HRANDFIELD h 0"), "[]");
  EXPECT_EQ(run("HRANDFIELD h 5"), "[a]");
  EXPECT_EQ(run("HRANDFIELD h -3"), "[a, a, a]");
  EXPECT_EQ(run("HRANDFIELD h 5 WITHVALUES"), R"([a: "1"])");
  EXPECT_EQ(run("HRANDFIELD h -2 withvalues"), R"([a: "1", a: "1"])");
}

TEST_F(HashesTest, APositiveCountGivesDifferentFields) {
  Fill(100);
  for (const int count : {1, 2, 3, 10, 50, 99, 100, 200}) {
    const auto fields = Items(run(absl::StrCat("HRANDFIELD h ", count)));
    const std::set<std::string> different(fields.begin(), fields.end());
    EXPECT_EQ(fields.size(), static_cast<size_t>(std::min(count, 100)));
    EXPECT_EQ(different.size(), fields.size());
    for (const std::string& field : fields) {
      EXPECT_EQ(run("HEXISTS h " + field), "1") << field;
    }
  }
}

TEST_F(HashesTest, EachFieldIsAsLikelyAsAnyOther) {
  Fill(100);
  // Both ways to choose several, and both to choose one again and again.
  for (const char* count : {"2", "50", "-2", "-50"}) {
    std::map<std::string, int> hits;
    int draws = 0;
    while (draws < 20000) {
      for (const auto& field :
           Items(run(absl::StrCat("HRANDFIELD h ", count)))) {
        ++hits[field];
        ++draws;
      }
    }
    EXPECT_EQ(hits.size(), 100u) << count;
    // 200 on average; seven times the deviation of that.
    for (const auto& [field, times] : hits) {
      EXPECT_NEAR(times, 200, 100) << field << " of " << count;
    }
  }
}

TEST_F(HashesTest, ANegativeCountIsBoundedByItsReply) {
  run("HSET h a 1");
  const std::string reply = run("HRANDFIELD h -10000000");
  EXPECT_TRUE(absl::StartsWith(reply, "ERR ")) << reply;
  EXPECT_TRUE(absl::StartsWith(
      run("HRANDFIELD h -4611686018427387903 WITHVALUES"), "ERR "));
  EXPECT_TRUE(
      absl::StartsWith(run("HRANDFIELD h -9223372036854775807"), "ERR "));
}

TEST_F(HashesTest, CountsOfRandomFieldsAreChecked) {
  run("HSET h a 1");
  EXPECT_EQ(run("HRANDFIELD h x"),
            "ERR value is not an integer or out of range");
  EXPECT_EQ(run("HRANDFIELD h -9223372036854775808"),
            "ERR value is out of range, value must between "
            "-9223372036854775807 and 9223372036854775807");
  EXPECT_EQ(run("HRANDFIELD h -9223372036854775807 WITHVALUES"),
            "ERR value is out of range");
  EXPECT_EQ(run("HRANDFIELD h 4611686018427387904 WITHVALUES"),
            "ERR value is out of range");
  EXPECT_EQ(run("HRANDFIELD h 9223372036854775807"), "[a]");
  EXPECT_EQ(run("HRANDFIELD h 1 VALUES"), "ERR syntax error");
  EXPECT_EQ(run("HRANDFIELD h 1 WITHVALUES x"), "ERR syntax error");
}

TEST_F(HashesTest, AScanMeetsEveryFieldOnce) {
  Fill(1000);
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const std::string reply =
        run(absl::StrCat("HSCAN h ", cursor, " MATCH *7* COUNT 50"));
    const size_t comma = reply.find(", [");
    ASSERT_NE(comma, std::string::npos) << reply;
    cursor = reply.substr(2, comma - 3);
    const auto items =
        Items(string_view(reply).substr(comma + 2, reply.size() - comma - 3));
    EXPECT_EQ(items.size() % 2, 0u);
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      EXPECT_TRUE(seen.insert(items[i]).second) << items[i];
      EXPECT_EQ(items[i].substr(1), items[i + 1].substr(1));
    }
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 271u);  // Of 1000 numbers, those with a 7.
  EXPECT_EQ(run("HSCAN h x"), "ERR invalid cursor");
  EXPECT_EQ(run("HSCAN h 0 COUNT 0"), "ERR syntax error");
  EXPECT_EQ(run("HSCAN h 0 TYPE hash"), "ERR syntax error");
}

TEST_F(HashesTest, AScanOfLargeValuesEndsEarlyAndGoesOn) {
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    run.Run({"HSET", "h", absl::StrCat(i), large});
  }
  int calls = 0;
  std::string cursor = "0";
  do {
    const std::string reply = run("HSCAN h " + cursor + " COUNT 1000000");
    ASSERT_TRUE(absl::StartsWith(reply, "[\""));
    cursor = reply.substr(2, reply.find('"', 2) - 2);
    ++calls;
  } while (cursor != "0");
  EXPECT_GT(calls, 5);
}

TEST_F(HashesTest, RepliesAreBounded) {
  const std::string large(kReplyBytesMax / 3 + 1, 'x');
  for (const char* field : {"a", "b", "c"}) {
    run.Run({"HSET", "h", field, large});
  }
  for (const char* command :
       {"HGETALL h", "HVALS h", "HMGET h a b a b a",
        "HRANDFIELD h -5 WITHVALUES", "HRANDFIELD h 3 WITHVALUES"}) {
    EXPECT_TRUE(absl::StartsWith(run(command), "ERR ")) << command;
  }
  EXPECT_EQ(Items(run("HKEYS h")).size(), 3u);
  // However often it is named.
  std::vector<string_view> words = {"HMGET", "h"};
  words.resize(60000, "a");
  EXPECT_TRUE(absl::StartsWith(run.Run(words), "ERR "));
}

TEST_F(HashesTest, HashesExpireLikeOtherKeys) {
  run.SetNow(1000);
  run("HSET h a 1");
  run("PEXPIRE h 500");
  run("HSET h b 2");  // Keeps the deadline.
  EXPECT_EQ(run("PTTL h"), "500");
  run.SetNow(1500);
  EXPECT_EQ(run("HLEN h"), "0");
  EXPECT_EQ(run("HINCRBY h a 1"), "1");
  EXPECT_EQ(run("PTTL h"), "-1");
}

TEST_F(HashesTest, EqualHashesHaveEqualStatesWhateverTheHistory) {
  run("HSET h a 1 b 2 c 3");
  CommandRunner other;
  other("HSET h x y");
  other("HINCRBYFLOAT h c 2.5");
  other("HINCRBYFLOAT h c 0.5");
  other("HINCRBY h b 2");
  EXPECT_NE(run.StateHash(), other.StateHash());
  other("HSETNX h a 1");
  other("HDEL h x");
  EXPECT_EQ(run.StateHash(), other.StateHash());
  // A field is no value.
  run("HSET i p q");
  other("HSET i q p");
  EXPECT_NE(run.StateHash(), other.StateHash());
}

TEST_F(HashesTest, RandomCommandsAgreeWithAModel) {
  const uint64_t seed = 7101;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "hashes"));
  std::map<std::string, std::map<std::string, std::string>> model;
  for (int round = 0; round < 20000; ++round) {
    const std::string key = absl::StrCat("h", dice.Below(4));
    const std::string field = absl::StrCat("f", dice.Below(30));
    const int64_t number = dice.Between(1, 1000);
    auto& fields = model[key];
    switch (dice.Below(5)) {
      case 0:
        EXPECT_EQ(run(absl::StrCat("HSET ", key, " ", field, " ", number)),
                  fields.contains(field) ? "0" : "1");
        fields[field] = absl::StrCat(number);
        break;
      case 1:
        EXPECT_EQ(run(absl::StrCat("HDEL ", key, " ", field)),
                  absl::StrCat(fields.erase(field)));
        break;
      case 2: {
        int64_t value = 0;
        if (fields.contains(field)) {
          ASSERT_TRUE(absl::SimpleAtoi(fields[field], &value));
        }
        value -= number;
        EXPECT_EQ(run(absl::StrCat("HINCRBY ", key, " ", field, " -", number)),
                  absl::StrCat(value));
        fields[field] = absl::StrCat(value);
        break;
      }
      case 3:
        EXPECT_EQ(run(absl::StrCat("HGET ", key, " ", field)),
                  fields.contains(field)
                      ? absl::StrCat("\"", fields[field], "\"")
                      : "(nil)");
        break;
      default:
        EXPECT_EQ(run("HLEN " + key), absl::StrCat(fields.size()));
        EXPECT_EQ(run("EXISTS " + key), fields.empty() ? "0" : "1");
    }
  }
  CommandRunner fresh;
  for (const auto& [key, fields] : model) {
    for (const auto& [field, value] : fields) {
      fresh.Run({"HSET", key, field, value});
    }
  }
  EXPECT_EQ(fresh.StateHash(), run.StateHash());
}

}  // namespace
}  // namespace kv
