// Keys of any type.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/commands/encoding.h"
#include "kv/integer.h"

namespace kv {
namespace {

// How many keys satisfy done(key). They are waited for together.
template <class Done>
void AnswerCount(Call& call, Done&& done) {
  constexpr size_t kAhead = 64;
  int64_t count = 0;
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i % kAhead == 0) {
      call.keys.Expect(
          call.args.subspan(i, std::min(kAhead, call.args.size() - i)));
    }
    call.pace.Step(2);
    if (done(call.args[i])) ++count;
  }
  call.reply.Integer(count);
}

void Delete(Call& call) {
  AnswerCount(call,
              [&](absl::string_view key) { return call.keys.Remove(key); });
}

void Exists(Call& call) {
  AnswerCount(call, [&](absl::string_view key) {
    return call.keys.Find(key) != nullptr;
  });
}

// As Redis does, it counts keys that are due until somebody removes them.
void DbSize(Call& call) { call.reply.Integer(ToInteger(call.keys.size())); }

void Type(Call& call) {
  const Keyspace::Slot* slot = call.keys.Find(call.args[0]);
  call.reply.Status(slot == nullptr ? "none" : slot->value.type_name());
}

void MoveKey(Call& call, absl::string_view from, absl::string_view to) {
  if (from == to) return;
  Keyspace::Slot slot = call.keys.Take(from);
  call.keys.Put(to, std::move(slot.value), slot.deadline_ms);
}

void Rename(Call& call) {
  if (call.keys.Find(call.args[0]) == nullptr) {
    return call.reply.Error(kNoSuchKey);
  }
  MoveKey(call, call.args[0], call.args[1]);
  call.reply.Ok();
}

void RenameNx(Call& call) {
  if (call.keys.Find(call.args[0]) == nullptr) {
    return call.reply.Error(kNoSuchKey);
  }
  if (call.keys.Find(call.args[1]) != nullptr) return call.reply.Integer(0);
  MoveKey(call, call.args[0], call.args[1]);
  call.reply.Integer(1);
}

void Copy(Call& call) {
  bool replace = false;
  for (size_t i = 2; i < call.args.size(); ++i) {
    if (SameWord(call.args[i], "REPLACE")) {
      replace = true;
    } else if (SameWord(call.args[i], "DB") && i + 1 < call.args.size()) {
      // There is one database.
      const auto db = IntegerArg(call, call.args[++i], 0, 0,
                                 "ERR DB index is out of range");
      if (!db.has_value()) return;
    } else {
      return call.reply.Error(kSyntaxError);
    }
  }
  if (call.args[0] == call.args[1]) {
    return call.reply.Error("ERR source and destination objects are the same");
  }
  const Keyspace::Slot* from = call.keys.Find(call.args[0]);
  if (from == nullptr) return call.reply.Integer(0);
  if (call.keys.Find(call.args[1]) != nullptr && !replace) {
    return call.reply.Integer(0);
  }
  call.keys.Put(call.args[1], from->value.Copy(call.pace.steps()),
                from->deadline_ms);
  call.reply.Integer(1);
}

void FlushAll(Call& call) {
  const bool known =
      call.args.empty() ||
      (call.args.size() == 1 &&
       (SameWord(call.args[0], "SYNC") || SameWord(call.args[0], "ASYNC")));
  if (!known) return call.reply.Error(kSyntaxError);
  call.keys.Clear([&call] { call.pace.Step(); });
  call.reply.Ok();
}

// Of the commands whose first argument says what they do.
struct Subcommand {
  absl::string_view name;
  size_t args_min;  // Behind its name.
  size_t args_max;
};

// False: there is none of that name, or not with so many arguments, and the
// call has been answered so.
bool CheckSubcommand(Call& call, std::span<const Subcommand> known) {
  for (const Subcommand& one : known) {
    if (!SameWord(call.args[0], one.name)) continue;
    const size_t count = call.args.size() - 1;
    if (count >= one.args_min && count <= one.args_max) return true;
    call.reply.Error(
        absl::StrCat("ERR wrong number of arguments for '", call.row.name, "|",
                     absl::AsciiStrToLower(one.name), "' command"));
    return false;
  }
  call.reply.Error(
      absl::StrCat("ERR unknown subcommand '", call.args[0].substr(0, 128),
                   "'. Try ", absl::AsciiStrToUpper(call.row.name), " HELP."));
  return false;
}

void Help(Call& call, std::span<const absl::string_view> lines) {
  call.reply.Array(lines.size());
  for (const absl::string_view line : lines) call.reply.Status(line);
}

constexpr absl::string_view kObjectHelp[] = {
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    How Redis would keep the value of the key at its default settings.",
    "FREQ <key>",
    "    An error: how often a key is used is not recorded.",
    "IDLETIME <key>",
    "    0: use is not recorded.",
    "REFCOUNT <key>",
    "    1: values are not shared.",
    "HELP",
    "    This text.",
};

void Object(Call& call) {
  constexpr Subcommand kKnown[] = {{"ENCODING", 1, 1},
                                   {"FREQ", 1, 1},
                                   {"HELP", 0, 0},
                                   {"IDLETIME", 1, 1},
                                   {"REFCOUNT", 1, 1}};
  const absl::string_view what = call.args[0];
  if (!CheckSubcommand(call, kKnown)) return;
  if (SameWord(what, "HELP")) return Help(call, kObjectHelp);
  const Keyspace::Slot* slot = call.keys.Find(call.args[1]);
  if (slot == nullptr) return call.reply.Nil();
  if (SameWord(what, "ENCODING")) {
    call.reply.Text(EncodingOf(slot->value));
  } else if (SameWord(what, "FREQ")) {
    call.reply.Error(
        "ERR An LFU maxmemory policy is not selected, access frequency not "
        "tracked. Please note that when switching between policies at runtime "
        "LRU and LFU data will take some time to adjust.");
  } else {
    call.reply.Integer(SameWord(what, "REFCOUNT") ? 1 : 0);
  }
}

// What the contents weigh; how they lie in memory is not counted.
size_t WeightOf(const Value& value, Pace& pace) {
  size_t bytes = 0;
  if (const auto* text = value.As<StringValue>()) {
    bytes = text->text().size();
  } else if (const auto* hash = value.As<HashValue>()) {
    for (const auto& field : hash->fields()) {
      pace.Step();
      bytes += field.key.size() + field.value.size();
    }
  } else if (const auto* list = value.As<ListValue>()) {
    for (size_t i = 0; i < list->size(); ++i) {
      pace.Step();
      bytes += list->At(i).size();
    }
  } else if (const auto* set = value.As<SetValue>()) {
    for (const auto& member : set->members()) {
      pace.Step();
      bytes += member.key.size();
    }
  } else if (const auto* sorted = value.As<SortedSetValue>()) {
    for (const auto& member : sorted->members()) {
      pace.Step();
      bytes += member.key.size() + sizeof(member.value);
    }
  }
  return bytes;
}

constexpr absl::string_view kMemoryHelp[] = {
    "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "USAGE <key> [SAMPLES <count>]",
    "    The bytes that the key and its contents take. All are counted.",
    "HELP",
    "    This text.",
};

void Memory(Call& call) {
  constexpr Subcommand kKnown[] = {{"HELP", 0, 0}, {"USAGE", 1, SIZE_MAX}};
  if (!CheckSubcommand(call, kKnown)) return;
  if (SameWord(call.args[0], "HELP")) return Help(call, kMemoryHelp);
  const bool sampled = call.args.size() == 4 &&
                       SameWord(call.args[2], "SAMPLES") &&
                       ParseInteger(call.args[3]).value_or(-1) >= 0;
  if (call.args.size() != 2 && !sampled) {
    return call.reply.Error(kSyntaxError);
  }
  const Keyspace::Slot* slot = call.keys.Find(call.args[1]);
  if (slot == nullptr) return call.reply.Nil();
  call.reply.Integer(ToInteger(sizeof(*slot) + call.args[1].size() +
                               WeightOf(slot->value, call.pace)));
}

constexpr CommandRow kRows[] = {
    {Operation::kDelete, "del", -2, "write", 1, -1, 1, Delete},
    {Operation::kDelete, "unlink", -2, "write fast", 1, -1, 1, Delete},
    {Operation::kExists, "exists", -2, "readonly fast", 1, -1, 1, Exists},
    {Operation::kTouch, "touch", -2, "readonly fast", 1, -1, 1, Exists},
    {Operation::kCount, "dbsize", 1, "readonly fast", 0, 0, 0, DbSize},
    {Operation::kType, "type", 2, "readonly fast", 1, 1, 1, Type},
    {Operation::kRename, "rename", 3, "write", 1, 2, 1, Rename},
    {Operation::kRenameNx, "renamenx", 3, "write fast", 1, 2, 1, RenameNx},
    {Operation::kCopy, "copy", -3, "write denyoom", 1, 2, 1, Copy},
    {Operation::kObject, "object", -2, "readonly", 2, 2, 1, Object},
    {Operation::kMemory, "memory", -2, "readonly", 2, 2, 1, Memory},
    {Operation::kFlushAll, "flushall", -1, "write", 0, 0, 0, FlushAll},
    {Operation::kFlushAll, "flushdb", -1, "write", 0, 0, 0, FlushAll},
};

}  // namespace

std::span<const CommandRow> KeyCommands() { return kRows; }

}  // namespace kv
