#include "tests/tidy/tidy.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace tidy {
namespace {

namespace fs = std::filesystem;

// The floor plan of ARCHITECTURE.md: what each room may include besides itself.
const std::map<std::string, std::set<std::string>>& FloorPlan() {
  static const auto* const plan =
      new std::map<std::string, std::set<std::string>>{
          {"runtime", {}},
          {"net", {"runtime"}},
          {"persist", {"runtime"}},
          {"raft", {"runtime", "net", "persist"}},
          {"kv", {"runtime", "net", "raft"}},
          {"config", {"runtime"}},
          {"sim", {"runtime", "net", "persist"}},
          {"scenarios",
           {"runtime", "net", "persist", "raft", "kv", "config", "sim"}},
          {"prod", {"runtime", "net", "persist", "raft", "kv", "config"}},
      };
  return *plan;
}

struct Ban {
  std::string pattern;
  std::string instead;
  // Files (or rooms, ending in '/') where it is right, each for a reason that
  // the file itself gives.
  std::vector<std::string> except = {};
};

// Where the real world is the point: the production twins, and the sweep, which
// forks and watches real processes.
const std::vector<Ban>& Bans() {
  static const auto* const bans = new std::vector<Ban>{
      {"std::chrono",
       "use runtime::Clock and absl::Duration",
       {"prod/", "scenarios/sweep", "scenarios/wall_clock"}},
      {"absl::Now\\(", "use runtime::Clock", {"prod/"}},
      {"\\b(clock_gettime|gettimeofday|nanosleep|usleep)\\(",
       "use runtime::Clock and Executor::SleepFor",
       {"prod/", "scenarios/sweep", "scenarios/wall_clock"}},
      {"std::(thread|jthread|mutex|condition_variable|async)\\b",
       "use fibers and channels",
       {"prod/"}},
      {"std::random_device|absl::BitGen|std::mt19937|std::[a-z_]+_distribution",
       "use runtime::Random"},
      {"std::(shuffle|sample)\\b", "draw with runtime::Random"},
      {"std::unordered_(map|set)|absl::(flat|node)_hash_(map|set)",
       "use absl::btree_map or a sorted vector: hash order is not the same in "
       "two runs",
       {"prod/"}},
      // A heap is of a thread, and decides nothing.
      {"\\bthread_local\\b",
       "pass it by constructor",
       {"prod/", "scenarios/heap.cc"}},
      {"\\bgetenv\\(", "take it as an option", {"prod/"}},
      {"#include <(fstream|filesystem)>",
       "use persist::Disk",
       {"prod/", "scenarios/"}},
      {"catch \\(\\.\\.\\.\\)",
       "name the exception: a killed fiber unwinds by one that must pass"},
      {"\\b(TODO|FIXME|XXX)\\b", "do it, or open an issue"},
  };
  return *bans;
}

struct Twins {
  std::string interface_file;
  std::string simulated;
  std::string real;
  std::string suite;
};

const std::vector<Twins>& AllTwins() {
  static const auto* const twins = new std::vector<Twins>{
      {"runtime/clock.h", "sim/sim_clock.h", "prod/real_clock.h",
       "tests/conformance/clock_test.cc"},
      {"runtime/executor.h", "sim/sim_executor.h", "prod/real_executor.h",
       "tests/conformance/executor_test.cc"},
      {"net/network.h", "sim/sim_network.h", "prod/tcp_network.h",
       "tests/conformance/network_test.cc"},
      {"persist/disk.h", "sim/sim_disk.h", "prod/posix_disk.h",
       "tests/conformance/disk_test.cc"},
  };
  return *twins;
}

struct SourceFile {
  std::string name;  // Relative to the root, '/'-separated.
  std::vector<std::string> lines;
};

std::vector<std::string> ReadLines(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool IsSource(const fs::path& path) {
  return path.extension() == ".h" || path.extension() == ".cc";
}

// The sources of one folder, sorted by name.
std::vector<SourceFile> SourcesOf(const fs::path& root,
                                  const std::string& folder) {
  std::vector<SourceFile> files;
  if (!fs::exists(root / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    if (!entry.is_regular_file() || !IsSource(entry.path())) continue;
    files.push_back({fs::relative(entry.path(), root).generic_string(),
                     ReadLines(entry.path())});
  }
  std::sort(
      files.begin(), files.end(),
      [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
  return files;
}

std::vector<SourceFile> SourcesOfRooms(const fs::path& root) {
  std::vector<SourceFile> all;
  for (const auto& [room, allowed] : FloorPlan()) {
    for (SourceFile& file : SourcesOf(root, room)) all.push_back(file);
  }
  return all;
}

std::string At(const SourceFile& file, size_t line_index) {
  return absl::StrCat(file.name, ":", line_index + 1, ": ");
}

// The line without its comment: bans are about code.
std::string CodeOf(const std::string& line) {
  const size_t comment = line.find("//");
  return comment == std::string::npos ? line : line.substr(0, comment);
}

bool IsExcepted(const Ban& ban, const std::string& file) {
  return std::any_of(ban.except.begin(), ban.except.end(),
                     [&file](const std::string& prefix) {
                       return absl::StartsWith(file, prefix);
                     });
}

std::string GuardOf(const std::string& file) {
  std::string guard;
  for (const char c : file) {
    guard +=
        std::isalnum(static_cast<unsigned char>(c)) != 0
            ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
            : '_';
  }
  return guard + "_";
}

void CheckHeader(const SourceFile& file, std::vector<std::string>& found) {
  if (!absl::EndsWith(file.name, ".h")) return;
  const std::string guard = "#ifndef " + GuardOf(file.name);
  if (std::find(file.lines.begin(), file.lines.end(), guard) ==
      file.lines.end()) {
    found.push_back(
        absl::StrCat(file.name, ":1: no include guard; write ", guard));
  }
  if (file.lines.empty() || !absl::StartsWith(file.lines[0], "//")) {
    found.push_back(absl::StrCat(
        file.name,
        ":1: the header does not say what it is for; open with a comment"));
  }
}

// The line without comments and literals, so that its braces can be counted.
std::string BareOf(const std::string& line) {
  static const std::regex literal("\"([^\"\\\\]|\\\\.)*\"|'([^'\\\\]|\\\\.)+'");
  return std::regex_replace(CodeOf(line), literal, "\"\"");
}

// Whether the statement that ends in "{" opens a function.
bool OpensFunction(const std::string& statement) {
  static const std::regex other(
      "^\\s*(class|struct|namespace|enum|union|extern|if|for|while|switch|else|"
      "do|\\}|try|catch|TEST|INSTANTIATE)");
  return statement.find('(') != std::string::npos &&
         !std::regex_search(statement, other);
}

void CheckFunctions(const SourceFile& file, std::vector<std::string>& found) {
  struct Open {
    size_t line;
    bool function;
  };
  std::vector<Open> stack;
  std::string statement;  // What has been said since the last ; { or }.
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (absl::StartsWith(file.lines[i], "#")) continue;  // No statement.
    for (const char c : BareOf(file.lines[i])) {
      if (c == '{') {
        stack.push_back({i, OpensFunction(statement)});
      } else if (c == '}' && !stack.empty()) {
        const size_t lines = i - stack.back().line;
        if (stack.back().function && lines > kFunctionLinesMax) {
          found.push_back(absl::StrCat(
              At(file, stack.back().line), "a function of ", lines,
              " lines; split it by idea (at most ", kFunctionLinesMax, ")"));
        }
        stack.pop_back();
      }
      if (c == ';' || c == '{' || c == '}') {
        statement.clear();
      } else {
        statement += c;
      }
    }
    statement += '\n';
  }
}

// In characters, not bytes: a paragraph sign is one.
size_t WidthOf(const std::string& line) {
  return static_cast<size_t>(std::count_if(
      line.begin(), line.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool Contains(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&text](const std::string& line) {
                       return absl::StrContains(line, text);
                     });
}

}  // namespace

std::vector<std::string> CheckFloors(const fs::path& root) {
  static const std::regex include("^#include [\"<]([a-z_]+)/([^\">]+)[\">]");
  std::vector<std::string> found;
  for (const auto& [room, allowed] : FloorPlan()) {
    for (const SourceFile& file : SourcesOf(root, room)) {
      for (size_t i = 0; i < file.lines.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(file.lines[i], match, include)) continue;
        const std::string target = match[1];
        if (target == "tests" ||
            (FloorPlan().count(target) != 0 && target != room &&
             allowed.count(target) == 0)) {
          found.push_back(
              absl::StrCat(At(file, i), room, " may not look at ", target,
                           "; see the floor plan in ARCHITECTURE.md"));
        }
        if (target == "boost" && file.name != "runtime/fiber.h") {
          found.push_back(
              absl::StrCat(At(file, i),
                           "Boost outside runtime/fiber.h; use fibers "
                           "through runtime/fiber_group.h"));
        }
        if (absl::StartsWith(file.name, "raft/core/") &&
            (target == "net" ||
             file.lines[i].find("runtime/executor") != std::string::npos ||
             file.lines[i].find("runtime/clock") != std::string::npos)) {
          found.push_back(
              absl::StrCat(At(file, i),
                           "raft/core cannot wait, send or read a clock; the "
                           "driver brings these"));
        }
      }
    }
  }
  return found;
}

std::vector<std::string> CheckBans(const fs::path& root) {
  std::vector<std::string> found;
  std::vector<std::pair<const Ban*, std::regex>> patterns;
  for (const Ban& ban : Bans()) {
    patterns.emplace_back(&ban, std::regex(ban.pattern));
  }
  for (const SourceFile& file : SourcesOfRooms(root)) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      const std::string code = CodeOf(line);
      for (const auto& [ban, pattern] : patterns) {
        const bool in_comments = ban->pattern.find("TODO") != std::string::npos;
        std::smatch match;
        if (IsExcepted(*ban, file.name) ||
            !std::regex_search(in_comments ? line : code, match, pattern)) {
          continue;
        }
        found.push_back(absl::StrCat(At(file, i), "'", match[0].str(),
                                     "' is banned; ", ban->instead));
      }
    }
  }
  return found;
}

std::vector<std::string> CheckTwins(const fs::path& root) {
  std::vector<std::string> found;
  for (const Twins& twins : AllTwins()) {
    for (const std::string& file :
         {twins.interface_file, twins.simulated, twins.real, twins.suite}) {
      if (!fs::exists(root / file)) {
        found.push_back(absl::StrCat(
            file, ":1: missing; ", twins.interface_file,
            " has a simulated twin, a real twin and one suite for both"));
      }
    }
    if (!fs::exists(root / twins.suite)) continue;
    // Either both instances stand in the suite itself, or it runs wherever the
    // conformance environment does, which has both.
    std::vector<std::string> lines = ReadLines(root / twins.suite);
    for (const std::string& line :
         ReadLines(root / "tests/conformance/environment.cc")) {
      lines.push_back(line);
    }
    const bool everywhere = Contains(lines, "CONFORMANCE_SUITE(");
    for (const auto& [twin, name] :
         {std::pair<std::string, std::string>{twins.simulated, "Simulated"},
          std::pair<std::string, std::string>{twins.real, "Real"}}) {
      const std::string instance = "INSTANTIATE_TEST_SUITE_P(" + name;
      const std::string environment = absl::StrCat("{\"", name, "\",");
      if (Contains(lines, instance) ||
          (everywhere && Contains(lines, environment))) {
        continue;
      }
      found.push_back(absl::StrCat(twins.suite, ":1: does not run on ", twin,
                                   "; add ", instance, ", ...)"));
    }
  }
  return found;
}

std::vector<std::string> CheckRooms(const fs::path& root) {
  std::vector<std::string> found;
  for (const auto& [room, allowed] : FloorPlan()) {
    const fs::path readme = root / room / "README.md";
    if (!fs::exists(readme)) {
      found.push_back(absl::StrCat(
          room,
          "/README.md:1: missing; say purpose, reading order, includes, "
          "promises and tests in a few lines"));
      continue;
    }
    const std::vector<std::string> lines = ReadLines(readme);
    for (const char* word :
         {"Purpose", "Read", "Includes", "Promises", "Tests"}) {
      if (std::none_of(
              lines.begin(), lines.end(), [&word](const std::string& line) {
                return absl::StartsWith(absl::StripLeadingAsciiWhitespace(line),
                                        absl::StrCat(word, " "));
              })) {
        found.push_back(
            absl::StrCat(room, "/README.md:1: no line '", word, "'; add it"));
      }
    }
  }
  return found;
}

std::vector<std::string> CheckShape(const fs::path& root) {
  std::vector<std::string> found;
  for (const SourceFile& file : SourcesOfRooms(root)) {
    CheckHeader(file, found);
    if (file.lines.size() > kFileLinesMax) {
      found.push_back(absl::StrCat(file.name, ":1: ", file.lines.size(),
                                   " lines; split it by idea (at most ",
                                   kFileLinesMax, ")"));
    }
    for (size_t i = 0; i < file.lines.size(); ++i) {
      if (WidthOf(file.lines[i]) > 80 &&
          file.lines[i].find("http") == std::string::npos) {
        found.push_back(absl::StrCat(At(file, i), "a line of ",
                                     WidthOf(file.lines[i]),
                                     " characters; run ./dev fmt"));
      }
    }
    if (absl::EndsWith(file.name, ".cc")) CheckFunctions(file, found);
  }
  return found;
}

}  // namespace tidy
