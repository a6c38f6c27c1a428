// When keys expire: EXPIRE and TTL with their relatives, and the server's own
// command that removes what is due.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/commands/deadline.h"
#include "kv/integer.h"

namespace kv {

std::optional<DeadlineForm> DeadlineFormOf(absl::string_view word) {
  if (SameWord(word, "EX")) return DeadlineForm::kSeconds;
  if (SameWord(word, "PX")) return DeadlineForm::kMillis;
  if (SameWord(word, "EXAT")) return DeadlineForm::kAtSeconds;
  if (SameWord(word, "PXAT")) return DeadlineForm::kAtMillis;
  return std::nullopt;
}

std::optional<int64_t> DeadlineArg(Call& call, DeadlineForm form,
                                   absl::string_view text, bool positive) {
  const std::optional<int64_t> amount = IntegerArg(call, text);
  if (!amount.has_value()) return std::nullopt;
  int64_t deadline = *amount;
  bool sane = !positive || *amount > 0;
  if (form == DeadlineForm::kSeconds || form == DeadlineForm::kAtSeconds) {
    sane = sane && !__builtin_mul_overflow(deadline, 1000, &deadline);
  }
  if (form == DeadlineForm::kSeconds || form == DeadlineForm::kMillis) {
    sane = sane &&
           !__builtin_add_overflow(deadline, call.keys.now_ms(), &deadline);
  }
  if (sane) return std::max<int64_t>(deadline, 0);
  call.reply.Error(
      absl::StrCat("ERR invalid expire time in '", call.row.name, "' command"));
  return std::nullopt;
}

void RemoveIfDue(Call& call, absl::string_view key) {
  // Finding it removes it.
  (void)call.keys.Find(key);
}

namespace {

struct ExpireConditions {
  bool none_yet = false;  // NX
  bool some_yet = false;  // XX
  bool greater = false;   // GT
  bool less = false;      // LT
};

bool ParseConditions(Call& call, ExpireConditions& conditions) {
  for (const absl::string_view word : call.args.subspan(2)) {
    if (SameWord(word, "NX")) {
      conditions.none_yet = true;
    } else if (SameWord(word, "XX")) {
      conditions.some_yet = true;
    } else if (SameWord(word, "GT")) {
      conditions.greater = true;
    } else if (SameWord(word, "LT")) {
      conditions.less = true;
    } else {
      call.reply.Error(
          absl::StrCat("ERR Unsupported option ", word.substr(0, 128)));
      return false;
    }
  }
  if (conditions.none_yet &&
      (conditions.some_yet || conditions.greater || conditions.less)) {
    call.reply.Error(
        "ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (conditions.greater && conditions.less) {
    call.reply.Error(
        "ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

// No deadline counts as one that never comes.
bool Holds(const ExpireConditions& conditions, int64_t before, int64_t after) {
  const bool timed = before != Keyspace::kNoDeadline;
  if (conditions.none_yet && timed) return false;
  if (conditions.some_yet && !timed) return false;
  if (conditions.greater && (!timed || after <= before)) return false;
  return !(conditions.less && timed && after >= before);
}

void ExpireIn(Call& call, DeadlineForm form) {
  const absl::string_view key = call.args[0];
  ExpireConditions conditions;
  if (!ParseConditions(call, conditions)) return;
  const auto deadline = DeadlineArg(call, form, call.args[1], false);
  if (!deadline.has_value()) return;
  const Keyspace::Slot* slot = call.keys.Find(key);
  if (slot == nullptr || !Holds(conditions, slot->deadline_ms, *deadline)) {
    return call.reply.Integer(0);
  }
  call.keys.SetDeadline(key, *deadline);
  RemoveIfDue(call, key);
  call.reply.Integer(1);
}

void Expire(Call& call) { ExpireIn(call, DeadlineForm::kSeconds); }
void PExpire(Call& call) { ExpireIn(call, DeadlineForm::kMillis); }
void ExpireAt(Call& call) { ExpireIn(call, DeadlineForm::kAtSeconds); }
void PExpireAt(Call& call) { ExpireIn(call, DeadlineForm::kAtMillis); }

// The deadline of the key. Nothing: the call has been answered, with -2 for no
// such key and -1 for a key that does not expire.
std::optional<int64_t> DeadlineOfKey(Call& call) {
  const Keyspace::Slot* slot = call.keys.Find(call.args[0]);
  if (slot != nullptr && slot->deadline_ms != Keyspace::kNoDeadline) {
    return slot->deadline_ms;
  }
  call.reply.Integer(slot == nullptr ? -2 : -1);
  return std::nullopt;
}

void Ttl(Call& call) {
  const auto deadline = DeadlineOfKey(call);
  if (deadline.has_value()) {
    call.reply.Integer((*deadline - call.keys.now_ms() + 500) / 1000);
  }
}

void PTtl(Call& call) {
  const auto deadline = DeadlineOfKey(call);
  if (deadline.has_value()) {
    call.reply.Integer(*deadline - call.keys.now_ms());
  }
}

void ExpireTime(Call& call) {
  const auto deadline = DeadlineOfKey(call);
  if (deadline.has_value()) call.reply.Integer((*deadline + 500) / 1000);
}

void PExpireTime(Call& call) {
  const auto deadline = DeadlineOfKey(call);
  if (deadline.has_value()) call.reply.Integer(*deadline);
}

void Persist(Call& call) {
  const Keyspace::Slot* slot = call.keys.Find(call.args[0]);
  const bool timed =
      slot != nullptr && slot->deadline_ms != Keyspace::kNoDeadline;
  if (timed) call.keys.SetDeadline(call.args[0], Keyspace::kNoDeadline);
  call.reply.Integer(timed ? 1 : 0);
}

void ExpireDue(Call& call) {
  const auto count = IntegerArg(call, call.args[0], 0, INT64_MAX, kOutOfRange);
  if (!count.has_value()) return;
  call.reply.Integer(
      ToInteger(call.keys.RemoveDue(static_cast<size_t>(*count))));
}

constexpr CommandRow kRows[] = {
    {Operation::kExpire, "expire", -3, "write fast", 1, 1, 1, Expire},
    {Operation::kPExpire, "pexpire", -3, "write fast", 1, 1, 1, PExpire},
    {Operation::kExpireAt, "expireat", -3, "write fast", 1, 1, 1, ExpireAt},
    {Operation::kPExpireAt, "pexpireat", -3, "write fast", 1, 1, 1, PExpireAt},
    {Operation::kTtl, "ttl", 2, "readonly fast", 1, 1, 1, Ttl},
    {Operation::kPTtl, "pttl", 2, "readonly fast", 1, 1, 1, PTtl},
    {Operation::kExpireTime, "expiretime", 2, "readonly fast", 1, 1, 1,
     ExpireTime},
    {Operation::kPExpireTime, "pexpiretime", 2, "readonly fast", 1, 1, 1,
     PExpireTime},
    {Operation::kPersist, "persist", 2, "write fast", 1, 1, 1, Persist},
    {Operation::kExpireDue, "", 2, "write", 0, 0, 0, ExpireDue},
};

}  // namespace

std::span<const CommandRow> ExpiryCommands() { return kRows; }

}  // namespace kv
