#include "prod/config_text.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

#include "prod/server_config.h"

namespace prod {
namespace {

void ExpectSame(const ServerConfig& read, const ServerConfig& wanted) {
  for (const Setting& setting : Settings()) {
    if (setting.section[0] == '\0') continue;
    EXPECT_EQ(SettingText(setting, read), SettingText(setting, wanted))
        << setting.flag;
  }
  ASSERT_EQ(read.peers.size(), wanted.peers.size());
  for (size_t i = 0; i < read.peers.size(); ++i) {
    EXPECT_EQ(read.peers[i].node, wanted.peers[i].node);
    EXPECT_EQ(read.peers[i].peer.ToString(), wanted.peers[i].peer.ToString());
    EXPECT_EQ(read.peers[i].rpc.ToString(), wanted.peers[i].rpc.ToString());
    EXPECT_EQ(read.peers[i].redis.ToString(), wanted.peers[i].redis.ToString());
  }
}

// Another legal value than the default one.
std::string OtherValue(const Setting& setting) {
  const ServerConfig defaults;
  const std::string now = SettingText(setting, defaults);
  if (std::holds_alternative<SpanType>(setting.type)) return "777ms";
  if (std::holds_alternative<CountType>(setting.type)) return "77";
  if (std::holds_alternative<SizeType>(setting.type)) return "1048576";
  if (std::holds_alternative<SwitchType>(setting.type)) {
    return now == "true" ? "false" : "true";
  }
  if (setting.flag == absl::string_view("log-level")) return "warning";
  if (setting.flag == absl::string_view("log-format")) return "json";
  if (setting.flag == absl::string_view("placement")) return "shared";
  return setting.example != nullptr ? setting.example : "127.0.0.1";
}

TEST(ConfigTextTest, WhatIsPrintedLoadsAgain) {
  ServerConfig config;
  for (const Setting& setting : Settings()) {
    const std::string value = OtherValue(setting);
    ASSERT_TRUE(SetSetting(setting, value, config).ok())
        << setting.flag << " " << value;
    EXPECT_NE(SettingText(setting, config),
              SettingText(setting, ServerConfig()))
        << setting.flag;
  }
  config.peers.push_back(
      {runtime::NodeId(7), {"#1-höst", 1}, {"#1-höst", 2}, {"#1-höst", 65535}});
  ServerConfig again;
  const std::string text = PrintConfig(config);
  const absl::Status read = ReadConfigText("printed.yaml", text, again);
  ASSERT_TRUE(read.ok()) << read << "\n" << text;
  ExpectSame(again, config);
}

TEST(ConfigTextTest, OddTextsLoadAgain) {
  const Setting& cluster = *FindSettingByFlag("cluster");
  for (const char* odd :
       {"null", "Null", "~",   "true", "a b",  "a: b", "a #b",   "\"",
        "\\",   "'",    "- a", "{a}",  "[a]",  "a,",   "&a",     "*a",
        "!a",   "%a",   "|",   ">",    "@",    "`",    "\u00e9", "\U0001F600",
        "\\n",  " a ",  "-",   ".",    "0x10", "=",    "?"}) {
    ServerConfig config;
    ASSERT_TRUE(SetSetting(cluster, odd, config).ok()) << odd;
    ServerConfig again;
    const absl::Status read =
        ReadConfigText("printed.yaml", PrintConfig(config), again);
    ASSERT_TRUE(read.ok()) << read << " of " << odd;
    EXPECT_EQ(again.cluster, odd);
  }
  ServerConfig config;
  for (const char* bad : {"", "a\nb", "\x01", "\xff", "\x7f", "\u0085",
                          "\u2028", "\ufeff", "a\tb"}) {
    EXPECT_FALSE(SetSetting(cluster, bad, config).ok()) << bad;
  }
}

TEST(ConfigTextTest, EveryValueNamesItsOrigin) {
  ServerConfig config;
  ASSERT_TRUE(ReadConfigText("raft.yaml",
                             "node: {id: 2}\n"
                             "raft:\n  heartbeat_interval: 50ms\n",
                             config)
                  .ok());
  const std::string text = PrintConfig(config);
  const auto line_of = [&text](const std::string& key) {
    const size_t at = text.find("  " + key + ": ");
    return at == std::string::npos ? ""
                                   : text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line_of("id"),
            "  id: 2                                 # raft.yaml:1:12");
  EXPECT_TRUE(
      absl::EndsWith(line_of("heartbeat_interval"), "# raft.yaml:3:23"));
  EXPECT_TRUE(absl::EndsWith(line_of("redis_clients_max"), "# default"));
  EXPECT_TRUE(absl::StrContains(text, "  # cluster: not set\n"));
}

TEST(ConfigTextTest, TheSampleLoadsAndIsTheDefault) {
  ServerConfig sample;
  const absl::Status read =
      ReadConfigText("sample.yaml", SampleConfig(), sample);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(sample.peers.size(), 3u);
  const ServerConfig defaults;
  for (const Setting& setting : Settings()) {
    const std::string wanted = SettingText(setting, defaults);
    if (wanted.empty()) continue;  // An example.
    EXPECT_EQ(SettingText(setting, sample), wanted) << setting.flag;
    const bool in_file = setting.section[0] != '\0';
    EXPECT_EQ(sample.origins.contains(setting.flag), in_file) << setting.flag;
  }
}

TEST(ConfigTextTest, EverySettingIsInTheHelpAndInTheSample) {
  const std::string help = HelpText();
  const std::string sample = SampleConfig();
  for (const Setting& setting : Settings()) {
    EXPECT_NE(help.find(std::string("--") + setting.flag), std::string::npos);
    EXPECT_EQ(FindSettingByFlag(setting.flag), &setting);
    if (setting.section[0] == '\0') continue;
    EXPECT_NE(sample.find(std::string(" ") + setting.key + ": "),
              std::string::npos)
        << setting.key;
    EXPECT_EQ(FindSettingByKey(setting.section, setting.key), &setting);
  }
}

}  // namespace
}  // namespace prod
