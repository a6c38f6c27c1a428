#include "scenarios/json_reader.h"

#include <string>

#include "gtest/gtest.h"

namespace scenarios {
namespace {

TEST(JsonReaderTest, EveryKindOfValueIsRead) {
  const absl::StatusOr<JsonValue> json = ParseJson(
      R"( {"a": [1, -2.5e+3, "x\"\n\u00e4"], "b": {"c": true}, "d": null} )");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)["a"].elements[0].Unsigned(), 1u);
  EXPECT_EQ((*json)["a"].elements[1].text, "-2.5e+3");
  EXPECT_EQ((*json)["a"].elements[2].text, "x\"\n\xc3\xa4");
  EXPECT_TRUE((*json)["b"]["c"].True());
  EXPECT_TRUE(json->Has("d"));
  EXPECT_EQ((*json)["d"].kind, JsonValue::Kind::kNull);
  EXPECT_FALSE(json->Has("e"));
}

TEST(JsonReaderTest, SixtyFourBitsStayWhole) {
  const absl::StatusOr<JsonValue> json =
      ParseJson("[18446744073709551615,-9223372036854775808]");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->elements[0].Unsigned(), 18446744073709551615u);
  EXPECT_EQ(json->elements[1].Signed(), INT64_MIN);
}

TEST(JsonReaderTest, WhatIsNoJsonIsRefusedWithItsPlace) {
  for (const char* json :
       {"", "{", "[1,]", "{\"a\"}", "{a:1}", "01", "1.", "-", "1e", "tru",
        "\"a", "\"\n\"", "\"\\x\"", "\"\\u12g4\"", "[] []", "{\"a\":1,}"}) {
    EXPECT_FALSE(ParseJson(json).ok()) << json;
  }
  EXPECT_EQ(ParseJson("[1 2]").status().message(),
            "byte 4: expected ',' or ']'");
}

TEST(JsonReaderTest, DepthIsBounded) {
  EXPECT_TRUE(ParseJson(std::string(60, '[') + std::string(60, ']')).ok());
  EXPECT_FALSE(ParseJson(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace scenarios
