#include "kv/commands/glob.h"

#include <string>

#include "gtest/gtest.h"

namespace kv {
namespace {

TEST(GlobTest, PatternsMatchAsInRedis) {
  EXPECT_TRUE(MatchesGlob("*", ""));
  EXPECT_TRUE(MatchesGlob("h?llo", "hello"));
  EXPECT_FALSE(MatchesGlob("h?llo", "hllo"));
  EXPECT_TRUE(MatchesGlob("h*llo", "heeello"));
  EXPECT_TRUE(MatchesGlob("h[ae]llo", "hallo"));
  EXPECT_FALSE(MatchesGlob("h[ae]llo", "hillo"));
  EXPECT_TRUE(MatchesGlob("h[^e]llo", "hallo"));
  EXPECT_FALSE(MatchesGlob("h[^e]llo", "hello"));
  EXPECT_TRUE(MatchesGlob("h[b-a]llo", "hbllo"));
  EXPECT_TRUE(MatchesGlob("h[\\]]llo", "h]llo"));
  EXPECT_TRUE(MatchesGlob("a\\*b", "a*b"));
  EXPECT_FALSE(MatchesGlob("a\\*b", "axb"));
  EXPECT_TRUE(MatchesGlob("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(MatchesGlob("*a*b", "xxaxxbxx"));
  EXPECT_FALSE(MatchesGlob("", "a"));
  EXPECT_FALSE(MatchesGlob("KEY", "key"));
  EXPECT_TRUE(MatchesGlob("KEY[A-C]", "keyb", true));
  EXPECT_TRUE(MatchesGlob("[a", "a"));  // As Redis: the end closes it.
}

TEST(GlobTest, NoPatternTakesForEver) {
  std::string stars;
  for (int i = 0; i < 50'000; ++i) stars += "*?";
  EXPECT_FALSE(MatchesGlob(stars, std::string(50'000, 'a')));
  EXPECT_FALSE(MatchesGlob("*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
  EXPECT_TRUE(MatchesGlob(std::string(5000, '*'), "anything"));
}

}  // namespace
}  // namespace kv
