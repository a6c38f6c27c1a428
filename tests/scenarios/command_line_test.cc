#include "scenarios/command_line.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace scenarios {
namespace {

CommandLine Parse(const std::vector<std::string>& words) {
  return CommandLine(words, {"json"}, {"seeds", "jobs", "until", "shard"});
}

TEST(CommandLineTest, WordsFlagsAndValuesAreToldApart) {
  CommandLine line = Parse({"calm", "--json", "--jobs", "3", "--seeds=2..5"});
  uint64_t jobs = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  line.Number("jobs", 1, 8, &jobs);
  line.Seeds("seeds", &first, &last);
  EXPECT_TRUE(line.status().ok()) << line.status();
  EXPECT_EQ(line.positional(), std::vector<std::string>{"calm"});
  EXPECT_TRUE(line.Has("json"));
  EXPECT_EQ(jobs, 3u);
  EXPECT_EQ(first, 2u);
  EXPECT_EQ(last, 5u);
}

TEST(CommandLineTest, OneSeedIsARangeOfOne) {
  CommandLine line = Parse({"--seeds", "9"});
  uint64_t first = 0;
  uint64_t last = 0;
  line.Seeds("seeds", &first, &last);
  EXPECT_EQ(first, 9u);
  EXPECT_EQ(last, 9u);
}

std::string ErrorOf(const std::vector<std::string>& words) {
  CommandLine line = Parse(words);
  uint64_t jobs = 0;
  uint64_t low = 0;
  uint64_t high = 0;
  std::optional<absl::Duration> span;
  line.Number("jobs", 1, 8, &jobs);
  line.Seeds("seeds", &low, &high);
  line.Shard("shard", &low, &high);
  line.Span("until", &span);
  return std::string(line.status().message());
}

TEST(CommandLineTest, WhatIsWrongIsSaidInOneLine) {
  EXPECT_EQ(ErrorOf({"--nonsense"}), "unknown option '--nonsense'");
  EXPECT_EQ(ErrorOf({"--jobs"}), "--jobs needs a value");
  EXPECT_EQ(ErrorOf({"--json=1"}), "--json takes no value");
  EXPECT_EQ(ErrorOf({"--json", "--json"}), "--json is given twice");
  EXPECT_EQ(ErrorOf({"--jobs", "9"}),
            "--jobs: expected a number from 1 to 8, not '9'");
  EXPECT_EQ(ErrorOf({"--seeds", "5..2"}),
            "--seeds: expected seeds such as 1..100, not '5..2'");
  EXPECT_EQ(ErrorOf({"--shard", "3/2"}),
            "--shard: expected a shard such as 1/4, not '3/2'");
  EXPECT_EQ(ErrorOf({"--until", "soon"}),
            "--until: expected a duration such as 5ms or 1.5s, not 'soon'");
}

}  // namespace
}  // namespace scenarios
