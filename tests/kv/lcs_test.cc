// LCS, as a client of Redis 7.0 sees it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "runtime/random.h"
#include "tests/kv/command_runner.h"

namespace kv {
namespace {

TEST(LcsTest, GivesTheTextItsLengthOrItsPieces) {
  CommandRunner run;
  run("MSET a ohmytext b mynewtext");
  EXPECT_EQ(run("LCS a b"), "\"mytext\"");
  EXPECT_EQ(run("LCS a b LEN"), "6");
  EXPECT_EQ(run("LCS a b IDX"),
            "{matches: [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], len: 6}");
  EXPECT_EQ(run("LCS a b IDX MINMATCHLEN 4"),
            "{matches: [[[4, 7], [5, 8]]], len: 6}");
  EXPECT_EQ(run("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"),
            "{matches: [[[4, 7], [5, 8], 4]], len: 6}");
  EXPECT_EQ(run("LCS a b idx withmatchlen minmatchlen -1"),
            "{matches: [[[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2]], len: 6}");
  EXPECT_EQ(run("LCS a b MINMATCHLEN 100"), "\"mytext\"");
}

TEST(LcsTest, WhatIsNotThereIsEmpty) {
  CommandRunner run;
  run("SET a text");
  EXPECT_EQ(run("LCS a z"), "\"\"");
  EXPECT_EQ(run("LCS z a LEN"), "0");
  EXPECT_EQ(run("LCS z z IDX"), "{matches: [], len: 0}");
  EXPECT_EQ(run("LCS a a"), "\"text\"");
}

TEST(LcsTest, OptionsAndTypesAreChecked) {
  CommandRunner run;
  run("SET a text");
  run("RPUSH l x");
  constexpr const char* kNoStrings =
      "ERR The specified keys must contain string values";
  EXPECT_EQ(run("LCS a l"), kNoStrings);
  EXPECT_EQ(run("LCS l a FOO"), kNoStrings);
  EXPECT_EQ(run("LCS a a FOO"), "ERR syntax error");
  EXPECT_EQ(run("LCS a a MINMATCHLEN"), "ERR syntax error");
  EXPECT_EQ(run("LCS a a MINMATCHLEN x"),
            "ERR value is not an integer or out of range");
  EXPECT_EQ(
      run("LCS a a LEN IDX"),
      "ERR If you want both the length and indexes, please just use IDX.");
}

TEST(LcsTest, ItsTableIsBounded) {
  CommandRunner run;
  const std::string longest(4096, 'x');
  run.Run({"SET", "a", longest});
  run.Run({"SET", "b", longest + "y"});
  EXPECT_EQ(run("LCS a a LEN"), "4096");
  EXPECT_EQ(run("LCS a a"), absl::StrCat("\"", longest, "\""));
  EXPECT_TRUE(
      absl::StartsWith(run("LCS a b"), "ERR the strings are too long for LCS"));
  // One that is long all by itself is no matter.
  run.Run({"SET", "c", std::string(4000000, 'x')});
  run("SET d xyx");
  EXPECT_EQ(run("LCS c d LEN"), "2");
  EXPECT_EQ(run("LCS d c"), "\"xx\"");
  EXPECT_EQ(run("LCS z c LEN"), "0");
}

size_t PlainLength(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> table(a.size() + 1,
                                         std::vector<size_t>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = a[i - 1] == b[j - 1]
                        ? table[i - 1][j - 1] + 1
                        : std::max(table[i - 1][j], table[i][j - 1]);
    }
  }
  return table[a.size()][b.size()];
}

bool HoldsInOrder(const std::string& text, const std::string& part) {
  size_t place = 0;
  for (const char c : text) {
    if (place < part.size() && part[place] == c) ++place;
  }
  return place == part.size();
}

TEST(LcsTest, RandomTextsAgreeWithAPlainTable) {
  const uint64_t seed = 7103;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  runtime::Random dice(runtime::StreamSeed(seed, "lcs"));
  CommandRunner run;
  for (int round = 0; round < 500; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      text.resize(dice.Below(60));
      for (char& c : text) c = static_cast<char>('a' + dice.Below(4));
    }
    run.Run({"MSET", "a", texts[0], "b", texts[1]});
    const size_t length = PlainLength(texts[0], texts[1]);
    EXPECT_EQ(run("LCS a b LEN"), absl::StrCat(length));
    const std::string reply = run("LCS a b");
    const std::string shared = reply.substr(1, reply.size() - 2);
    EXPECT_EQ(shared.size(), length);
    EXPECT_TRUE(HoldsInOrder(texts[0], shared));
    EXPECT_TRUE(HoldsInOrder(texts[1], shared));
  }
}

}  // namespace
}  // namespace kv
