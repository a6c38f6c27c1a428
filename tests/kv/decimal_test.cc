#include "kv/decimal.h"

#include "gtest/gtest.h"

namespace kv {
namespace {

using absl::string_view;

std::string Sum(string_view a, string_view b) {
  return Decimal::Parse(a)->Plus(*Decimal::Parse(b)).ToString();
}

TEST(DecimalTest, SumsAreExact) {
  EXPECT_EQ(Sum("3", "1.1"), "4.1");
  EXPECT_EQ(Sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(Sum("17179869184", "1.5"), "17179869185.5");
  EXPECT_EQ(Sum("-1", "1"), "0");
  EXPECT_EQ(Sum("1", "-1.25"), "-0.25");
  EXPECT_EQ(Sum("-2.5", "-2.5"), "-5");
  EXPECT_EQ(Sum("1e3", "5E-1"), "1000.5");
  EXPECT_EQ(Sum(".5", "5."), "5.5");
  EXPECT_EQ(Sum("999.99", "0.01"), "1000");
  EXPECT_EQ(Sum("1e300", "1"), "1" + std::string(299, '0') + "1");
}

TEST(DecimalTest, SeventeenDigitsAreShownHalfToEven) {
  EXPECT_EQ(Sum("0", "0.024390243902439025"), "0.02439024390243902");
  EXPECT_EQ(Sum("0.02439024390243902", "-0.024390243902439025"), "0");
  EXPECT_EQ(Sum("0", "0.000000000000000015"), "0.00000000000000002");
  EXPECT_EQ(Sum("0", "0.0000000000000000151"), "0.00000000000000002");
  EXPECT_EQ(Sum("0", "0.999999999999999999"), "1");
  EXPECT_EQ(Sum("0", "1e-300"), "0");
}

TEST(DecimalTest, WhatIsNoNumberIsRefused) {
  for (const char* text : {"", "-", ".", "1.2.3", "1e", "e5", "abc", " 1", "1 ",
                           "0x10", "nan", "inf", "1e9999", "1e401", "--1"}) {
    EXPECT_FALSE(Decimal::Parse(text).has_value()) << text;
  }
  EXPECT_TRUE(Decimal::Parse("1e399").has_value());
}

}  // namespace
}  // namespace kv
