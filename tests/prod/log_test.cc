#include "prod/log.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "nlohmann/json.hpp"

namespace prod {
namespace {

using runtime::NoteField;

const absl::Time kTime =
    absl::FromUnixSeconds(1'700'000'000) + absl::Microseconds(42);

std::string Line(LogFormat format, const std::vector<NoteField>& fields) {
  return LogLine(format, kTime, LogLevel::kWarning, "some.event", fields);
}

TEST(LogTest, ALineOfText) {
  EXPECT_EQ(Line(LogFormat::kText,
                 {{"node", 1}, {"why", "disk is full"}, {"path", "/a/b"}}),
            "2023-11-14T22:13:20.000042Z WARNING some.event node=1 "
            "why=\"disk is full\" path=/a/b\n");
}

TEST(LogTest, ALineOfJson) {
  EXPECT_EQ(Line(LogFormat::kJson, {{"node", -1}, {"why", "disk is full"}}),
            "{\"time\":\"2023-11-14T22:13:20.000042Z\",\"level\":\"warning\","
            "\"event\":\"some.event\",\"node\":-1,\"why\":\"disk is full\"}\n");
}

TEST(LogTest, TextStaysOnItsLineAndCanBeReadBack) {
  EXPECT_EQ(Line(LogFormat::kText, {{"a", "x\ny\r\"\\\x01"}, {"b", ""}}),
            "2023-11-14T22:13:20.000042Z WARNING some.event "
            "a=\"x\\ny\\x0d\\\"\\\\\\x01\" b=\"\"\n");
  EXPECT_EQ(Line(LogFormat::kText, {{"a", "b=c"}, {"d", "e\\f"}}),
            "2023-11-14T22:13:20.000042Z WARNING some.event "
            "a=\"b=c\" d=\"e\\\\f\"\n");
}

// Every byte, alone and behind a lead byte of UTF-8 that wants more.
TEST(LogTest, OddBytesStayJson) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const absl::string_view lead :
         {"", "\xc3", "\xf0\x9f", "\xed", "\xff"}) {
      const std::string text =
          absl::StrCat("<", lead, std::string(1, static_cast<char>(byte)), ">");
      const absl::string_view view = text;
      const std::string line = Line(LogFormat::kJson, {{"odd", view}});
      ASSERT_EQ(line.find('\n'), line.size() - 1) << byte;
      const nlohmann::json json = nlohmann::json::parse(line);
      const std::string read = json["odd"];
      EXPECT_EQ(read.front(), '<') << byte;
      if (lead.empty() && byte < 0x80) {
        EXPECT_EQ(read, text) << byte;
      }
    }
  }
}

TEST(LogTest, NamesAreReadBack) {
  for (const char* name : {"debug", "info", "warning", "error"}) {
    EXPECT_EQ(LogLevelName(*ParseLogLevel(name)), name);
  }
  for (const char* name : {"text", "json"}) {
    EXPECT_EQ(LogFormatName(*ParseLogFormat(name)), name);
  }
  EXPECT_FALSE(ParseLogLevel("INFO").has_value());
  EXPECT_FALSE(ParseLogFormat("").has_value());
}

}  // namespace
}  // namespace prod
