// One Raft, two worlds: the evidence. raft_sim and raft_server are linked from
// the same archives of raft, net, persist and kv, each compiled once.

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

#include "tests/tree.h"

namespace tidy {
namespace {

constexpr std::array<const char*, 4> kSharedRooms = {"raft", "net", "persist",
                                                     "kv"};

std::string Path(const std::string& below_build) {
  return absl::StrCat(TWINRAFT_BINARY_DIR, "/", below_build);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Symbol -> size, of the functions that `binary` defines in the shared rooms.
std::map<std::string, std::string> RoomFunctions(const std::string& binary) {
  std::map<std::string, std::string> functions;
  const std::string command =
      absl::StrCat("nm -S -C --defined-only '", Path("bin/" + binary), "'");
  FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 65536> line;
  static const std::regex function(
      "^[0-9a-f]+ ([0-9a-f]+) T ((raft|net|persist|kv)::[^\n]*)\n$");
  while (fgets(line.data(), line.size(), pipe) != nullptr) {
    std::cmatch match;
    if (std::regex_match(line.data(), match, function)) {
      functions[match[2]] = match[1];
    }
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return functions;
}

// The ninja statement that makes `target`, up to the next one.
std::string LinkStatement(const std::string& ninja, const std::string& target) {
  const size_t begin = ninja.find(absl::StrCat("build ", target, ":"));
  EXPECT_NE(begin, std::string::npos) << target;
  return ninja.substr(begin, ninja.find("\n\n", begin) - begin);
}

TEST(ArchivesTest, BothProgramsLinkTheSameArchives) {
  const std::string ninja = ReadAll(Path("build.ninja"));
  ASSERT_FALSE(ninja.empty()) << "built with another generator than Ninja";
  const std::string sim = LinkStatement(ninja, "bin/raft_sim");
  const std::string server = LinkStatement(ninja, "bin/raft_server");
  for (const std::string room : kSharedRooms) {
    const std::string archive = absl::StrCat("lib/lib", room, ".a");
    EXPECT_TRUE(absl::StrContains(sim, archive)) << archive;
    EXPECT_TRUE(absl::StrContains(server, archive)) << archive;
  }
}

TEST(ArchivesTest, EverySharedSourceIsCompiledOnce) {
  const std::string ninja = ReadAll(Path("build.ninja"));
  std::map<std::string, int> compiled;
  static const std::regex compile(
      "build [^ ]+\\.o: CXX_COMPILER__[^ ]+ "
      "[^ ]*/((raft|net|persist|kv)/[a-z_/]+\\.cc)");
  for (auto at = std::sregex_iterator(ninja.begin(), ninja.end(), compile);
       at != std::sregex_iterator(); ++at) {
    const std::string source = (*at)[1];
    if (ninja.find("tests/" + source) == std::string::npos) ++compiled[source];
  }
  EXPECT_GT(compiled.size(), 20u);
  for (const auto& [source, times] : compiled) EXPECT_EQ(times, 1) << source;
}

TEST(ArchivesTest, TheSameFunctionsWithTheSameSizesAreInBoth) {
  const auto sim = RoomFunctions("raft_sim");
  const auto server = RoomFunctions("raft_server");
  size_t shared = 0;
  for (const auto& [function, size] : sim) {
    const auto found = server.find(function);
    if (found == server.end()) continue;
    EXPECT_EQ(found->second, size) << function;
    ++shared;
  }
  EXPECT_GT(shared, 100u);
  bool core_in_both = false;
  for (const auto& [function, size] : sim) {
    core_in_both =
        core_in_both || (absl::StartsWith(function, "raft::Core::Step(") &&
                         server.count(function) == 1);
  }
  EXPECT_TRUE(core_in_both) << "raft::Core::Step is not in both programs";
}

}  // namespace
}  // namespace tidy
