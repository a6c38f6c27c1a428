// Everything that clients may learn about the commands: those of the keyspace,
// those that the server answers itself, and their subcommands.
//
// Private to kv/resp.

#ifndef KV_RESP_COMMAND_FACTS_H_
#define KV_RESP_COMMAND_FACTS_H_

#include <span>

#include "absl/strings/string_view.h"

namespace kv {

// command_texts.cc
struct CommandText {
  absl::string_view name;
  absl::string_view group;  // As Redis groups them.
  absl::string_view since;  // The version of Redis that had it first.
  absl::string_view summary;
};
// Null if there is none. Of a subcommand there is none.
const CommandText* FindCommandText(absl::string_view name);

struct CommandFacts {
  absl::string_view name;   // "get", "client|list".
  absl::string_view group;  // Of a subcommand: that of its command.
  absl::string_view since;  // Of a subcommand: empty.
  absl::string_view summary;
  int arity;
  absl::string_view flags;
  int first_key;
  int last_key;
  int key_step;

  bool is_subcommand() const {
    return name.find('|') != absl::string_view::npos;
  }
};

// In order of name; those of a command follow it.
std::span<const CommandFacts> AllCommandFacts();
// Null if there is none. `name` is in lower case.
const CommandFacts* FindCommandFacts(absl::string_view name);
std::span<const CommandFacts> SubcommandFactsOf(absl::string_view name);

// Without "@".
std::span<const absl::string_view> AclCategories();
bool IsAclCategory(absl::string_view name);
bool IsIn(const CommandFacts& command, absl::string_view category);

}  // namespace kv

#endif  // KV_RESP_COMMAND_FACTS_H_
