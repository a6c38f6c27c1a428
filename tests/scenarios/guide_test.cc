// The guide is true: what docs/writing_scenarios.md and scenarios/README.md
// show is parsed, run and compared.
//
//   ```yaml                  a scenario, or a part of one: passes its seeds
//   ```yaml file=x.yaml      the same, and the commands below find it as x.yaml
//   ```yaml fails=assert     seed 1 fails with this signature
//   ```yaml error            is refused; the next block `text` is the error
//   ```console               "$ command" lines and what they print
//   ```cpp                   stands in tests/scenarios/guide_code_test.cc
//
// Printed lines may differ in their numbers; "..." stands for any lines, or for
// the rest of one.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "tests/tree.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGuide = TWINRAFT_SOURCE_DIR "/docs/writing_scenarios.md";
constexpr const char* kReadme = TWINRAFT_SOURCE_DIR "/scenarios/README.md";

struct Block {
  std::string info;  // "yaml file=x.yaml"
  std::string text;
  int line = 0;
};

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Block> BlocksOf(const std::string& path) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  std::istringstream in(ReadAll(path));
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (absl::StartsWith(line, "```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), "", number});
    } else if (inside) {
      absl::StrAppend(&blocks.back().text, line, "\n");
    }
  }
  EXPECT_FALSE(inside) << path << ": a block stays open";
  return blocks;
}

bool IsYaml(const Block& block) { return absl::StartsWith(block.info, "yaml"); }

// What stands behind " key=" in the info of a block, or nothing.
std::string ValueOf(const Block& block, const std::string& key) {
  for (const std::string& word :
       std::vector<std::string>(absl::StrSplit(block.info, ' '))) {
    absl::string_view value = word;
    if (absl::ConsumePrefix(&value, key + "=")) return std::string(value);
  }
  return "";
}

// A part of a scenario becomes a whole one.
std::string Whole(const std::string& text) {
  return absl::StartsWith(text, "name:") || absl::StrContains(text, "\nname:")
             ? text
             : absl::StrCat("name: a-part\n", text);
}

void RunBlock(const std::string& path, const Block& block) {
  SCOPED_TRACE(testing::Message() << path << ":" << block.line);
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(Whole(block.text), "guide.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const std::string fails = ValueOf(block, "fails");
  for (uint64_t seed = 1; seed <= (fails.empty() ? 3u : 1u); ++seed) {
    RunOptions options;
    options.seed = seed;
    const RunResult result = RunScenario(*scenario, options);
    EXPECT_EQ(result.signature, fails)
        << "seed " << seed << ": " << result.message;
  }
}

void ExpectError(const std::string& path, const Block& block,
                 const Block& error) {
  SCOPED_TRACE(testing::Message() << path << ":" << block.line);
  const absl::StatusOr<Scenario> scenario =
      ParseScenario(Whole(block.text), ValueOf(block, "file"));
  EXPECT_EQ(error.info, "text");
  EXPECT_EQ(absl::StrCat(scenario.status().message(), "\n"), error.text);
}

TEST(GuideTest, EveryYamlBlockDoesWhatTheGuideSays) {
  size_t blocks_run = 0;
  for (const std::string path : {kGuide, kReadme}) {
    const std::vector<Block> blocks = BlocksOf(path);
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (!IsYaml(blocks[i])) continue;
      ++blocks_run;
      if (absl::StrContains(blocks[i].info, " error")) {
        ASSERT_LT(i + 1, blocks.size());
        ExpectError(path, blocks[i], blocks[i + 1]);
      } else {
        RunBlock(path, blocks[i]);
      }
    }
  }
  EXPECT_GE(blocks_run, 8u);
}

// ------------------------------------------------------------- the commands

// Numbers, with their units, become "#"; spaces are one space.
std::string WithoutFigures(const std::string& line) {
  static const std::regex figure(
      "([0-9a-f]{16}|0x[0-9a-f]+|[0-9]+([.][0-9]+)?(ns|us|ms|s|m|h|%)?)+");
  static const std::regex spaces(" +");
  const std::string text = std::regex_replace(line, figure, "#");
  return std::string(
      absl::StripAsciiWhitespace(std::regex_replace(text, spaces, " ")));
}

// "..." at the end of an expected line stands for the rest of it.
bool LineMatches(const std::string& expected, const std::string& printed) {
  absl::string_view begin = expected;
  if (!absl::ConsumeSuffix(&begin, "...")) {
    return WithoutFigures(expected) == WithoutFigures(printed);
  }
  return absl::StartsWith(WithoutFigures(printed),
                          WithoutFigures(std::string(begin)));
}

// "..." among the expected lines stands for any lines.
bool LinesMatch(const std::vector<std::string>& expected, size_t e,
                const std::vector<std::string>& printed, size_t p) {
  if (e == expected.size()) return p == printed.size();
  if (expected[e] == "...") {
    for (size_t at = p; at <= printed.size(); ++at) {
      if (LinesMatch(expected, e + 1, printed, at)) return true;
    }
    return false;
  }
  return p < printed.size() && LineMatches(expected[e], printed[p]) &&
         LinesMatch(expected, e + 1, printed, p + 1);
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// In `directory`; what it writes to stderr is printed, too.
std::string OutputOf(const std::string& command, const fs::path& directory) {
  const std::string whole =
      absl::StrCat("cd '", directory.string(), "' && ", command, " 2>&1");
  FILE* const pipe = popen(whole.c_str(), "r");
  EXPECT_NE(pipe, nullptr) << whole;
  if (pipe == nullptr) return "";
  std::string output;
  std::array<char, 4096> bytes;
  for (size_t n; (n = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    output.append(bytes.data(), n);
  }
  pclose(pipe);
  return output;
}

void RunConsole(const Block& block, const fs::path& directory) {
  std::string command;
  std::vector<std::string> expected;
  const auto compare = [&] {
    if (command.empty()) return;
    const std::string output = OutputOf(
        absl::StrReplaceAll(
            command, {{"build/release/bin/", TWINRAFT_BINARY_DIR "/bin/"}}),
        directory);
    EXPECT_TRUE(LinesMatch(expected, 0, LinesOf(output), 0))
        << "$ " << command << "\n"
        << output << "\nbut the guide says\n"
        << absl::StrJoin(expected, "\n");
    expected.clear();
  };
  for (const std::string& line : LinesOf(block.text)) {
    if (absl::StartsWith(line, "$ ")) {
      compare();
      command = line.substr(2);
      ASSERT_TRUE(absl::StartsWith(command, "build/release/bin/raft_sim "))
          << command;
    } else {
      expected.push_back(line);
    }
  }
  compare();
}

TEST(GuideTest, EveryCommandPrintsWhatTheGuideSays) {
  const fs::path directory = fs::path(testing::TempDir()) / "twinraft-guide";
  fs::remove_all(directory);
  fs::create_directories(directory);
  size_t consoles = 0;
  for (const Block& block : BlocksOf(kGuide)) {
    SCOPED_TRACE(testing::Message() << kGuide << ":" << block.line);
    const std::string file = ValueOf(block, "file");
    if (IsYaml(block) && !file.empty()) {
      std::ofstream(directory / file) << block.text;
    } else if (block.info == "console") {
      ++consoles;
      RunConsole(block, directory);
    }
  }
  EXPECT_GE(consoles, 3u);
  fs::remove_all(directory);
}

TEST(GuideTest, TheCodeOfTheGuideIsCompiledAndRun) {
  const std::string code =
      ReadAll(TWINRAFT_SOURCE_DIR "/tests/scenarios/guide_code_test.cc");
  size_t blocks = 0;
  for (const Block& block : BlocksOf(kGuide)) {
    if (block.info != "cpp") continue;
    ++blocks;
    EXPECT_TRUE(absl::StrContains(code, block.text))
        << kGuide << ":" << block.line;
  }
  EXPECT_GE(blocks, 2u);
}

}  // namespace
}  // namespace scenarios
