// COMMAND: what the server tells about its commands.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "kv/commands/glob.h"
#include "kv/commands/key_positions.h"
#include "kv/resp/command_facts.h"
#include "kv/resp/subcommands.h"

namespace kv {
namespace {

void WriteInfo(const CommandFacts& command, RespWriter& out) {
  const std::vector<absl::string_view> flags =
      absl::StrSplit(command.flags, ' ');
  out.Array(10);
  out.Bulk(command.name);
  out.Integer(command.arity);
  out.Set(flags.size());
  for (const absl::string_view flag : flags) out.Simple(flag);
  out.Integer(command.first_key);
  out.Integer(command.last_key);
  out.Integer(command.key_step);
  std::vector<std::string> categories;
  for (const absl::string_view category : AclCategories()) {
    if (IsIn(command, category))
      categories.push_back(absl::StrCat("@", category));
  }
  out.Set(categories.size());
  for (const std::string& category : categories) out.Simple(category);
  // Tips and key specifications: nothing to tell.
  out.Array(0);
  out.Array(0);
  const auto subcommands = SubcommandFactsOf(command.name);
  out.Array(subcommands.size());
  for (const CommandFacts& one : subcommands) WriteInfo(one, out);
}

void WriteText(RespWriter& out, absl::string_view name,
               absl::string_view text) {
  out.Bulk(name);
  out.Bulk(text);
}

void WriteDocs(const CommandFacts& command, RespWriter& out) {
  const auto subcommands = SubcommandFactsOf(command.name);
  out.Bulk(command.name);
  out.Map(2 + (command.since.empty() ? 0 : 1) + (subcommands.empty() ? 0 : 1));
  WriteText(out, "summary", command.summary);
  if (!command.since.empty()) WriteText(out, "since", command.since);
  WriteText(out, "group", command.group);
  if (subcommands.empty()) return;
  out.Bulk("subcommands");
  out.Map(subcommands.size());
  for (const CommandFacts& one : subcommands) WriteDocs(one, out);
}

std::vector<const CommandFacts*> Commands() {
  std::vector<const CommandFacts*> commands;
  for (const CommandFacts& command : AllCommandFacts()) {
    if (!command.is_subcommand()) commands.push_back(&command);
  }
  return commands;
}

void Count(RespRequest& request) {
  request.Answer().Integer(static_cast<int64_t>(Commands().size()));
}

void Docs(RespRequest& request) {
  std::vector<const CommandFacts*> found;
  for (const absl::string_view word : request.args.subspan(2)) {
    const CommandFacts* facts = FindCommandFacts(LowerName(word));
    if (facts != nullptr) found.push_back(facts);
  }
  if (request.args.size() == 2) found = Commands();
  RespWriter out = request.Answer();
  out.Map(found.size());
  for (const CommandFacts* command : found) WriteDocs(*command, out);
}

void Info(RespRequest& request) {
  const auto names = request.args.subspan(2);
  if (names.empty()) return PlanCommand(request);
  RespWriter out = request.Answer();
  out.Array(names.size());
  for (const absl::string_view word : names) {
    const CommandFacts* command = FindCommandFacts(LowerName(word));
    command == nullptr ? out.Nil() : WriteInfo(*command, out);
  }
}

// Which names COMMAND LIST tells.
bool Wanted(const CommandFacts& command, absl::string_view filter,
            absl::string_view value) {
  if (SameWord(filter, "PATTERN")) {
    return MatchesGlob(value, command.name, true);
  }
  // No command is a module's.
  return SameWord(filter, "ACLCAT") &&
         IsIn(command, absl::AsciiStrToLower(value));
}

void List(RespRequest& request) {
  const auto args = request.args;
  const bool filters =
      args.size() == 5 && SameWord(args[2], "FILTERBY") &&
      (SameWord(args[3], "MODULE") || SameWord(args[3], "ACLCAT") ||
       SameWord(args[3], "PATTERN"));
  if (args.size() > 2 && !filters) return request.Refuse(kSyntaxError);
  std::vector<absl::string_view> names;
  for (const CommandFacts& command : AllCommandFacts()) {
    if (!filters || Wanted(command, args[3], args[4])) {
      names.push_back(command.name);
    }
  }
  RespWriter out = request.Answer();
  out.Array(names.size());
  for (const absl::string_view name : names) out.Bulk(name);
}

void GetKeys(RespRequest& request) {
  const auto words = request.args.subspan(2);
  const CommandRow* row = FindCommand(LowerName(words[0]));
  if (row == nullptr) {
    const bool known = FindRespCommand(LowerName(words[0])) != nullptr;
    return request.Refuse(known ? "ERR The command has no key arguments"
                                : "ERR Invalid command specified");
  }
  if (!ArityFits(*row, words.size())) {
    return request.Refuse(
        "ERR Invalid number of arguments specified for command");
  }
  const std::vector<absl::string_view> keys = KeysOf(*row, words);
  if (keys.empty()) {
    return request.Refuse("ERR The command has no key arguments");
  }
  RespWriter out = request.Answer();
  out.Array(keys.size());
  for (const absl::string_view key : keys) out.Bulk(key);
}

constexpr absl::string_view kFlags = "loading stale";

constexpr RespSubcommand kRows[] = {
    {"command|count", 2, kFlags, Count, "COUNT",
     "How many commands there are."},
    {"command|docs", -2, kFlags, Docs, "DOCS [<command> ...]",
     "What the commands do."},
    {"command|getkeys", -4, kFlags, GetKeys, "GETKEYS <request>",
     "Which words of a request are keys."},
    {"command|help", 2, kFlags, PlanHelp, "HELP", "This text."},
    {"command|info", -2, kFlags, Info, "INFO [<command> ...]",
     "What clients need to know of the commands, or of all."},
    {"command|list", -2, kFlags, List,
     "LIST [FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]",
     "The names of the commands and subcommands."},
};

}  // namespace

std::span<const RespSubcommand> CommandSubcommands() { return kRows; }

void PlanCommand(RespRequest& request) {
  const std::vector<const CommandFacts*> all = Commands();
  RespWriter out = request.Answer();
  out.Array(all.size());
  for (const CommandFacts* command : all) WriteInfo(*command, out);
}

}  // namespace kv
