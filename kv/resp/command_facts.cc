#include "kv/resp/command_facts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "kv/commands/table.h"
#include "kv/resp/subcommands.h"
#include "kv/resp/table.h"
#include "runtime/check.h"

namespace kv {
namespace {

template <class Row>
CommandFacts FactsOf(const Row& row) {
  const CommandText* text = FindCommandText(row.name);
  CHECK(text != nullptr, "nothing is said of ", row.name);
  return {row.name,  text->group,   text->since,  text->summary, row.arity,
          row.flags, row.first_key, row.last_key, row.key_step};
}

CommandFacts FactsOf(const RespSubcommand& row) {
  const CommandText* text =
      FindCommandText(row.name.substr(0, row.name.find('|')));
  CHECK(text != nullptr, "nothing is said of ", row.name);
  return {row.name, text->group, "", row.summary, row.arity, row.flags,
          0,        0,           0};
}

bool ByName(const CommandFacts& a, const CommandFacts& b) {
  return a.name < b.name;
}

std::vector<CommandFacts> AllInOrder() {
  std::vector<CommandFacts> all;
  for (const CommandRow& row : AllCommands()) {
    if (!row.name.empty()) all.push_back(FactsOf(row));
  }
  for (const RespCommand& row : RespCommands()) all.push_back(FactsOf(row));
  for (const RespSubcommand& row : RespSubcommands()) {
    all.push_back(FactsOf(row));
  }
  std::sort(all.begin(), all.end(), ByName);
  return all;
}

constexpr absl::string_view kCategories[] = {
    "keyspace", "read",     "write",     "set",        "sortedset",
    "list",     "hash",     "string",    "bitmap",     "hyperloglog",
    "geo",      "stream",   "pubsub",    "admin",      "fast",
    "slow",     "blocking", "dangerous", "connection", "transaction",
    "scripting"};

// Which may do harm, or tell of others, though no flag says so.
constexpr absl::string_view kDangerous[] = {"flushall", "flushdb", "info",
                                            "keys", "role"};
// Of the keys themselves, whatever group they stand in.
constexpr absl::string_view kOfKeyspace[] = {"dbsize", "flushall", "flushdb"};

struct GroupCategory {
  absl::string_view group;
  absl::string_view category;
};
constexpr GroupCategory kOfGroups[] = {
    {"bitmap", "bitmap"},    {"connection", "connection"},
    {"generic", "keyspace"}, {"hash", "hash"},
    {"list", "list"},        {"scripting", "scripting"},
    {"set", "set"},          {"sorted-set", "sortedset"},
    {"string", "string"},    {"transactions", "transaction"},
};

bool Has(std::span<const absl::string_view> words, absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool HasFlag(const CommandFacts& command, absl::string_view flag) {
  for (const absl::string_view one : absl::StrSplit(command.flags, ' ')) {
    if (one == flag) return true;
  }
  return false;
}

}  // namespace

std::span<const CommandFacts> AllCommandFacts() {
  static const std::vector<CommandFacts> all = AllInOrder();
  return all;
}

const CommandFacts* FindCommandFacts(absl::string_view name) {
  const std::span<const CommandFacts> all = AllCommandFacts();
  const auto it = std::partition_point(
      all.begin(), all.end(),
      [&](const auto& command) { return command.name < name; });
  return it == all.end() || it->name != name ? nullptr : &*it;
}

std::span<const CommandFacts> SubcommandFactsOf(absl::string_view name) {
  const std::span<const CommandFacts> all = AllCommandFacts();
  const std::string prefix = absl::StrCat(name, "|");
  const auto begin = std::partition_point(
      all.begin(), all.end(),
      [&](const auto& command) { return command.name < prefix; });
  const auto end =
      std::partition_point(begin, all.end(), [&](const auto& command) {
        return absl::StartsWith(command.name, prefix);
      });
  return {begin, end};
}

std::span<const absl::string_view> AclCategories() { return kCategories; }

bool IsAclCategory(absl::string_view name) { return Has(kCategories, name); }

bool IsIn(const CommandFacts& command, absl::string_view category) {
  if (category == "read") return HasFlag(command, "readonly");
  if (category == "write" || category == "admin" || category == "fast") {
    return HasFlag(command, category);
  }
  if (category == "slow") return !HasFlag(command, "fast");
  if (category == "dangerous") {
    return HasFlag(command, "admin") || Has(kDangerous, command.name);
  }
  if (category == "keyspace" && Has(kOfKeyspace, command.name)) return true;
  for (const GroupCategory& one : kOfGroups) {
    if (one.category == category) return one.group == command.group;
  }
  return false;
}

}  // namespace kv
