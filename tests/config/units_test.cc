#include "config/units.h"

#include <string>

#include "gtest/gtest.h"

#include "runtime/random.h"

namespace config {
namespace {

TEST(UnitsTest, ProbabilitiesAreExactPartsPerMillion) {
  EXPECT_EQ(*ParsePartsPerMillion("1%"), 10'000u);
  EXPECT_EQ(*ParsePartsPerMillion("0.05%"), 500u);
  EXPECT_EQ(*ParsePartsPerMillion("0.0001%"), 1u);
  EXPECT_EQ(*ParsePartsPerMillion("100%"), 1'000'000u);
  EXPECT_EQ(*ParsePartsPerMillion("200ppm"), 200u);
  EXPECT_EQ(*ParsePartsPerMillion("0"), 0u);
}

TEST(UnitsTest, WhatCannotBeExactIsRefused) {
  for (const char* text :
       {"", "1", "%", "-1%", "101%", "100.0001%", "0.00001%", "1.%", ".5%",
        "1e3ppm", "2000000ppm", "99999999999999999999%", " 1%"}) {
    EXPECT_FALSE(ParsePartsPerMillion(text).ok()) << text;
  }
  for (const char* text : {"", "5", "-5ms", "inf", "25h", "ms"}) {
    EXPECT_FALSE(ParseSpan(text).ok()) << text;
  }
  for (const char* text : {"", "-1", "1KB", "9999999999GiB", "1.5KiB"}) {
    EXPECT_FALSE(ParseCount(text).ok()) << text;
  }
}

TEST(UnitsTest, ASpanWithASignMayBeNegative) {
  EXPECT_EQ(*ParseSignedSpan("-5s"), -absl::Seconds(5));
  EXPECT_EQ(*ParseSignedSpan("200ms"), absl::Milliseconds(200));
  for (const char* text : {"", "-", "--5s", "-25h", "5"}) {
    EXPECT_FALSE(ParseSignedSpan(text).ok()) << text;
  }
}

TEST(UnitsTest, RangesHaveTwoEndsInOrder) {
  EXPECT_EQ(*ParseRange("1ms..5ms", Unit::kSpan),
            (Range{1'000'000, 5'000'000}));
  EXPECT_EQ(*ParseRange("7", Unit::kCount), (Range{7, 7}));
  EXPECT_FALSE(ParseRange("5ms..1ms", Unit::kSpan).ok());
  EXPECT_FALSE(ParseRange("1ms..", Unit::kSpan).ok());
}

TEST(UnitsTest, WhatIsPrintedIsReadBackAsTheSame) {
  for (const Range range : {Range{0, 0}, Range{1, 2}, Range{10'000, 1'000'000},
                            Range{123'456, 123'457}}) {
    for (const Unit unit :
         {Unit::kSpan, Unit::kPartsPerMillion, Unit::kCount}) {
      const std::string text = FormatRange(range, unit);
      const absl::StatusOr<Range> back = ParseRange(text, unit);
      ASSERT_TRUE(back.ok()) << text << ": " << back.status();
      EXPECT_EQ(*back, range) << text;
    }
  }
}

}  // namespace
}  // namespace config
