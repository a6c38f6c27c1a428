// Parts of sorted sets, as a client of Redis sees them.

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

constexpr char kSyntax[] = "ERR syntax error";
constexpr char kNoInteger[] = "ERR value is not an integer or out of range";
constexpr char kNoScoreRange[] = "ERR min or max is not a float";
constexpr char kNoMemberRange[] = "ERR min or max not valid string range item";

class SortedSetRangesTest : public testing::Test {
 protected:
  // a to e, with the scores 1 to 5.
  void FillLetters() { run("ZADD z 1 a 2 b 3 c 4 d 5 e"); }
  // The same members, all with the score 0.
  void FillEqual() { run("ZADD z 0 a 0 b 0 c 0 d 0 e"); }

  CommandRunner run;
};

TEST_F(SortedSetRangesTest, RangesByRank) {
  FillLetters();
  EXPECT_EQ(run("ZRANGE z 0 -1"), "[a, b, c, d, e]");
  EXPECT_EQ(run("ZRANGE z 1 2 WITHSCORES"), "[b: 2.0, c: 3.0]");
  EXPECT_EQ(run("ZRANGE z -2 100"), "[d, e]");
  EXPECT_EQ(run("ZRANGE z -100 0"), "[a]");
  EXPECT_EQ(run("ZRANGE z 3 2"), "[]");
  EXPECT_EQ(run("ZRANGE z 5 9 WITHSCORES"), "[]");
  EXPECT_EQ(run("ZRANGE z 0 1 REV"), "[e, d]");
  EXPECT_EQ(run("ZREVRANGE z 0 1 WITHSCORES"), "[e: 5.0, d: 4.0]");
  EXPECT_EQ(run("ZREVRANGE z -2 -1"), "[b, a]");
  EXPECT_EQ(run("ZREVRANGE z 5 9"), "[]");
}

TEST_F(SortedSetRangesTest, RangesByScore) {
  FillLetters();
  EXPECT_EQ(run("ZRANGEBYSCORE z 2 4"), "[b, c, d]");
  EXPECT_EQ(run("ZRANGEBYSCORE z (2 (4 WITHSCORES"), "[c: 3.0]");
  EXPECT_EQ(run("ZRANGEBYSCORE z -inf +inf LIMIT 1 2"), "[b, c]");
  EXPECT_EQ(run("ZRANGEBYSCORE z -inf (inf LIMIT 3 -1"), "[d, e]");
  EXPECT_EQ(run("ZRANGEBYSCORE z 1 5 LIMIT -1 2"), "[]");
  EXPECT_EQ(run("ZRANGEBYSCORE z 1 5 LIMIT 9 2"), "[]");
  EXPECT_EQ(run("ZRANGEBYSCORE z 4 2"), "[]");
  EXPECT_EQ(run("ZRANGEBYSCORE z (2 2"), "[]");
  EXPECT_EQ(run("ZREVRANGEBYSCORE z 4 2"), "[d, c, b]");
  EXPECT_EQ(run("ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2"), "[d, c]");
  EXPECT_EQ(run("ZRANGE z 4 (2 BYSCORE REV LIMIT 1 5 WITHSCORES"), "[c: 3.0]");
  EXPECT_EQ(run("ZRANGE z '' 2 BYSCORE"), "[a, b]");
  EXPECT_EQ(run("ZCOUNT z (1 3"), "2");
  EXPECT_EQ(run("ZCOUNT z 3 (1"), "0");
}

TEST_F(SortedSetRangesTest, RangesByMember) {
  FillEqual();
  EXPECT_EQ(run("ZRANGEBYLEX z - [c"), "[a, b, c]");
  EXPECT_EQ(run("ZRANGEBYLEX z (b (d"), "[c]");
  EXPECT_EQ(run("ZRANGEBYLEX z [bb +"), "[c, d, e]");
  EXPECT_EQ(run("ZRANGEBYLEX z + -"), "[]");
  EXPECT_EQ(run("ZRANGEBYLEX z - + LIMIT 1 2"), "[b, c]");
  EXPECT_EQ(run("ZREVRANGEBYLEX z (d [b"), "[c, b]");
  EXPECT_EQ(run("ZREVRANGEBYLEX z + - LIMIT 1 2"), "[d, c]");
  EXPECT_EQ(run("ZRANGE z + [d BYLEX REV"), "[e, d]");
  EXPECT_EQ(run("ZLEXCOUNT z [b (e"), "3");
  EXPECT_EQ(run("ZLEXCOUNT z - +"), "5");
}

// Redis promises nothing here; what we do must not depend on history.
TEST_F(SortedSetRangesTest, RangesByMemberOfUnequalScoresKnowNoHistory) {
  runtime::Random dice(runtime::StreamSeed(1, "by member"));
  CommandRunner other;
  std::map<std::string, std::string> scores;
  for (int i = 0; i < 3000; ++i) {
    const std::string member = absl::StrCat("m", dice.Below(700));
    scores[member] = absl::StrCat(dice.Below(5));
    run(absl::StrCat("ZADD z ", scores[member], " ", member));
  }
  for (const auto& [member, score] : scores) {
    other.Run(absl::StrCat("ZADD z ", score, " ", member));
  }
  for (int i = 0; i < 100; ++i) {
    const uint64_t low = dice.Below(700);
    const uint64_t high = dice.Below(700);
    const std::string line = absl::StrCat("ZRANGEBYLEX z [m", low, " (m", high);
    EXPECT_EQ(run(line), other.Run(line));
  }
}

TEST_F(SortedSetRangesTest, WhatRangesRefuse) {
  FillLetters();
  EXPECT_EQ(run("ZRANGE z 0 x"), kNoInteger);
  EXPECT_EQ(run("ZRANGE z 0 1 LIMIT 0 x"), kNoInteger);
  EXPECT_EQ(run("ZRANGE z 0 1 LIMIT 0"), kSyntax);
  EXPECT_EQ(run("ZRANGE z 0 1 REV REV"), kSyntax);
  EXPECT_EQ(run("ZRANGE z 0 1 BYSCORE BYLEX"), kSyntax);
  EXPECT_EQ(run("ZREVRANGE z 0 1 REV"), kSyntax);
  EXPECT_EQ(run("ZRANGEBYSCORE z 0 1 BYLEX"), kSyntax);
  EXPECT_EQ(run("ZRANGESTORE d z 0 1 WITHSCORES"), kSyntax);
  EXPECT_EQ(run("ZRANGE z 0 1 LIMIT 0 1"),
            "ERR syntax error, LIMIT is only supported in combination with "
            "either BYSCORE or BYLEX");
  EXPECT_EQ(run("ZRANGE z - + BYLEX WITHSCORES"),
            "ERR syntax error, WITHSCORES not supported in combination with "
            "BYLEX");
  for (const char* line :
       {"ZRANGEBYSCORE z x 1", "ZCOUNT z 0 (x", "ZRANGE z 1 nan BYSCORE",
        "ZCOUNT none ((1 2", "ZREMRANGEBYSCORE z 1 '1 '"}) {
    EXPECT_EQ(run(line), kNoScoreRange) << line;
  }
  for (const char* line : {"ZRANGEBYLEX z a [b", "ZLEXCOUNT z - ++",
                           "ZRANGE z '' + BYLEX", "ZREMRANGEBYLEX none -a +"}) {
    EXPECT_EQ(run(line), kNoMemberRange) << line;
  }
}

TEST_F(SortedSetRangesTest, ARangeIsStored) {
  FillLetters();
  run("SET d text");
  EXPECT_EQ(run("ZRANGESTORE d z 1 2"), "2");
  EXPECT_EQ(run("ZRANGE d 0 -1 WITHSCORES"), "[b: 2.0, c: 3.0]");
  EXPECT_EQ(run("ZRANGESTORE d z 0 0 REV"), "1");
  EXPECT_EQ(run("ZRANGE d 0 -1"), "[e]");
  EXPECT_EQ(run("ZRANGESTORE z z (5 2 BYSCORE REV LIMIT 1 5"), "2");
  EXPECT_EQ(run("ZRANGE z 0 -1"), "[b, c]");
  EXPECT_EQ(run("ZRANGESTORE z z 5 6 BYSCORE"), "0");
  EXPECT_EQ(run("EXISTS z"), "0");
}

TEST_F(SortedSetRangesTest, RangesAreRemoved) {
  FillLetters();
  EXPECT_EQ(run("ZREMRANGEBYRANK z 1 2"), "2");
  EXPECT_EQ(run("ZRANGE z 0 -1"), "[a, d, e]");
  EXPECT_EQ(run("ZREMRANGEBYSCORE z (1 4"), "1");
  EXPECT_EQ(run("ZREMRANGEBYSCORE z 9 8"), "0");
  EXPECT_EQ(run("ZREMRANGEBYRANK z -1 -1"), "1");
  EXPECT_EQ(run("ZREMRANGEBYLEX z - +"), "1");
  EXPECT_EQ(run("EXISTS z"), "0");
}

}  // namespace
}  // namespace kv
