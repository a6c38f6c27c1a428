// Sorted sets, as a client of Redis sees them.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

#include "kv/reply.h"
#include "runtime/random.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

constexpr char kWrong[] =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNoFloat[] = "ERR value is not a valid float";
constexpr char kNoInteger[] = "ERR value is not an integer or out of range";

size_t CountItems(const std::string& shown) {
  if (shown.size() <= 2) return 0;
  return std::vector<std::string>(absl::StrSplit(shown, ", ")).size();
}

class SortedSetsTest : public testing::Test {
 protected:
  // a to e, with the scores 1 to 5.
  void FillLetters() { run("ZADD z 1 a 2 b 3 c 4 d 5 e"); }

  CommandRunner run;
};

TEST_F(SortedSetsTest, MembersComeAndGo) {
  EXPECT_EQ(run("ZADD z 2 b 1 a 1.5 c"), "3");
  EXPECT_EQ(run("ZADD z 3 b 4 d"), "1");
  EXPECT_EQ(run("ZCARD z"), "4");
  EXPECT_EQ(run("ZSCORE z b"), "3.0");
  EXPECT_EQ(run("ZSCORE z x"), "(nil)");
  EXPECT_EQ(run("ZMSCORE z c x a"), "[1.5, (nil), 1.0]");
  EXPECT_EQ(run("ZRANK z a"), "0");
  EXPECT_EQ(run("ZREVRANK z a"), "3");
  EXPECT_EQ(run("ZRANK z x"), "(nil)");
  EXPECT_EQ(run("ZREVRANK z x"), "(nil)");
  EXPECT_EQ(run("ZREM z a x"), "1");
  EXPECT_EQ(run("ZREM z b c d"), "3");
  EXPECT_EQ(run("EXISTS z"), "0");
}

TEST_F(SortedSetsTest, WhatIsNotThereIsEmpty) {
  const std::pair<const char*, const char*> kReplies[] = {
      {"ZCARD z", "0"},
      {"ZSCORE z a", "(nil)"},
      {"ZMSCORE z a b", "[(nil), (nil)]"},
      {"ZRANK z a", "(nil)"},
      {"ZREM z a", "0"},
      {"ZCOUNT z 0 1", "0"},
      {"ZLEXCOUNT z - +", "0"},
      {"ZRANGE z 0 -1", "[]"},
      {"ZRANGE z 0 -1 WITHSCORES", "[]"},
      {"ZRANGEBYSCORE z 0 1", "[]"},
      {"ZRANGESTORE d z 0 -1", "0"},
      {"ZREMRANGEBYRANK z 0 -1", "0"},
      {"ZPOPMIN z", "[]"},
      {"ZPOPMAX z 5", "[]"},
      {"ZMPOP 2 z y MIN", "(null array)"},
      {"ZRANDMEMBER z", "(nil)"},
      {"ZRANDMEMBER z -5", "[]"},
      {"ZUNION 2 z y", "[]"},
      {"ZINTER 2 z y", "[]"},
      {"ZDIFF 2 z y", "[]"},
      {"ZINTERCARD 2 z y", "0"},
      {"ZUNIONSTORE d 1 z", "0"},
      {"ZADD z XX 1 a", "0"},
      {"ZADD z XX INCR 1 a", "(nil)"},
      {"ZSCAN z 0", "[\"0\", []]"}};
  for (const auto& [line, reply] : kReplies)
    EXPECT_EQ(run(line), reply) << line;
  EXPECT_EQ(run.key_count(), 0u);
}

TEST_F(SortedSetsTest, OtherTypesAreRefused) {
  run("SET str x");
  FillLetters();
  for (const char* line : {"ZADD str 1 a",
                           "ZADD str XX 1 a",
                           "ZINCRBY str 1 a",
                           "ZREM str a",
                           "ZSCORE str a",
                           "ZMSCORE str a",
                           "ZCARD str",
                           "ZCOUNT str 0 1",
                           "ZLEXCOUNT str - +",
                           "ZRANK str a",
                           "ZREVRANK str a",
                           "ZRANGE str 0 -1",
                           "ZRANGESTORE d str 0 -1",
                           "ZREMRANGEBYRANK str 0 1",
                           "ZREMRANGEBYSCORE str 0 1",
                           "ZREMRANGEBYLEX str - +",
                           "ZPOPMIN str",
                           "ZPOPMAX str 0",
                           "ZMPOP 2 none str MIN",
                           "ZRANDMEMBER str",
                           "ZRANDMEMBER str 1",
                           "ZUNION 2 z str",
                           "ZINTER 2 none str",
                           "ZDIFFSTORE d 2 z str",
                           "ZINTERCARD 2 z str",
                           "ZSCAN str 0"}) {
    EXPECT_EQ(run(line), kWrong) << line;
  }
}

TEST_F(SortedSetsTest, EncodingFollowsContents) {
  FillLetters();
  EXPECT_EQ(run("OBJECT ENCODING z"), "\"listpack\"");
  EXPECT_EQ(run("TYPE z"), "zset");
  run(absl::StrCat("ZADD z 1 ", std::string(65, 'x')));
  EXPECT_EQ(run("OBJECT ENCODING z"), "\"skiplist\"");
  for (int i = 0; i < 129; ++i) run(absl::StrCat("ZADD y 1 ", i));
  EXPECT_EQ(run("OBJECT ENCODING y"), "\"skiplist\"");
  run("ZREM y 5");
  EXPECT_EQ(run("OBJECT ENCODING y"), "\"listpack\"");
}

TEST_F(SortedSetsTest, ConditionsOfZAdd) {
  run("ZADD z 10 x 20 y");
  EXPECT_EQ(run("ZADD z XX 30 new"), "0");
  EXPECT_EQ(run("ZADD z NX 11 x 30 new"), "1");
  EXPECT_EQ(run("ZSCORE z x"), "10.0");
  EXPECT_EQ(run("ZADD z CH 11 x 20 y 1 newer"), "2");
  EXPECT_EQ(run("ZADD z GT CH 5 x 25 y"), "1");
  EXPECT_EQ(run("ZADD z LT CH 5 x 28 y 2 newest"), "2");
  EXPECT_EQ(run("ZADD z XX LT CH 1 fresh"), "0");
  EXPECT_EQ(run("ZRANGE z 0 -1 WITHSCORES"),
            "[newer: 1.0, newest: 2.0, x: 5.0, y: 25.0, new: 30.0]");
  EXPECT_EQ(run("ZADD z 1 same 2 same"), "1");
  EXPECT_EQ(run("ZSCORE z same"), "2.0");
}

TEST_F(SortedSetsTest, Increments) {
  EXPECT_EQ(run("ZINCRBY z 1.5 a"), "1.5");
  EXPECT_EQ(run("ZINCRBY z -3 a"), "-1.5");
  EXPECT_EQ(run("ZADD z INCR 2 a"), "0.5");
  EXPECT_EQ(run("ZADD z NX INCR 2 a"), "(nil)");
  EXPECT_EQ(run("ZADD z GT INCR -2 a"), "(nil)");
  EXPECT_EQ(run("ZADD z LT INCR -2 a"), "-1.5");
  EXPECT_EQ(run("ZADD z inf high"), "1");
  EXPECT_EQ(run("ZINCRBY z -inf high"),
            "ERR resulting score is not a number (NaN)");
  EXPECT_EQ(run("ZSCORE z high"), "inf");
  EXPECT_EQ(run("ZINCRBY z x a"), kNoFloat);
  EXPECT_EQ(run("ZINCRBY z nx a"), kSyntax);
}

TEST_F(SortedSetsTest, WhatZAddRefuses) {
  EXPECT_EQ(run("ZADD z 1 a 2"), kSyntax);
  EXPECT_EQ(run("ZADD z NX XX"), kSyntax);
  EXPECT_EQ(run("ZADD z XX NX 1 a"),
            "ERR XX and NX options at the same time are not compatible");
  for (const char* options : {"GT LT", "NX GT", "LT NX"}) {
    EXPECT_EQ(run(absl::StrCat("ZADD z ", options, " 1 a")),
              "ERR GT, LT, and/or NX options at the same time are not "
              "compatible");
  }
  EXPECT_EQ(run("ZADD z INCR 1 a 2 b"),
            "ERR INCR option supports a single increment-element pair");
  EXPECT_EQ(run("ZADD z 1 a nan b"), kNoFloat);
  EXPECT_EQ(run("ZADD z 1 a '' b"), kNoFloat);
  EXPECT_EQ(run("EXISTS z"), "0");
}

TEST_F(SortedSetsTest, PopsTakeTheEnds) {
  FillLetters();
  EXPECT_EQ(run("ZPOPMIN z"), "[a, 1.0]");
  EXPECT_EQ(run("ZPOPMAX z"), "[e, 5.0]");
  EXPECT_EQ(run("ZPOPMAX z 2"), "[d: 4.0, c: 3.0]");
  EXPECT_EQ(run("ZPOPMIN z 0"), "[]");
  EXPECT_EQ(run("ZPOPMIN z 9"), "[b: 2.0]");
  EXPECT_EQ(run("EXISTS z"), "0");
  EXPECT_EQ(run("ZPOPMIN z -1"), "ERR value is out of range, must be positive");
  EXPECT_EQ(run("ZPOPMIN z x"), "ERR value is out of range, must be positive");
  EXPECT_EQ(run("ZPOPMIN z 1 2"), kSyntax);
}

TEST_F(SortedSetsTest, APopTakesTheFirstKeyThatHasAny) {
  FillLetters();
  EXPECT_EQ(run("ZMPOP 2 none z MIN"), "[z, [[a, 1.0]]]");
  EXPECT_EQ(run("ZMPOP 1 z MAX COUNT 2"), "[z, [[e, 5.0], [d, 4.0]]]");
  EXPECT_EQ(run("ZMPOP 1 z MIN COUNT 10"), "[z, [[b, 2.0], [c, 3.0]]]");
  EXPECT_EQ(run("EXISTS z"), "0");
  EXPECT_EQ(run("ZMPOP 0 z MIN"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("ZMPOP x z MIN"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("ZMPOP 2 z MIN"), kSyntax);
  EXPECT_EQ(run("ZMPOP 1 z MEAN"), kSyntax);
  EXPECT_EQ(run("ZMPOP 1 z MIN COUNT"), kSyntax);
  EXPECT_EQ(run("ZMPOP 1 z MIN COUNT 1 COUNT 2"), kSyntax);
  EXPECT_EQ(run("ZMPOP 1 z MIN COUNT 0"), "ERR count should be greater than 0");
}

TEST_F(SortedSetsTest, APopThatCannotBeAnsweredTakesNothing) {
  const std::string large(kReplyBytesMax / 6, 'x');
  for (int i = 0; i < 7; ++i) {
    run.Run({"ZADD", "z", absl::StrCat(i), absl::StrCat(i, large)});
  }
  EXPECT_EQ(run("ZPOPMIN z 7").substr(0, 4), "ERR ");
  EXPECT_EQ(run("ZMPOP 1 z MAX COUNT 7").substr(0, 4), "ERR ");
  EXPECT_EQ(run("ZCARD z"), "7");
  EXPECT_EQ(run("ZPOPMIN z 5").substr(0, 1), "[");
  EXPECT_EQ(run("ZCARD z"), "2");
}

TEST_F(SortedSetsTest, AnyMembers) {
  for (int i = 0; i < 100; ++i) run(absl::StrCat("ZADD z ", i, " m", i));
  EXPECT_EQ(run("ZRANDMEMBER z").substr(0, 2), "\"m");
  for (const size_t count : {1u, 10u, 50u, 100u}) {
    EXPECT_EQ(CountItems(run(absl::StrCat("ZRANDMEMBER z ", count))), count);
    EXPECT_EQ(CountItems(run(absl::StrCat("ZRANDMEMBER z -", 3 * count))),
              3 * count);
  }
  EXPECT_EQ(CountItems(run("ZRANDMEMBER z 200 WITHSCORES")), 100u);
  run("ZADD one 1.5 m");
  EXPECT_EQ(run("ZRANDMEMBER one 5 WITHSCORES"), "[m: 1.5]");
  EXPECT_EQ(run("ZRANDMEMBER one -2 WITHSCORES"), "[m: 1.5, m: 1.5]");
  EXPECT_EQ(run("ZRANDMEMBER z x"), kNoInteger);
  EXPECT_EQ(run("ZRANDMEMBER z 1 FOO"), kSyntax);
  EXPECT_EQ(run("ZRANDMEMBER z 5000000000000000000 WITHSCORES"),
            "ERR value is out of range");
  EXPECT_EQ(run("ZRANDMEMBER z -9223372036854775807").substr(0, 4), "ERR ");
  EXPECT_LT(run.reply_bytes(), 200u);
}

TEST_F(SortedSetsTest, Algebra) {
  run("ZADD x 1 a 2 b 3 c");
  run("ZADD y 10 b 20 c 30 d");
  run("SADD s a d");
  EXPECT_EQ(run("ZUNION 2 x y"), "[a, b, c, d]");
  EXPECT_EQ(run("ZUNION 2 x y WITHSCORES"),
            "[a: 1.0, b: 12.0, c: 23.0, d: 30.0]");
  EXPECT_EQ(run("ZUNION 2 x y AGGREGATE MAX WITHSCORES"),
            "[a: 1.0, b: 10.0, c: 20.0, d: 30.0]");
  EXPECT_EQ(run("ZUNION 2 x s WEIGHTS 2 -1 WITHSCORES"),
            "[d: -1.0, a: 1.0, b: 4.0, c: 6.0]");
  EXPECT_EQ(run("ZINTER 2 x y WITHSCORES"), "[b: 12.0, c: 23.0]");
  EXPECT_EQ(run("ZINTER 2 x y AGGREGATE MIN WEIGHTS 1 0.1 WITHSCORES"),
            "[b: 1.0, c: 2.0]");
  EXPECT_EQ(run("ZINTER 2 x none"), "[]");
  EXPECT_EQ(run("ZINTER 2 x x WITHSCORES"), "[a: 2.0, b: 4.0, c: 6.0]");
  EXPECT_EQ(run("ZDIFF 2 x s WITHSCORES"), "[b: 2.0, c: 3.0]");
  EXPECT_EQ(run("ZDIFF 2 x x"), "[]");
  EXPECT_EQ(run("ZINTERCARD 2 x y"), "2");
  EXPECT_EQ(run("ZINTERCARD 2 x y LIMIT 1"), "1");
}

TEST_F(SortedSetsTest, WhatIsNoNumberCountsAsZero) {
  run("ZADD x inf a 0 b");
  run("ZADD y -inf a inf b");
  EXPECT_EQ(run("ZUNION 2 x y WITHSCORES"), "[a: 0.0, b: inf]");
  EXPECT_EQ(run("ZINTER 2 x y WITHSCORES"), "[a: 0.0, b: inf]");
  EXPECT_EQ(run("ZUNION 1 x WEIGHTS inf WITHSCORES"), "[b: 0.0, a: inf]");
}

TEST_F(SortedSetsTest, AStoreReplacesWhateverWasThere) {
  run("ZADD x 1 a 2 b");
  run("SET d text");
  EXPECT_EQ(run("ZUNIONSTORE d 2 x x WEIGHTS 1 2"), "2");
  EXPECT_EQ(run("ZRANGE d 0 -1 WITHSCORES"), "[a: 3.0, b: 6.0]");
  EXPECT_EQ(run("ZINTERSTORE x 2 x d AGGREGATE MAX"), "2");
  EXPECT_EQ(run("ZRANGE x 0 -1 WITHSCORES"), "[a: 3.0, b: 6.0]");
  EXPECT_EQ(run("ZDIFFSTORE x 2 x d"), "0");
  EXPECT_EQ(run("EXISTS x"), "0");
}

TEST_F(SortedSetsTest, WhatAlgebraRefuses) {
  FillLetters();
  EXPECT_EQ(run("ZUNION 0 z"),
            "ERR at least 1 input key is needed for 'zunion' command");
  EXPECT_EQ(run("ZDIFFSTORE d -1 z"),
            "ERR at least 1 input key is needed for 'zdiffstore' command");
  EXPECT_EQ(run("ZINTER x z"), kNoInteger);
  EXPECT_EQ(run("ZUNION 1 z WEIGHTS x"), "ERR weight value is not a float");
  EXPECT_EQ(run("ZINTERCARD 1 z LIMIT -1"), "ERR LIMIT can't be negative");
  for (const char* line :
       {"ZUNION 2 z", "ZUNION 1 z FOO", "ZUNION 2 z z WEIGHTS 1",
        "ZUNION 1 z AGGREGATE", "ZUNION 1 z AGGREGATE MEAN",
        "ZUNIONSTORE d 1 z WITHSCORES", "ZDIFF 1 z WEIGHTS 1",
        "ZDIFFSTORE d 1 z AGGREGATE SUM", "ZINTERCARD 1 z WITHSCORES",
        "ZINTER 1 z LIMIT 1"}) {
    EXPECT_EQ(run(line), kSyntax) << line;
  }
}

TEST_F(SortedSetsTest, AScanAnswersScoresAsTexts) {
  run("ZADD z 1.5 a");
  EXPECT_EQ(run("ZSCAN z 0"), "[\"0\", [a, \"1.5\"]]");
  EXPECT_EQ(run("ZSCAN z 0 MATCH b*"), "[\"0\", []]");
  EXPECT_EQ(run("ZSCAN z x"), "ERR invalid cursor");
}

// Random histories against a model; the same contents, however they came to be,
// have the same hash.
TEST_F(SortedSetsTest, SortedSetsAreWhatTheirModelsAre) {
  constexpr uint64_t kSeed = 1;
  runtime::Random dice(runtime::StreamSeed(kSeed, "sorted sets"));
  std::map<std::string, int64_t> model;
  for (int step = 0; step < 4000; ++step) {
    const std::string member = absl::StrCat("m", dice.Below(600));
    const int64_t score = dice.Between(-20, 20);
    const uint64_t act = dice.Below(10);
    if (act < 5) {
      run(absl::StrCat("ZADD z ", score, " ", member));
      model[member] = score;
    } else if (act < 7) {
      run(absl::StrCat("ZINCRBY z ", score, " ", member));
      model[member] += score;
    } else if (act < 9) {
      EXPECT_EQ(run(absl::StrCat("ZREM z ", member)),
                absl::StrCat(model.erase(member)));
    } else {
      const int64_t gone = dice.Between(-60, 60);
      EXPECT_EQ(run(absl::StrCat("ZREMRANGEBYSCORE z ", gone, " ", gone)),
                absl::StrCat(std::erase_if(model, [&](const auto& one) {
                  return one.second == gone;
                })));
    }
  }
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [member, score] : model) order.emplace_back(score, member);
  std::sort(order.begin(), order.end());
  CommandRunner fresh;
  std::vector<std::string> items;
  for (const auto& [score, member] : order) {
    EXPECT_EQ(run(absl::StrCat("ZRANK z ", member)),
              absl::StrCat(items.size()));
    items.push_back(absl::StrCat(member, ": ", score, ".0"));
    fresh.Run(absl::StrCat("ZADD z ", score, " ", member));
  }
  EXPECT_EQ(run("ZRANGE z 0 -1 WITHSCORES"),
            absl::StrCat("[", absl::StrJoin(items, ", "), "]"));
  EXPECT_EQ(run.StateHash(), fresh.StateHash());
}

}  // namespace
}  // namespace kv
