// Sets, as a client of Redis sees them.

#include <algorithm>
#include <map>
#include <set>
#include <string>
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

// What lies between the brackets, in order of the alphabet.
std::vector<std::string> Items(const std::string& shown) {
  if (shown.size() <= 2) return {};
  std::vector<std::string> items =
      absl::StrSplit(shown.substr(1, shown.size() - 2), ", ");
  std::sort(items.begin(), items.end());
  return items;
}

class SetsTest : public testing::Test {
 protected:
  std::string Sorted(absl::string_view line) {
    return absl::StrJoin(Items(run(line)), " ");
  }

  void Fill(absl::string_view key, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(run(absl::StrCat("SADD ", key, " m", i)), "1");
    }
  }

  CommandRunner run;
};

TEST_F(SetsTest, MembersComeAndGo) {
  EXPECT_EQ(run("SADD s a b a"), "2");
  EXPECT_EQ(run("SADD s b c"), "1");
  EXPECT_EQ(run("SCARD s"), "3");
  EXPECT_EQ(Sorted("SMEMBERS s"), "a b c");
  EXPECT_EQ(run("SMEMBERS s").front(), '<');
  EXPECT_EQ(run("SISMEMBER s a"), "1");
  EXPECT_EQ(run("SISMEMBER s x"), "0");
  EXPECT_EQ(run("SMISMEMBER s a x c"), "[1, 0, 1]");
  EXPECT_EQ(run("SREM s a x b"), "2");
  EXPECT_EQ(run("SREM s c"), "1");
  EXPECT_EQ(run("EXISTS s"), "0");
}

TEST_F(SetsTest, WhatIsNotThereIsEmpty) {
  EXPECT_EQ(run("SMEMBERS s"), "<>");
  EXPECT_EQ(run("SCARD s"), "0");
  EXPECT_EQ(run("SREM s a"), "0");
  EXPECT_EQ(run("SISMEMBER s a"), "0");
  EXPECT_EQ(run("SMISMEMBER s a b"), "[0, 0]");
  EXPECT_EQ(run("SPOP s"), "(nil)");
  EXPECT_EQ(run("SPOP s 3"), "<>");
  EXPECT_EQ(run("SRANDMEMBER s"), "(nil)");
  EXPECT_EQ(run("SRANDMEMBER s 3"), "[]");
  EXPECT_EQ(run("SRANDMEMBER s -3"), "[]");
  EXPECT_EQ(run("SMOVE s t a"), "0");
  EXPECT_EQ(run("SSCAN s 0"), "[\"0\", []]");
  EXPECT_EQ(run.key_count(), 0u);
}

TEST_F(SetsTest, OtherTypesAreRefused) {
  run("SET str x");
  run("SADD s a");
  for (const char* line : {"SADD str a",
                           "SREM str a",
                           "SMEMBERS str",
                           "SISMEMBER str a",
                           "SMISMEMBER str a",
                           "SCARD str",
                           "SPOP str",
                           "SPOP str 1",
                           "SRANDMEMBER str",
                           "SRANDMEMBER str 1",
                           "SMOVE str s a",
                           "SMOVE s str a",
                           "SINTER s str",
                           "SINTER none str",
                           "SUNION s str",
                           "SDIFF s str",
                           "SDIFF none str",
                           "SINTERSTORE d s str",
                           "SUNIONSTORE d str",
                           "SDIFFSTORE d none str",
                           "SINTERCARD 2 none str",
                           "SSCAN str 0"}) {
    EXPECT_EQ(run(line), kWrong) << line;
  }
}

TEST_F(SetsTest, EncodingFollowsContents) {
  run("SADD s 1 2 3");
  EXPECT_EQ(run("OBJECT ENCODING s"), "\"intset\"");
  run("SADD s a");
  EXPECT_EQ(run("OBJECT ENCODING s"), "\"hashtable\"");
  EXPECT_EQ(run("TYPE s"), "set");
}

TEST_F(SetsTest, AMoveTakesFromOneAndGivesToTheOther) {
  run("SADD a x y");
  EXPECT_EQ(run("SMOVE a b x"), "1");
  EXPECT_EQ(run("SMOVE a b x"), "0");
  EXPECT_EQ(run("SMEMBERS a"), "<y>");
  EXPECT_EQ(run("SMEMBERS b"), "<x>");
  EXPECT_EQ(run("SMOVE a a y"), "1");
  EXPECT_EQ(run("SMOVE a a none"), "0");
  EXPECT_EQ(run("SMOVE a b y"), "1");
  EXPECT_EQ(run("EXISTS a"), "0");
}

TEST_F(SetsTest, Algebra) {
  run("SADD a 1 2 3 4");
  run("SADD b 2 3 5");
  run("SADD c 3 4");
  EXPECT_EQ(Sorted("SINTER a b"), "\"2\" \"3\"");
  EXPECT_EQ(Sorted("SINTER a b c"), "\"3\"");
  EXPECT_EQ(run("SINTER a none"), "<>");
  EXPECT_EQ(Sorted("SUNION b c none"), "\"2\" \"3\" \"4\" \"5\"");
  EXPECT_EQ(Sorted("SDIFF a b"), "\"1\" \"4\"");
  EXPECT_EQ(Sorted("SDIFF a b c none"), "\"1\"");
  EXPECT_EQ(run("SDIFF a a"), "<>");
  EXPECT_EQ(run("SDIFF none a"), "<>");
}

TEST_F(SetsTest, AStoreReplacesWhateverWasThere) {
  run("SADD a x y");
  run("SADD b y z");
  run("SET d text");
  EXPECT_EQ(run("SINTERSTORE d a b"), "1");
  EXPECT_EQ(run("SMEMBERS d"), "<y>");
  EXPECT_EQ(run("SUNIONSTORE a a b"), "3");
  EXPECT_EQ(Sorted("SMEMBERS a"), "x y z");
  EXPECT_EQ(run("SDIFFSTORE a a b"), "1");
  EXPECT_EQ(run("SMEMBERS a"), "<x>");
  EXPECT_EQ(run("SDIFFSTORE d b b"), "0");
  EXPECT_EQ(run("EXISTS d"), "0");
}

TEST_F(SetsTest, TheSizeOfAnIntersection) {
  run("SADD a 1 2 3 4");
  run("SADD b 2 3 4 5");
  EXPECT_EQ(run("SINTERCARD 2 a b"), "3");
  EXPECT_EQ(run("SINTERCARD 2 a b LIMIT 2"), "2");
  EXPECT_EQ(run("SINTERCARD 2 a b LIMIT 0"), "3");
  EXPECT_EQ(run("SINTERCARD 2 a none"), "0");
  EXPECT_EQ(run("SINTERCARD 0 a"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("SINTERCARD x a"), "ERR numkeys should be greater than 0");
  EXPECT_EQ(run("SINTERCARD 3 a b"),
            "ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(run("SINTERCARD 1 a LIMIT -1"), "ERR LIMIT can't be negative");
  EXPECT_EQ(run("SINTERCARD 1 a LIMIT x"), "ERR LIMIT can't be negative");
  EXPECT_EQ(run("SINTERCARD 1 a LIMIT"), "ERR syntax error");
  EXPECT_EQ(run("SINTERCARD 1 a b"), "ERR syntax error");
}

TEST_F(SetsTest, CountsThatCannotBe) {
  run("SADD s a");
  const char kPositive[] = "ERR value is out of range, must be positive";
  EXPECT_EQ(run("SPOP s -1"), kPositive);
  EXPECT_EQ(run("SPOP s x"), kPositive);
  EXPECT_EQ(run("SPOP s 1 2"), "ERR syntax error");
  EXPECT_EQ(run("SRANDMEMBER s x"),
            "ERR value is not an integer or out of range");
  EXPECT_EQ(run("SRANDMEMBER s -9223372036854775808"),
            "ERR value is out of range, value must between "
            "-9223372036854775807 and 9223372036854775807");
  EXPECT_EQ(run("SRANDMEMBER s 1 2"), "ERR syntax error");
}

TEST_F(SetsTest, PopsTakeWhatTheyAnswer) {
  for (const int size : {1, 5, 40, 300}) {
    Fill("s", size);
    std::vector<std::string> popped;
    popped.push_back(run("SPOP s"));
    popped[0] = popped[0].substr(1, popped[0].size() - 2);  // Its quotes.
    for (const int count : {0, 2, size / 2, size}) {
      for (auto& item : Items(run(absl::StrCat("SPOP s ", count)))) {
        popped.push_back(item);
      }
    }
    EXPECT_EQ(popped.size(), static_cast<size_t>(size));
    EXPECT_EQ(std::set<std::string>(popped.begin(), popped.end()).size(),
              popped.size());
    EXPECT_EQ(run("EXISTS s"), "0");
  }
}

TEST_F(SetsTest, APositiveCountPicksDifferentMembers) {
  Fill("s", 2000);
  for (const int count : {1, 3, 6, 7, 100, 1999, 2000, 9000}) {
    const auto items = Items(run(absl::StrCat("SRANDMEMBER s ", count)));
    EXPECT_EQ(items.size(), static_cast<size_t>(std::min(count, 2000)));
    EXPECT_EQ(std::set<std::string>(items.begin(), items.end()).size(),
              items.size());
  }
  EXPECT_EQ(run("SCARD s"), "2000");
}

TEST_F(SetsTest, ANegativeCountPicksSoOften) {
  Fill("s", 2000);
  for (const int count : {1, 6, 7, 500, 9000}) {
    EXPECT_EQ(Items(run(absl::StrCat("SRANDMEMBER s -", count))).size(),
              static_cast<size_t>(count));
  }
}

// Every way of choosing, often enough to see that no member is favoured.
TEST_F(SetsTest, EachMemberIsAsLikelyAsAnyOther) {
  constexpr int kMembers = 40;
  Fill("s", kMembers);
  for (const char* line :
       {"SRANDMEMBER s", "SRANDMEMBER s 1", "SRANDMEMBER s 5",
        "SRANDMEMBER s 20", "SRANDMEMBER s -1", "SRANDMEMBER s -50"}) {
    std::map<std::string, int> seen;
    int total = 0;
    while (total < 20'000) {
      for (const std::string& item : Items(run(line))) {
        ++seen[item];
        ++total;
      }
    }
    const double expected = static_cast<double>(total) / kMembers;
    double chi_square = 0;
    for (const auto& [member, count] : seen) {
      const double off = count - expected;
      chi_square += off * off / expected;
    }
    EXPECT_EQ(seen.size(), size_t{kMembers}) << line;
    // 39 degrees of freedom: beyond 80 once in ten thousand.
    EXPECT_LT(chi_square, 80) << line;
  }
}

TEST_F(SetsTest, TheSameDiceChooseTheSame) {
  CommandRunner other;
  for (int i = 0; i < 100; ++i) {
    run(absl::StrCat("SADD s m", i));
    other.Run(absl::StrCat("SADD s m", 99 - i));
  }
  for (const char* line : {"SPOP s", "SPOP s 5", "SPOP s 60"}) {
    run.SetDice(7);
    other.SetDice(7);
    EXPECT_EQ(run(line), other.Run(line));
    EXPECT_EQ(run.StateHash(), other.StateHash());
  }
}

TEST_F(SetsTest, NobodyPicksWithoutBound) {
  run("SADD s abcdefgh");
  EXPECT_EQ(run("SRANDMEMBER s -9223372036854775807").substr(0, 4), "ERR ");
  EXPECT_LT(run.reply_bytes(), 200u);
}

TEST_F(SetsTest, APopThatCannotBeAnsweredTakesNothing) {
  const std::string large(kReplyBytesMax / 6, 'x');
  for (int i = 0; i < 7; ++i) {
    run.Run({"SADD", "s", absl::StrCat(i, large)});
  }
  EXPECT_EQ(run("SPOP s 7").substr(0, 4), "ERR ");
  EXPECT_EQ(run("SCARD s"), "7");
  EXPECT_EQ(run("SPOP s 5").substr(0, 1), "<");
  EXPECT_EQ(run("SCARD s"), "2");
}

TEST_F(SetsTest, AScanMeetsEveryMember) {
  Fill("s", 300);
  std::set<std::string> met;
  std::string cursor = "0";
  do {
    const std::string reply = run(absl::StrCat("SSCAN s ", cursor));
    const size_t end = reply.find('"', 2);
    cursor = reply.substr(2, end - 2);
    const std::string rest = reply.substr(end + 3);
    for (const auto& item : Items(rest.substr(0, rest.size() - 1))) {
      met.insert(item);
    }
  } while (cursor != "0");
  EXPECT_EQ(met.size(), 300u);
  EXPECT_EQ(run("SSCAN s 0 MATCH m7 COUNT 1000"), "[\"0\", [m7]]");
  EXPECT_EQ(run("SSCAN s x"), "ERR invalid cursor");
  EXPECT_EQ(run("SSCAN s 0 COUNT 0"), "ERR syntax error");
}

// Random histories against std::set, and against another store that has the
// same contents from another history.
TEST_F(SetsTest, SetsAreWhatTheirModelsAre) {
  constexpr uint64_t kSeed = 1;
  runtime::Random dice(runtime::StreamSeed(kSeed, "sets"));
  std::map<std::string, std::set<std::string>> model;
  const auto draw = [&](uint64_t bound) { return dice.Below(bound); };
  for (int step = 0; step < 3000; ++step) {
    const std::string key = absl::StrCat("k", draw(3));
    const std::string other = absl::StrCat("k", draw(3));
    const std::string member = absl::StrCat("m", draw(30));
    const uint64_t act = draw(10);
    if (act < 5) {
      EXPECT_EQ(run(absl::StrCat("SADD ", key, " ", member)),
                model[key].insert(member).second ? "1" : "0");
    } else if (act < 8) {
      EXPECT_EQ(run(absl::StrCat("SREM ", key, " ", member)),
                model[key].erase(member) > 0 ? "1" : "0");
    } else if (act < 9) {
      const bool there = model[key].contains(member);
      EXPECT_EQ(run(absl::StrCat("SMOVE ", key, " ", other, " ", member)),
                there ? "1" : "0");
      if (there && key != other) {
        model[key].erase(member);
        model[other].insert(member);
      }
    } else {
      std::set<std::string> both = model[key];
      both.insert(model[other].begin(), model[other].end());
      EXPECT_EQ(run(absl::StrCat("SUNIONSTORE k0 ", key, " ", other)),
                absl::StrCat(both.size()));
      std::set<std::string> result;
      for (const std::string& one : both) {
        if (!model["k2"].contains(one)) result.insert(one);
      }
      EXPECT_EQ(run("SDIFFSTORE k0 k0 k2"), absl::StrCat(result.size()));
      model["k0"] = result;
    }
  }
  CommandRunner fresh;
  for (const auto& [key, members] : model) {
    EXPECT_EQ(Sorted(absl::StrCat("SMEMBERS ", key)),
              absl::StrJoin(members, " "));
    for (const auto& member : members) {
      fresh.Run(absl::StrCat("SADD ", key, " ", member));
    }
  }
  EXPECT_EQ(run.StateHash(), fresh.StateHash());
}

}  // namespace
}  // namespace kv
