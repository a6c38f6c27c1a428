// Keys of any type.

#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/commands/encoding.h"
#include "kv/integer.h"

namespace kv {
namespace {

void Delete(Call& call) {
  int64_t count = 0;
  for (const absl::string_view key : call.args) {
    call.pace.Step();
    if (call.keys.Remove(key)) ++count;
  }
  call.reply.Integer(count);
}

void Exists(Call& call) {
  int64_t count = 0;
  for (const absl::string_view key : call.args) {
    call.pace.Step();
    if (call.keys.Find(key) != nullptr) ++count;
  }
  call.reply.Integer(count);
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
  call.keys.Put(call.args[1], Value(from->value), from->deadline_ms);
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

void ObjectHelp(Call& call) {
  constexpr absl::string_view kLines[] = {
      "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "ENCODING <key>",
      "    Return the kind of internal representation used in order to store "
      "the value",
      "    associated with a <key>.",
      "IDLETIME <key>",
      "    Return 0: use is not recorded.",
      "REFCOUNT <key>",
      "    Return 1: values are not shared.",
      "HELP",
      "    Print this help.",
  };
  call.reply.Array(std::size(kLines));
  for (const absl::string_view line : kLines) call.reply.Status(line);
}

void Object(Call& call) {
  const absl::string_view what = call.args[0];
  if (SameWord(what, "HELP") && call.args.size() == 1) return ObjectHelp(call);
  const bool known = SameWord(what, "ENCODING") || SameWord(what, "REFCOUNT") ||
                     SameWord(what, "IDLETIME") || SameWord(what, "FREQ");
  if (!known || call.args.size() != 2) {
    return call.reply.Error(
        absl::StrCat("ERR Unknown subcommand or wrong number of arguments for "
                     "'",
                     what.substr(0, 128), "'. Try OBJECT HELP."));
  }
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

void Memory(Call& call) {
  const bool plain = call.args.size() == 2;
  const bool sampled =
      call.args.size() == 4 && SameWord(call.args[2], "SAMPLES");
  if (!SameWord(call.args[0], "USAGE") || !(plain || sampled)) {
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
