#include "prod/log.h"

#include <new>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "nlohmann/json.hpp"
#include "runtime/check.h"

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

void FailAsAServer(LogFormat format) {
  SetLog(LogLevel::kInfo, format);
  if (StartLogThread().ok()) CHECK_EQ(1 + 1, 3, "for the test");
}

TEST(LogDeathTest, AFailedCheckIsALineOfTheLog) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      FailAsAServer(LogFormat::kText),
      "20[0-9-]+T[0-9:.]+Z ERROR check.failed where=log_test.cc:[0-9]+ "
      "check=\"1 . 1 == 3 .2 vs 3.\" why=\"for the test\"");
  EXPECT_DEATH(FailAsAServer(LogFormat::kJson),
               "\"level\":\"error\",\"event\":\"check.failed\",\"where\":"
               "\"log_test.cc:[0-9]+\",\"check\":");
}

void ThrowAsAServer() {
  SetLog(LogLevel::kInfo, LogFormat::kText);
  if (StartLogThread().ok()) std::thread([] { throw std::bad_alloc(); }).join();
}

TEST(LogDeathTest, AnUncaughtExceptionIsALineOfTheLog) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(ThrowAsAServer(), "ERROR process.terminated why=std::bad_alloc");
}

// ---- what the rooms below note

std::vector<NoteField> Unreachable(uint64_t peer, const char* why) {
  return {{"peer", peer}, {"why", why}};
}

TEST(LogProbesTest, TroublesAreSeenWithoutDebug) {
  LogProbes probes;
  const std::vector<NoteField> some = {{"peer", 7}, {"why", "x"}};
  for (const char* kind :
       {"kv.slow_request", "net.peer.unreachable", "net.peer.refused",
        "net.peer.refuses", "kv.peer.unreachable", "kv.peer.clock"}) {
    EXPECT_EQ(probes.LevelOf(kind, some, kTime), LogLevel::kWarning) << kind;
  }
  EXPECT_EQ(probes.LevelOf("raft.role", some, kTime), LogLevel::kInfo);
  EXPECT_EQ(probes.LevelOf("raft.commit", some, kTime), LogLevel::kDebug);
}

TEST(LogProbesTest, ATroubleWithAPeerIsToldOnceAMinute) {
  LogProbes probes;
  const auto level = [&probes](uint64_t peer, const char* why, int seconds) {
    return probes.LevelOf("net.peer.unreachable", Unreachable(peer, why),
                          kTime + absl::Seconds(seconds));
  };
  EXPECT_EQ(level(2, "refused", 0), LogLevel::kWarning);
  EXPECT_EQ(level(2, "refused", 59), LogLevel::kDebug);
  EXPECT_EQ(level(3, "refused", 1), LogLevel::kWarning) << "another peer";
  EXPECT_EQ(level(2, "refused", 60), LogLevel::kWarning);
  EXPECT_EQ(level(2, "no answer", 69), LogLevel::kDebug) << "too soon";
  EXPECT_EQ(level(2, "no answer", 70), LogLevel::kWarning) << "news";
}

TEST(LogProbesTest, ThatItIsOverIsToldOnce) {
  LogProbes probes;
  const std::vector<NoteField> up = {{"peer", 2}, {"up", true}};
  const auto at = [](int seconds) { return kTime + absl::Seconds(seconds); };
  EXPECT_EQ(probes.LevelOf("net.peer.link", up, kTime), LogLevel::kDebug);
  probes.LevelOf("net.peer.unreachable", Unreachable(2, "refused"), kTime);
  EXPECT_EQ(probes.LevelOf("net.peer.link", up, at(1)), LogLevel::kInfo);
  EXPECT_EQ(probes.LevelOf("net.peer.link", up, at(1)), LogLevel::kDebug);
  // A connection that comes and goes does not fill the log.
  const auto again = Unreachable(2, "refused");
  EXPECT_EQ(probes.LevelOf("net.peer.unreachable", again, at(2)),
            LogLevel::kDebug);
  EXPECT_EQ(probes.LevelOf("net.peer.unreachable", again, at(12)),
            LogLevel::kWarning);
  const std::vector<NoteField> reached = {{"peer", 2}};
  EXPECT_EQ(probes.LevelOf("kv.peer.reached", reached, at(3)),
            LogLevel::kDebug);
  probes.LevelOf("kv.peer.unreachable", Unreachable(2, "refused"), at(3));
  EXPECT_EQ(probes.LevelOf("kv.peer.reached", reached, at(4)), LogLevel::kInfo);
}

}  // namespace
}  // namespace prod
