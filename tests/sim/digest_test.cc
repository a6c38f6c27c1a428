#include "sim/digest.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace sim {
namespace {

Digest DigestOf(uint64_t events, uint64_t odd_event = ~uint64_t{0}) {
  Digest digest;
  for (uint64_t event = 0; event < events; ++event) {
    digest.Mix(event == odd_event ? 99 : 1);
    digest.EndEvent();
  }
  return digest;
}

TEST(DigestTest, TheOrderOfLanesMatters) {
  Digest ab;
  ab.Mix(1);
  ab.Mix(2);
  Digest ba;
  ba.Mix(2);
  ba.Mix(1);
  EXPECT_NE(ab.value(), ba.value());
}

TEST(DigestTest, TextsThatOnlySplitDifferentlyDiffer) {
  Digest one;
  one.MixText("ab");
  one.MixText("c");
  Digest other;
  other.MixText("a");
  other.MixText("bc");
  EXPECT_NE(one.value(), other.value());
  Digest zeros;
  zeros.MixText(absl::string_view("\0\0", 2));
  Digest fewer_zeros;
  fewer_zeros.MixText(absl::string_view("\0", 1));
  EXPECT_NE(zeros.value(), fewer_zeros.value());
}

// Golden: the digest of a run is stored in artifacts and compared between
// compilers, so its arithmetic must not change by accident.
TEST(DigestTest, TheArithmeticIsFixed) {
  Digest digest;
  digest.Mix(42);
  digest.MixText("twinraft digests");
  EXPECT_EQ(digest.value(), 12946996392742005592u);
}

TEST(DigestTest, EqualRunsHaveNoDifference) {
  EXPECT_FALSE(FirstDifference(DigestOf(5000), DigestOf(5000)).has_value());
}

TEST(DigestTest, TheStretchThatDiffersHoldsTheOddEvent) {
  for (const uint64_t odd : {0u, 1023u, 1024u, 3000u, 4999u}) {
    const auto stretch = FirstDifference(DigestOf(5000), DigestOf(5000, odd));
    ASSERT_TRUE(stretch.has_value());
    EXPECT_LE(stretch->begin, odd);
    EXPECT_GT(stretch->end, odd);
    EXPECT_LE(stretch->end - stretch->begin, 1024u);
  }
}

TEST(DigestTest, ARunThatGoesOnDiffersWhereTheOtherEnds) {
  const auto stretch = FirstDifference(DigestOf(2048), DigestOf(2050));
  ASSERT_TRUE(stretch.has_value());
  EXPECT_EQ(stretch->begin, 2048u);
  EXPECT_GE(stretch->end, 2050u);
}

}  // namespace
}  // namespace sim
