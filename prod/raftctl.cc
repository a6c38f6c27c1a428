// raftctl: asks running nodes over their admin ports, and looks into data
// directories.

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "CLI/CLI.hpp"
#include "config/spelling.h"
#include "config/units.h"
#include "kv/exit_code.h"
#include "prod/build_info.h"
#include "prod/ctl_data.h"
#include "prod/ctl_nodes.h"
#include "prod/ctl_output.h"

namespace prod {
namespace {

constexpr char kFooter[] =
    "exit codes: 0 well, 1 a node is not well or does not answer, 2 usage,\n"
    "            3 input/output, 4 damaged data";

// What the command line says.
struct Words {
  std::string output = "table";
  std::string endpoints;
  std::string timeout = "3s";
  std::string directory;
  std::string entries;
};

struct Commands {
  CLI::App* status;
  CLI::App* members;
  CLI::App* health;
  CLI::App* log;
  CLI::App* data;
};

// A program that reads JSON gets JSON.
int Complain(const absl::Status& status, CtlFormat format) {
  if (format == CtlFormat::kJson) {
    CtlJson json;
    json["error"] = std::string(status.message());
    std::fputs(FormatJson(json).c_str(), stdout);
  }
  std::fprintf(stderr, "raftctl: %s\n", std::string(status.message()).c_str());
  return absl::IsNotFound(status) ? kv::kExitUsage : kv::ExitCodeOf(status);
}

Commands AddCommands(CLI::App& app, Words& words) {
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.set_version_flag("--version", VersionText("raftctl"));
  app.add_option("-o,--output", words.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  const Commands commands{
      .status = app.add_subcommand("status", "role, term and log of each node"),
      .members = app.add_subcommand("members", "who is in the cluster, where"),
      .health = app.add_subcommand("health",
                                   "whether each node lives and "
                                   "serves"),
      .log = app.add_subcommand("log", "the log of a data directory"),
      .data = app.add_subcommand("data", "a data directory as a whole")};
  for (CLI::App* command :
       {commands.status, commands.members, commands.health}) {
    command
        ->add_option("-e,--endpoints", words.endpoints,
                     "admin ports: host:port,host:port")
        ->envname("RAFTCTL_ENDPOINTS")
        ->required();
    command->add_option("--timeout", words.timeout, "for all answers")
        ->capture_default_str();
  }
  for (CLI::App* command : {commands.log, commands.data}) {
    command->add_option("directory", words.directory, "a node's data directory")
        ->required();
  }
  commands.log->add_option("--entries", words.entries,
                           "list these: FROM..TO, FROM.. or one");
  return commands;
}

absl::StatusOr<CtlResult> AskNodes(const Commands& commands, const Words& words,
                                   CtlFormat format) {
  CtlNodesOptions options{.format = format};
  const auto endpoints = ParseEndpoints(words.endpoints);
  if (!endpoints.ok()) return endpoints.status();
  options.endpoints = *endpoints;
  const absl::StatusOr<absl::Duration> timeout =
      config::ParseSpan(words.timeout);
  if (!timeout.ok()) return timeout.status();
  if (*timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout must be above zero");
  }
  options.timeout = *timeout;
  if (commands.status->parsed()) return CtlStatus(options);
  if (commands.members->parsed()) return CtlMembers(options);
  return CtlHealth(options);
}

absl::StatusOr<CtlResult> Look(const Commands& commands, const Words& words,
                               CtlFormat format) {
  CtlDataOptions options{.directory = words.directory, .format = format};
  if (!words.entries.empty()) {
    const absl::StatusOr<EntryRange> range = ParseEntryRange(words.entries);
    if (!range.ok()) return range.status();
    options.entries = *range;
  }
  return commands.log->parsed() ? CtlLog(options) : CtlData(options);
}

// The first word that is no option nor the value of one, if it is no command.
std::string UnknownCommand(std::span<const char* const> words) {
  const std::vector<std::string> known = {"status", "members", "health", "log",
                                          "data"};
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "-o" || word == "--output") ++i;
    if (word.empty() || word[0] == '-') continue;
    if (std::find(known.begin(), known.end(), word) != known.end()) return "";
    return absl::StrCat("unknown command: ", word,
                        config::MeantOrOneOf(word, known));
  }
  return "";
}

int Main(int argc, char** argv) {
  const std::string unknown =
      UnknownCommand({argv + 1, argc > 0 ? static_cast<size_t>(argc - 1) : 0});
  if (!unknown.empty()) {
    std::fprintf(stderr, "raftctl: %s\n", unknown.c_str());
    return kv::kExitUsage;
  }
  CLI::App app("Asks the nodes of a cluster, and looks into their data.",
               "raftctl");
  Words words;
  const Commands commands = AddCommands(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kv::kExitUsage;
  }
  const CtlFormat format =
      words.output == "json" ? CtlFormat::kJson : CtlFormat::kTable;
  const bool offline = commands.log->parsed() || commands.data->parsed();
  const absl::StatusOr<CtlResult> result =
      offline ? Look(commands, words, format)
              : AskNodes(commands, words, format);
  if (!result.ok()) return Complain(result.status(), format);
  std::fputs(result->text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return kv::kExitIo;
  return result->exit_code;
}

}  // namespace
}  // namespace prod

int main(int argc, char** argv) { return prod::Main(argc, argv); }
