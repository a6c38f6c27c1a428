#include "config/spelling.h"

#include "gtest/gtest.h"

namespace config {
namespace {

TEST(SpellingTest, ASlipFindsTheWord) {
  const std::vector<std::string> known = {"crash", "cut", "isolate", "pause"};
  EXPECT_EQ(NearestWord("crsh", known), "crash");
  EXPECT_EQ(NearestWord("carsh", known), "crash");
  EXPECT_EQ(NearestWord("isolated", known), "isolate");
  EXPECT_EQ(NearestWord("paise", known), "pause");
}

TEST(SpellingTest, AnotherWordFindsNone) {
  EXPECT_EQ(NearestWord("explode", {"crash", "cut"}), "");
  EXPECT_EQ(NearestWord("", {"crash"}), "");
  EXPECT_EQ(NearestWord(std::string(1000, 'x'), {"crash"}), "");
}

TEST(SpellingTest, OfTwoEquallyNearTheFirstIsMeant) {
  EXPECT_EQ(NearestWord("cat", {"cut", "bat"}), "cut");
}

TEST(SpellingTest, AnErrorNamesTheNearestOrAll) {
  EXPECT_EQ(MeantOrOneOf("cot", {"crash", "cut"}), "; did you mean 'cut'?");
  EXPECT_EQ(MeantOrOneOf("explode", {"crash", "cut"}),
            "; expected one of: crash, cut");
}

}  // namespace
}  // namespace config
