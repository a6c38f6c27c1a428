#include "kv/score.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/reply.h"
#include "runtime/random.h"

namespace kv {
namespace {

TEST(ScoreTest, IsWhatStrtodReads) {
  const std::pair<const char*, double> kScores[] = {
      {"0", 0},       {"5", 5},         {"+5", 5},           {"-5", -5},
      {".5", 0.5},    {"5.", 5},        {"1e3", 1000},       {"1E-3", 0.001},
      {"0e9", 0},     {"0x10", 16},     {"-0X1p-3", -0.125}, {"007", 7},
      {"3.14", 3.14}, {"1e308", 1e308}, {"0.000", 0},        {"0x0", 0}};
  for (const auto& [text, score] : kScores) {
    EXPECT_EQ(ParseScore(text), score) << text;
  }
}

TEST(ScoreTest, InfinityIsAskedForByName) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const char* text : {"inf", "+inf", "INF", "Infinity", "+infinity"}) {
    EXPECT_EQ(ParseScore(text), kInfinity) << text;
  }
  EXPECT_EQ(ParseScore("-inf"), -kInfinity);
  EXPECT_EQ(ParseScore("-Infinity"), -kInfinity);
  EXPECT_FALSE(ParseScore("1e400").has_value());
  EXPECT_FALSE(ParseScore("0x1p5000").has_value());
  EXPECT_FALSE(ParseScore("1e-400").has_value());
  EXPECT_FALSE(ParseScore("-0.0001e-400").has_value());
}

TEST(ScoreTest, AnythingElseIsNoScore) {
  for (const char* text :
       {"",    "x",    "1x",     " 1",    "1 ",   "+-5", "-+5", "--5",
        "nan", "-nan", "nan(1)", "0x",    "-",    "+",   ".",   "e5",
        "1e",  "1e+",  "inf1",   "0xinf", "0x-1", "1_0", "1,5", "infin"}) {
    EXPECT_FALSE(ParseScore(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseScore(absl::string_view("1\0", 2)).has_value());
}

TEST(ScoreTest, WhatIsWrittenReadsBack) {
  runtime::Random dice(runtime::StreamSeed(1, "scores"));
  for (int i = 0; i < 2000; ++i) {
    const double wide = static_cast<double>(dice.Next());
    const double score = wide / static_cast<double>(1 + dice.Below(1 << 20));
    EXPECT_EQ(ParseScore(FormatDouble(score)), score);
    EXPECT_EQ(ParseScore(FormatDouble(-score)), -score);
  }
  EXPECT_EQ(FormatDouble(3), "3");
  EXPECT_EQ(FormatDouble(3.14), "3.1400000000000001");
  const double tiny = 9.8813129168249309e-323;
  EXPECT_EQ(FormatDouble(tiny), "9.8813129168249309e-323");
  EXPECT_EQ(ParseScore("9.8813129168249309e-323"), tiny);
}

}  // namespace
}  // namespace kv
