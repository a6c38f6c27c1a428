// Lists, as a client of Redis 7.0 sees them.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/reply.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

using absl::string_view;

constexpr const char* kWrongTypeReply =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr const char* kNoIntegerReply =
    "ERR value is not an integer or out of range";

class ListsTest : public testing::Test {
 protected:
  std::string All(string_view key) {
    return run(absl::StrCat("LRANGE ", key, " 0 -1"));
  }

  CommandRunner run;
};

TEST_F(ListsTest, BothEndsGrow) {
  EXPECT_EQ(run("RPUSH l c d"), "2");
  EXPECT_EQ(run("LPUSH l b a"), "4");
  EXPECT_EQ(All("l"), "[a, b, c, d]");
  EXPECT_EQ(run("LLEN l"), "4");
  EXPECT_EQ(run("TYPE l"), "list");
}

TEST_F(ListsTest, PushingWithXNeedsAList) {
  EXPECT_EQ(run("LPUSHX l a"), "0");
  EXPECT_EQ(run("RPUSHX l a"), "0");
  EXPECT_EQ(run("EXISTS l"), "0");
  run("RPUSH l b");
  EXPECT_EQ(run("LPUSHX l a z"), "3");
  EXPECT_EQ(run("RPUSHX l c"), "4");
  EXPECT_EQ(All("l"), "[z, a, b, c]");
}

TEST_F(ListsTest, BothEndsShrinkAndTheLastItemTakesTheKey) {
  run("RPUSH l a b c");
  EXPECT_EQ(run("LPOP l"), "\"a\"");
  EXPECT_EQ(run("RPOP l"), "\"c\"");
  EXPECT_EQ(run("RPOP l"), "\"b\"");
  EXPECT_EQ(run("EXISTS l"), "0");
  EXPECT_EQ(run("LPOP l"), "(nil)");
}

TEST_F(ListsTest, PoppingWithACountGivesAnArray) {
  run("RPUSH l a b c d e");
  EXPECT_EQ(run("LPOP l 2"), "[a, b]");
  EXPECT_EQ(run("RPOP l 2"), "[e, d]");
  EXPECT_EQ(run("LPOP l 0"), "[]");
  EXPECT_EQ(run("LPOP l 9223372036854775807"), "[c]");
  EXPECT_EQ(run("LPOP l 0"), "(null array)");
  EXPECT_EQ(run("RPOP l 3"), "(null array)");
  constexpr const char* kNotPositive =
      "ERR value is out of range, must be positive";
  EXPECT_EQ(run("LPOP l -1"), kNotPositive);
  EXPECT_EQ(run("LPOP l x"), kNotPositive);
  EXPECT_EQ(run("LPOP l 1 2"),
            "ERR wrong number of arguments for 'lpop' command");
}

TEST_F(ListsTest, APopWhoseReplyWouldNotFitPopsNothing) {
  const std::string large(kReplyBytesMax / 3, 'x');
  for (int i = 0; i < 4; ++i) run.Run({"RPUSH", "l", large});
  run("RPUSH l last");
  for (const char* command :
       {"LPOP l 3", "LPOP l 5", "RPOP l 4", "LMPOP 2 z l LEFT COUNT 3"}) {
    EXPECT_TRUE(absl::StartsWith(run(command), "ERR nothing is done"))
        << command;
  }
  EXPECT_EQ(run("LLEN l"), "5");
  EXPECT_TRUE(absl::StartsWith(All("l"), "ERR "));
  run("RPOP l 3");
  EXPECT_EQ(run("LLEN l"), "2");
}

TEST_F(ListsTest, IndexesCountFromBothEnds) {
  run("RPUSH l a b c");
  EXPECT_EQ(run("LINDEX l 0"), "\"a\"");
  EXPECT_EQ(run("LINDEX l -1"), "\"c\"");
  EXPECT_EQ(run("LINDEX l 3"), "(nil)");
  EXPECT_EQ(run("LINDEX l -4"), "(nil)");
  EXPECT_EQ(run("LINDEX l -9223372036854775808"), "(nil)");
  EXPECT_EQ(run("LINDEX l x"), kNoIntegerReply);
  EXPECT_EQ(run("LINDEX z x"), "(nil)");
}

TEST_F(ListsTest, SettingReplacesOneItem) {
  run("RPUSH l a b c");
  EXPECT_EQ(run("LSET l 1 B"), "OK");
  EXPECT_EQ(run("LSET l -1 C"), "OK");
  EXPECT_EQ(All("l"), "[a, B, C]");
  EXPECT_EQ(run("LSET l 3 x"), "ERR index out of range");
  EXPECT_EQ(run("LSET l -4 x"), "ERR index out of range");
  EXPECT_EQ(run("LSET l x x"), kNoIntegerReply);
  EXPECT_EQ(run("LSET z x x"), "ERR no such key");
}

TEST_F(ListsTest, RangesAreCutToWhatThereIs) {
  run("RPUSH l a b c d e");
  EXPECT_EQ(run("LRANGE l 1 -2"), "[b, c, d]");
  EXPECT_EQ(run("LRANGE l -2 -1"), "[d, e]");
  EXPECT_EQ(run("LRANGE l -100 100"), "[a, b, c, d, e]");
  EXPECT_EQ(run("LRANGE l 3 1"), "[]");
  EXPECT_EQ(run("LRANGE l 5 9"), "[]");
  EXPECT_EQ(run("LRANGE l -9 -6"), "[]");
  EXPECT_EQ(run("LRANGE l -9223372036854775808 9223372036854775807"),
            "[a, b, c, d, e]");
  EXPECT_EQ(run("LRANGE z 0 -1"), "[]");
  EXPECT_EQ(run("LRANGE z 0 x"), kNoIntegerReply);
}

TEST_F(ListsTest, TrimmingKeepsARange) {
  const auto trim = [this](string_view range) {
    run("DEL l");
    run("RPUSH l a b c d e");
    EXPECT_EQ(run(absl::StrCat("LTRIM l ", range)), "OK");
    return All("l");
  };
  EXPECT_EQ(trim("0 -1"), "[a, b, c, d, e]");
  EXPECT_EQ(trim("1 2"), "[b, c]");
  EXPECT_EQ(trim("-2 -1"), "[d, e]");
  EXPECT_EQ(trim("0 0"), "[a]");
  EXPECT_EQ(trim("-100 -5"), "[a]");
  EXPECT_EQ(trim("3 1"), "[]");
  EXPECT_EQ(run("EXISTS l"), "0");
  EXPECT_EQ(run("LTRIM l 0 1"), "OK");
  EXPECT_EQ(run("LTRIM l x 1"), kNoIntegerReply);
}

TEST_F(ListsTest, RemovingGoesFromTheSideThatTheCountSays) {
  const auto remove = [this](string_view count) {
    run("DEL l");
    run("RPUSH l x a x b x c x");
    const std::string removed = run(absl::StrCat("LREM l ", count, " x"));
    return absl::StrCat(removed, " ", All("l"));
  };
  EXPECT_EQ(remove("0"), "4 [a, b, c]");
  EXPECT_EQ(remove("1"), "1 [a, x, b, x, c, x]");
  EXPECT_EQ(remove("2"), "2 [a, b, x, c, x]");
  EXPECT_EQ(remove("-1"), "1 [x, a, x, b, x, c]");
  EXPECT_EQ(remove("-2"), "2 [x, a, x, b, c]");
  EXPECT_EQ(remove("9"), "4 [a, b, c]");
  EXPECT_EQ(remove("-9223372036854775808"), "4 [a, b, c]");
  EXPECT_EQ(run("LREM l 0 none"), "0");
  EXPECT_EQ(run("LREM z 0 x"), "0");
  EXPECT_EQ(run("LREM z y x"), kNoIntegerReply);
  run("RPUSH m x x");
  EXPECT_EQ(run("LREM m 0 x"), "2");
  EXPECT_EQ(run("EXISTS m"), "0");
}

TEST_F(ListsTest, InsertingGoesBesideTheFirstThatEquals) {
  run("RPUSH l a b b c");
  EXPECT_EQ(run("LINSERT l BEFORE b x"), "5");
  EXPECT_EQ(run("LINSERT l after b y"), "6");
  EXPECT_EQ(run("LINSERT l after c z"), "7");
  EXPECT_EQ(All("l"), "[a, x, b, y, b, c, z]");
  EXPECT_EQ(run("LINSERT l BEFORE none x"), "-1");
  EXPECT_EQ(run("LINSERT z BEFORE b x"), "0");
  EXPECT_EQ(run("LINSERT l BESIDE b x"), "ERR syntax error");
  EXPECT_EQ(run("EXISTS z"), "0");
}

TEST_F(ListsTest, PositionsAreFoundFromBothEnds) {
  run("RPUSH l a b c 1 2 3 c c");
  EXPECT_EQ(run("LPOS l a"), "0");
  EXPECT_EQ(run("LPOS l c"), "2");
  EXPECT_EQ(run("LPOS l c RANK 2"), "6");
  EXPECT_EQ(run("LPOS l c RANK -1"), "7");
  EXPECT_EQ(run("LPOS l c RANK -3"), "2");
  EXPECT_EQ(run("LPOS l c RANK 4"), "(nil)");
  EXPECT_EQ(run("LPOS l c COUNT 2"), "[2, 6]");
  EXPECT_EQ(run("LPOS l c COUNT 0"), "[2, 6, 7]");
  EXPECT_EQ(run("LPOS l c COUNT 0 RANK -2"), "[6, 2]");
  EXPECT_EQ(run("LPOS l c RANK 2 COUNT 1"), "[6]");
  EXPECT_EQ(run("LPOS l c COUNT 0 MAXLEN 7"), "[2, 6]");
  EXPECT_EQ(run("LPOS l c MAXLEN 2"), "(nil)");
  EXPECT_EQ(run("LPOS l c MAXLEN 1 RANK -1"), "7");
  EXPECT_EQ(run("LPOS l c MAXLEN 0"), "2");
  EXPECT_EQ(run("LPOS l none"), "(nil)");
  EXPECT_EQ(run("LPOS l none COUNT 1"), "[]");
  EXPECT_EQ(run("LPOS z c"), "(nil)");
  EXPECT_EQ(run("LPOS z c COUNT 1"), "[]");
}

TEST_F(ListsTest, OptionsOfPositionsAreChecked) {
  EXPECT_EQ(run("LPOS l a RANK 0"),
            "ERR RANK can't be zero: use 1 to start from the first match, 2 "
            "from the second ... or use negative to start from the end of the "
            "list");
  EXPECT_EQ(run("LPOS l a RANK x"), kNoIntegerReply);
  EXPECT_EQ(run("LPOS l a COUNT -1"), "ERR COUNT can't be negative");
  EXPECT_EQ(run("LPOS l a COUNT x"), "ERR COUNT can't be negative");
  EXPECT_EQ(run("LPOS l a MAXLEN -1"), "ERR MAXLEN can't be negative");
  EXPECT_EQ(run("LPOS l a COUNT"), "ERR syntax error");
  EXPECT_EQ(run("LPOS l a FOO 1"), "ERR syntax error");
}

TEST_F(ListsTest, ItemsMoveBetweenLists) {
  run("RPUSH a 1 2 3");
  EXPECT_EQ(run("LMOVE a b LEFT RIGHT"), "\"1\"");
  EXPECT_EQ(run("LMOVE a b right left"), "\"3\"");
  EXPECT_EQ(All("b"), R"(["3", "1"])");
  EXPECT_EQ(run("RPOPLPUSH a b"), "\"2\"");
  EXPECT_EQ(All("b"), R"(["2", "3", "1"])");
  EXPECT_EQ(run("EXISTS a"), "0");
  EXPECT_EQ(run("RPOPLPUSH a b"), "(nil)");
  EXPECT_EQ(run("LMOVE a b LEFT LEFT"), "(nil)");
  EXPECT_EQ(run("LMOVE a b UP LEFT"), "ERR syntax error");
  EXPECT_EQ(run("LMOVE a b LEFT UP"), "ERR syntax error");
}

TEST_F(ListsTest, AListTurnsAroundInItself) {
  run("RPUSH l a b c");
  EXPECT_EQ(run("RPOPLPUSH l l"), "\"c\"");
  EXPECT_EQ(All("l"), "[c, a, b]");
  EXPECT_EQ(run("LMOVE l l LEFT RIGHT"), "\"c\"");
  EXPECT_EQ(run("LMOVE l l LEFT LEFT"), "\"a\"");
  EXPECT_EQ(All("l"), "[a, b, c]");
  run("RPUSH one x");
  run("PEXPIREAT one 5000");
  EXPECT_EQ(run("RPOPLPUSH one one"), "\"x\"");
  EXPECT_EQ(run("PEXPIRETIME one"), "5000");
}

TEST_F(ListsTest, AMultiPopTakesFromTheFirstListThereIs) {
  run("RPUSH a 1 2 3");
  run("RPUSH b 4");
  EXPECT_EQ(run("LMPOP 2 z a LEFT"), R"([a, ["1"]])");
  EXPECT_EQ(run("LMPOP 3 z a b right COUNT 5"), R"([a, ["3", "2"]])");
  EXPECT_EQ(run("LMPOP 3 z a b RIGHT COUNT 5"), R"([b, ["4"]])");
  EXPECT_EQ(run("LMPOP 3 z a b RIGHT"), "(null array)");
  EXPECT_EQ(run.key_count(), 0u);
  EXPECT_EQ(run("LMPOP 0 a LEFT"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("LMPOP x a LEFT"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("LMPOP 2 a LEFT"), "ERR syntax error");
  EXPECT_EQ(run("LMPOP 9223372036854775807 a LEFT"), "ERR syntax error");
  EXPECT_EQ(run("LMPOP 1 a UP"), "ERR syntax error");
  EXPECT_EQ(run("LMPOP 1 a LEFT COUNT"), "ERR syntax error");
  EXPECT_EQ(run("LMPOP 1 a LEFT COUNT 1 COUNT 2"), "ERR syntax error");
  EXPECT_EQ(run("LMPOP 1 a LEFT COUNT 0"),
            "ERR count should be greater than 0");
}

TEST_F(ListsTest, OtherTypesAreRefused) {
  run("SET s x");
  run("RPUSH l a");
  for (const char* command :
       {"LPUSH s a", "RPUSH s a", "LPUSHX s a", "RPUSHX s a", "LPOP s",
        "RPOP s 2", "LLEN s", "LINDEX s x", "LSET s x a", "LRANGE s 0 1",
        "LTRIM s 0 1", "LREM s 0 a", "LINSERT s BEFORE a b", "LPOS s a",
        "LMOVE s l LEFT LEFT", "LMOVE l s LEFT LEFT", "RPOPLPUSH s l",
        "RPOPLPUSH l s", "LMPOP 2 z s LEFT"}) {
    EXPECT_EQ(run(command), kWrongTypeReply) << command;
  }
  EXPECT_EQ(All("l"), "[a]");
}

TEST_F(ListsTest, ItemsAreAnyBytes) {
  const std::string odd("\0\r\n\xff", 4);
  run.Run({"RPUSH", "l", odd, ""});
  EXPECT_EQ(All("l"), R"(["\x00\x0d\x0a\xff", ""])");
  EXPECT_EQ(run.Run({"LPOS", "l", odd}), "0");
}

TEST_F(ListsTest, EqualListsHaveEqualStatesWhateverTheHistory) {
  run("RPUSH l a b c d e");
  CommandRunner other;
  other("LPUSH l d x b y");
  other("RPUSH l e z");
  other("LSET l 0 a");
  EXPECT_NE(run.StateHash(), other.StateHash());
  other("LREM l 0 x");
  other("LINSERT l AFTER b c");
  other("RPOP l");
  EXPECT_EQ(run.StateHash(), other.StateHash());
  // The order counts, and where one item ends.
  other("RPOPLPUSH l l");
  EXPECT_NE(run.StateHash(), other.StateHash());
  run("RPUSH m ab c");
  CommandRunner third;
  third("RPUSH l a b c d e");
  third("RPUSH m a bc");
  EXPECT_NE(run.StateHash(), third.StateHash());
}

}  // namespace
}  // namespace kv
