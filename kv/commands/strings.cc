// Strings: SET and its relatives, and what looks into a string.

#include <algorithm>
#include <string>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/deadline.h"
#include "kv/commands/reply_bound.h"

namespace kv {
namespace {

using Slot = Keyspace::Slot;

void Get(Call& call) {
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  value == nullptr ? call.reply.Nil() : call.reply.Text(value->text());
}

void Put(Call& call, absl::string_view key, absl::string_view text,
         int64_t deadline_ms = Keyspace::kNoDeadline) {
  call.keys.PutString(key, text, deadline_ms);
}

// Operation::kSet and kPut: whether their condition (none: always) holds.
bool Allowed(Call& call) {
  if (call.args.size() < 3) return true;
  return (call.keys.Find(call.args[0]) != nullptr) == (call.args[2] == "XX");
}

bool ConditionIsKnown(Call& call) {
  if (call.args.size() < 3 || call.args[2] == "NX" || call.args[2] == "XX") {
    return true;
  }
  call.reply.Error("ERR the condition is neither NX nor XX");
  return false;
}

void SetForPrevious(Call& call) {
  if (!ConditionIsKnown(call)) return;
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  value == nullptr ? call.reply.Nil() : call.reply.Text(value->text());
  if (Allowed(call)) Put(call, call.args[0], call.args[1]);
}

void PutIf(Call& call) {
  if (!ConditionIsKnown(call)) return;
  const bool allowed = Allowed(call);
  if (allowed) Put(call, call.args[0], call.args[1]);
  call.reply.Integer(allowed ? 1 : 0);
}

void CompareAndSet(Call& call) {
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  const bool equal = value != nullptr && value->text() == call.args[1];
  if (equal) Put(call, call.args[0], call.args[2]);
  call.reply.Integer(equal ? 1 : 0);
}

struct SetOptions {
  bool if_absent = false;
  bool if_present = false;
  bool get = false;
  bool keep_deadline = false;
  int64_t deadline_ms = Keyspace::kNoDeadline;
};

// What stands behind key and value. False: the call has been answered.
bool ParseSetOptions(Call& call, SetOptions& options) {
  for (size_t i = 2; i < call.args.size(); ++i) {
    const absl::string_view word = call.args[i];
    const bool timed =
        options.keep_deadline || options.deadline_ms != Keyspace::kNoDeadline;
    if (SameWord(word, "NX") && !options.if_present) {
      options.if_absent = true;
    } else if (SameWord(word, "XX") && !options.if_absent) {
      options.if_present = true;
    } else if (SameWord(word, "GET")) {
      options.get = true;
    } else if (SameWord(word, "KEEPTTL") && !timed) {
      options.keep_deadline = true;
    } else if (const auto form = DeadlineFormOf(word);
               form.has_value() && !timed && i + 1 < call.args.size()) {
      const auto deadline = DeadlineArg(call, *form, call.args[++i]);
      if (!deadline.has_value()) return false;
      options.deadline_ms = *deadline;
    } else {
      call.reply.Error(kSyntaxError);
      return false;
    }
  }
  return true;
}

void SetWithOptions(Call& call) {
  SetOptions options;
  if (!ParseSetOptions(call, options)) return;
  const absl::string_view key = call.args[0];
  const Slot* slot = call.keys.Find(key);
  const bool allowed =
      slot == nullptr ? !options.if_present : !options.if_absent;
  if (options.get) {
    const StringValue* value = nullptr;
    if (!Look(call, key, value)) return;
    value == nullptr ? call.reply.Nil() : call.reply.Text(value->text());
  } else {
    allowed ? call.reply.Ok() : call.reply.Nil();
  }
  if (!allowed) return;
  if (options.keep_deadline && slot != nullptr) {
    options.deadline_ms = slot->deadline_ms;
  }
  Put(call, key, call.args[1], options.deadline_ms);
  RemoveIfDue(call, key);
}

void Set(Call& call) {
  if (call.args.size() > 2) return SetWithOptions(call);
  Put(call, call.args[0], call.args[1]);
  call.reply.Ok();
}

void SetIfAbsent(Call& call) {
  const bool absent = call.keys.Find(call.args[0]) == nullptr;
  if (absent) Put(call, call.args[0], call.args[1]);
  call.reply.Integer(absent ? 1 : 0);
}

void SetFor(Call& call, DeadlineForm form) {
  const auto deadline = DeadlineArg(call, form, call.args[1]);
  if (!deadline.has_value()) return;
  Put(call, call.args[0], call.args[2], *deadline);
  call.reply.Ok();
}

void SetEx(Call& call) { SetFor(call, DeadlineForm::kSeconds); }
void PSetEx(Call& call) { SetFor(call, DeadlineForm::kMillis); }

void GetSet(Call& call) {
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  value == nullptr ? call.reply.Nil() : call.reply.Text(value->text());
  Put(call, call.args[0], call.args[1]);
}

void GetDel(Call& call) {
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  if (value == nullptr) return call.reply.Nil();
  call.reply.Text(value->text());
  call.keys.Remove(call.args[0]);
}

void GetEx(Call& call) {
  const absl::string_view key = call.args[0];
  const bool persists =
      call.args.size() == 2 && SameWord(call.args[1], "PERSIST");
  const std::optional<DeadlineForm> form =
      call.args.size() == 3 ? DeadlineFormOf(call.args[1]) : std::nullopt;
  if (call.args.size() > 1 && !persists && !form.has_value()) {
    return call.reply.Error(kSyntaxError);
  }
  const StringValue* value = nullptr;
  if (!Look(call, key, value)) return;
  // Before the time is looked at, as in Redis.
  if (value == nullptr) return call.reply.Nil();
  std::optional<int64_t> deadline;  // To be set.
  if (persists) deadline = Keyspace::kNoDeadline;
  if (form.has_value()) {
    deadline = DeadlineArg(call, *form, call.args[2]);
    if (!deadline.has_value()) return;
  }
  call.reply.Text(value->text());
  if (!deadline.has_value()) return;
  if (call.keys.Find(key)->deadline_ms != *deadline) {
    call.keys.SetDeadline(key, *deadline);
  }
  RemoveIfDue(call, key);
}

void MultiGet(Call& call) {
  const ReplyBound bound(call.reply);
  call.reply.Array(call.args.size());
  for (const absl::string_view key : call.args) {
    if (bound.full()) return;
    call.pace.Step();
    const Slot* slot = call.keys.Find(key);
    const StringValue* value =
        slot == nullptr ? nullptr : slot->value.As<StringValue>();
    if (value != nullptr) call.pace.StepOver(value->text().size());
    value == nullptr ? call.reply.Nil() : call.reply.Text(value->text());
  }
}

void PutAll(Call& call) {
  for (size_t i = 0; i < call.args.size(); i += 2) {
    call.pace.Step();
    Put(call, call.args[i], call.args[i + 1]);
  }
}

void MultiSet(Call& call) {
  if (call.args.size() % 2 != 0) return AnswerWrongArity(call);
  PutAll(call);
  call.reply.Ok();
}

void MultiSetIfAbsent(Call& call) {
  if (call.args.size() % 2 != 0) return AnswerWrongArity(call);
  for (size_t i = 0; i < call.args.size(); i += 2) {
    call.pace.Step();
    if (call.keys.Find(call.args[i]) != nullptr) return call.reply.Integer(0);
  }
  PutAll(call);
  call.reply.Integer(1);
}

void Append(Call& call) {
  const StringValue* before = nullptr;
  if (!Look(call, call.args[0], before)) return;
  const size_t size = before == nullptr ? 0 : before->text().size();
  if (size + call.args[1].size() > kValueBytesMax) {
    return call.reply.Error(kTooLarge);
  }
  Edit<StringValue> value(call, call.args[0]);
  value->Append(call.args[1]);
  call.reply.Integer(ToInteger(value->text().size()));
}

void StrLen(Call& call) {
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  call.reply.Integer(value == nullptr ? 0 : ToInteger(value->text().size()));
}

void GetRange(Call& call) {
  const auto start = IntegerArg(call, call.args[1]);
  if (!start.has_value()) return;
  const auto end = IntegerArg(call, call.args[2]);
  if (!end.has_value()) return;
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  const absl::string_view text =
      value == nullptr ? absl::string_view() : value->text();
  const int64_t size = ToInteger(text.size());
  if (*start < 0 && *end < 0 && *start > *end) return call.reply.Text("");
  const int64_t first =
      std::max<int64_t>(*start < 0 ? *start + size : *start, 0);
  const int64_t last =
      std::min(std::max<int64_t>(*end < 0 ? *end + size : *end, 0), size - 1);
  if (size == 0 || first > last) return call.reply.Text("");
  call.reply.Text(text.substr(static_cast<size_t>(first),
                              static_cast<size_t>(last - first + 1)));
}

void SetRange(Call& call) {
  const auto offset = IntegerArg(call, call.args[1]);
  if (!offset.has_value()) return;
  if (*offset < 0) return call.reply.Error("ERR offset is out of range");
  const absl::string_view text = call.args[2];
  const StringValue* before = nullptr;
  if (!Look(call, call.args[0], before)) return;
  if (text.empty()) {
    return call.reply.Integer(
        before == nullptr ? 0 : ToInteger(before->text().size()));
  }
  if (*offset > ToInteger(kValueBytesMax) - ToInteger(text.size())) {
    return call.reply.Error(kTooLarge);
  }
  Edit<StringValue> value(call, call.args[0]);
  value->Overwrite(static_cast<size_t>(*offset), text);
  call.pace.StepOver(value->text().size());  // The whole is hashed again.
  call.reply.Integer(ToInteger(value->text().size()));
}

// A bit of a string: the highest of the first byte is bit 0.
std::optional<size_t> BitArg(Call& call, absl::string_view text) {
  const auto bit =
      IntegerArg(call, text, 0, int64_t{UINT32_MAX},
                 "ERR bit offset is not an integer or out of range");
  if (!bit.has_value()) return std::nullopt;
  return static_cast<size_t>(*bit);
}

int BitOf(absl::string_view text, size_t bit) {
  if (bit / 8 >= text.size()) return 0;
  return (static_cast<unsigned char>(text[bit / 8]) >> (7 - bit % 8)) & 1;
}

void GetBit(Call& call) {
  const auto bit = BitArg(call, call.args[1]);
  if (!bit.has_value()) return;
  const StringValue* value = nullptr;
  if (!Look(call, call.args[0], value)) return;
  call.reply.Integer(value == nullptr ? 0 : BitOf(value->text(), *bit));
}

void SetBit(Call& call) {
  const auto bit = BitArg(call, call.args[1]);
  if (!bit.has_value()) return;
  const auto on = IntegerArg(call, call.args[2], 0, 1,
                             "ERR bit is not an integer or out of range");
  if (!on.has_value()) return;
  if (*bit / 8 >= kValueBytesMax) return call.reply.Error(kTooLarge);
  Edit<StringValue> value(call, call.args[0]);
  if (!value.ok()) return;
  const absl::string_view text = value->text();
  const size_t place = *bit / 8;
  call.reply.Integer(BitOf(text, *bit));
  auto byte = place < text.size() ? static_cast<unsigned char>(text[place])
                                  : static_cast<unsigned char>(0);
  const auto mask = static_cast<unsigned char>(0x80u >> (*bit % 8));
  byte = static_cast<unsigned char>(*on != 0 ? byte | mask
                                             : byte & ~unsigned{mask});
  const char written = static_cast<char>(byte);
  value->Overwrite(place, absl::string_view(&written, 1));
  call.pace.StepOver(value->text().size());  // The whole is hashed again.
}

constexpr CommandRow kRows[] = {
    {Operation::kGet, "get", 2, "readonly fast", 1, 1, 1, Get},
    {Operation::kSet, "", -3, "write", 1, 1, 1, SetForPrevious},
    {Operation::kPut, "", -3, "write", 1, 1, 1, PutIf},
    {Operation::kCompareAndSet, "", 4, "write", 1, 1, 1, CompareAndSet},
    {Operation::kSetCommand, "set", -3, "write denyoom", 1, 1, 1, Set},
    {Operation::kSetIfAbsent, "setnx", 3, "write denyoom fast", 1, 1, 1,
     SetIfAbsent},
    {Operation::kSetEx, "setex", 4, "write denyoom", 1, 1, 1, SetEx},
    {Operation::kPSetEx, "psetex", 4, "write denyoom", 1, 1, 1, PSetEx},
    {Operation::kGetSet, "getset", 3, "write denyoom fast", 1, 1, 1, GetSet},
    {Operation::kGetDel, "getdel", 2, "write fast", 1, 1, 1, GetDel},
    {Operation::kGetEx, "getex", -2, "write fast", 1, 1, 1, GetEx},
    {Operation::kMultiGet, "mget", -2, "readonly fast", 1, -1, 1, MultiGet},
    {Operation::kMultiSet, "mset", -3, "write denyoom", 1, -1, 2, MultiSet},
    {Operation::kMultiSetIfAbsent, "msetnx", -3, "write denyoom", 1, -1, 2,
     MultiSetIfAbsent},
    {Operation::kAppend, "append", 3, "write denyoom fast", 1, 1, 1, Append},
    {Operation::kLength, "strlen", 2, "readonly fast", 1, 1, 1, StrLen},
    {Operation::kGetRange, "getrange", 4, "readonly", 1, 1, 1, GetRange},
    {Operation::kGetRange, "substr", 4, "readonly", 1, 1, 1, GetRange},
    {Operation::kSetRange, "setrange", 4, "write denyoom", 1, 1, 1, SetRange},
    {Operation::kGetBit, "getbit", 3, "readonly fast", 1, 1, 1, GetBit},
    {Operation::kSetBit, "setbit", 4, "write denyoom", 1, 1, 1, SetBit},
};

}  // namespace

std::span<const CommandRow> StringCommands() { return kRows; }

}  // namespace kv
