// COMMAND: what the server tells about its commands.

#include <string>
#include <vector>

#include "absl/strings/str_split.h"

#include "kv/commands/key_positions.h"
#include "kv/resp/table.h"

namespace kv {
namespace {

// A row of either table.
struct Described {
  absl::string_view name;
  int arity;
  absl::string_view flags;
  int first_key;
  int last_key;
  int key_step;
};

template <class Row>
Described Describe(const Row& row) {
  return {row.name,      row.arity,    row.flags,
          row.first_key, row.last_key, row.key_step};
}

std::vector<Described> AllDescribed() {
  std::vector<Described> all;
  for (const CommandRow& row : AllCommands()) {
    if (!row.name.empty()) all.push_back(Describe(row));
  }
  for (const RespCommand& command : RespCommands()) {
    all.push_back(Describe(command));
  }
  return all;
}

void Write(const Described& command, RespWriter& out) {
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
  // Categories, tips, key specifications and subcommands: nothing to tell.
  out.Set(0);
  for (int i = 0; i < 3; ++i) out.Array(0);
}

void WriteAll(RespWriter out) {
  const std::vector<Described> all = AllDescribed();
  out.Array(all.size());
  for (const Described& command : all) Write(command, out);
}

void WriteSome(std::span<const absl::string_view> names, RespWriter out) {
  out.Array(names.size());
  for (const absl::string_view word : names) {
    const std::string name = LowerName(word);
    if (const CommandRow* row = FindCommand(name)) {
      Write(Describe(*row), out);
    } else if (const RespCommand* command = FindRespCommand(name)) {
      Write(Describe(*command), out);
    } else {
      out.NullArray();
    }
  }
}

void GetKeys(RespRequest& request) {
  if (request.args.size() < 3) return request.RefuseArity();
  const auto words = request.args.subspan(2);
  const CommandRow* row = FindCommand(LowerName(words[0]));
  if (row == nullptr) {
    return request.Refuse("ERR Invalid command specified");
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

}  // namespace

void PlanCommand(RespRequest& request) {
  if (request.args.size() == 1) return WriteAll(request.Answer());
  const absl::string_view what = request.args[1];
  if (SameWord(what, "COUNT")) {
    request.Answer().Integer(static_cast<int64_t>(AllDescribed().size()));
  } else if (SameWord(what, "DOCS")) {
    request.Answer().Map(0);
  } else if (SameWord(what, "INFO")) {
    if (request.args.size() == 2) return WriteAll(request.Answer());
    WriteSome(request.args.subspan(2), request.Answer());
  } else if (SameWord(what, "LIST")) {
    const std::vector<Described> all = AllDescribed();
    RespWriter out = request.Answer();
    out.Array(all.size());
    for (const Described& command : all) out.Bulk(command.name);
  } else if (SameWord(what, "GETKEYS")) {
    GetKeys(request);
  } else {
    request.RefuseSubcommand();
  }
}

}  // namespace kv
