// Hashes: one field, some, all of them, and numbers in them.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "kv/commands/call.h"
#include "kv/commands/reply_bound.h"
#include "kv/commands/sample.h"
#include "kv/commands/scan.h"
#include "kv/decimal.h"
#include "kv/integer.h"

namespace kv {
namespace {

// Sets the pairs behind the key. Answers how many fields are new; nothing: the
// call has been answered.
std::optional<int64_t> SetFields(Call& call) {
  if (call.args.size() % 2 == 0) {
    AnswerWrongArity(call);
    return std::nullopt;
  }
  Edit<HashValue> hash(call, call.args[0]);
  if (!hash.ok()) return std::nullopt;
  int64_t fresh = 0;
  for (size_t i = 1; i < call.args.size(); i += 2) {
    call.pace.Step(2);
    if (hash->Set(call.args[i], call.args[i + 1])) ++fresh;
  }
  return fresh;
}

void HSet(Call& call) {
  const auto fresh = SetFields(call);
  if (fresh.has_value()) call.reply.Integer(*fresh);
}

void HMSet(Call& call) {
  if (SetFields(call).has_value()) call.reply.Ok();
}

void HSetNx(Call& call) {
  Edit<HashValue> hash(call, call.args[0]);
  if (!hash.ok()) return;
  const bool absent = !hash->Get(call.args[1]).has_value();
  if (absent) hash->Set(call.args[1], call.args[2]);
  call.reply.Integer(absent ? 1 : 0);
}

// The value of a field; nothing if there is no such field, or no hash.
std::optional<absl::string_view> FieldOf(const HashValue* hash,
                                         absl::string_view field) {
  return hash == nullptr ? std::nullopt : hash->Get(field);
}

void HGet(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  call.reply.TextOrNil(FieldOf(hash, call.args[1]));
}

void HMGet(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  const ReplyBound bound(call.reply);
  const auto fields = call.args.subspan(1);
  call.reply.Array(fields.size());
  for (const absl::string_view field : fields) {
    if (bound.full()) return;
    const auto value = FieldOf(hash, field);
    call.pace.StepOver(value.has_value() ? value->size() : 0);
    call.reply.TextOrNil(value);
  }
}

void HLen(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  call.reply.Integer(hash == nullptr ? 0 : ToInteger(hash->size()));
}

void HStrLen(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  const auto value = FieldOf(hash, call.args[1]);
  call.reply.Integer(value.has_value() ? ToInteger(value->size()) : 0);
}

void HExists(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  call.reply.Integer(FieldOf(hash, call.args[1]).has_value() ? 1 : 0);
}

void HDel(Call& call) {
  Edit<HashValue> hash(call, call.args[0]);
  if (!hash.ok()) return;
  int64_t count = 0;
  for (const absl::string_view field : call.args.subspan(1)) {
    call.pace.Step(2);
    if (hash->Remove(field)) ++count;
  }
  call.reply.Integer(count);
}

void HGetAll(Call& call) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  if (hash == nullptr) return call.reply.Map(0);
  const ReplyBound bound(call.reply);
  call.reply.Map(hash->size());
  for (const auto& item : hash->fields()) {
    if (bound.full()) return;
    call.pace.StepOver(item.key.size() + item.value.size());
    call.reply.Text(item.key);
    call.reply.Text(item.value);
  }
}

// One text of each field, in order.
template <class TextOf>
void AnswerEach(Call& call, TextOf&& text_of) {
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  if (hash == nullptr) return call.reply.Array(0);
  const ReplyBound bound(call.reply);
  call.reply.Array(hash->size());
  for (const auto& item : hash->fields()) {
    if (bound.full()) return;
    call.pace.StepOver(text_of(item).size());
    call.reply.Text(text_of(item));
  }
}

void HKeys(Call& call) {
  AnswerEach(call,
             [](const auto& item) -> absl::string_view { return item.key; });
}

void HVals(Call& call) {
  AnswerEach(call,
             [](const auto& item) -> absl::string_view { return item.value; });
}

// Once a scan has found so much, it goes on in the next call, whatever COUNT
// says: with one pair more it still fits a reply.
constexpr size_t kScanBytesMax = 1 << 20;

void HScan(Call& call) {
  const auto options = ParseScan(call, 1);
  if (!options.has_value()) return;
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  if (hash == nullptr) return AnswerScan(call, 0, {});
  std::vector<absl::string_view> found;
  size_t visited = 0;
  size_t bytes = 0;
  uint64_t cursor = options->cursor;
  do {
    cursor = hash->fields().Scan(cursor, 1, [&](const auto& item) {
      ++visited;
      call.pace.Step(kStepsPerMatch);
      if (!options->Matches(item.key)) return;
      found.push_back(item.key);
      found.push_back(item.value);
      bytes += item.key.size() + item.value.size();
    });
  } while (cursor != 0 && visited < options->count && bytes < kScanBytesMax);
  AnswerScan(call, cursor, found);
}

void HIncrBy(Call& call) {
  const auto amount = IntegerArg(call, call.args[2]);
  if (!amount.has_value()) return;
  Edit<HashValue> hash(call, call.args[0]);
  if (!hash.ok()) return;
  const auto value = ParseInteger(hash->Get(call.args[1]).value_or("0"));
  if (!value.has_value()) {
    return call.reply.Error("ERR hash value is not an integer");
  }
  int64_t sum = 0;
  if (__builtin_add_overflow(*value, *amount, &sum)) {
    return call.reply.Error("ERR increment or decrement would overflow");
  }
  hash->Set(call.args[1], absl::AlphaNum(sum).Piece());
  call.reply.Integer(sum);
}

// Also "+infinity".
bool IsInfinity(absl::string_view text) {
  const absl::string_view word =
      absl::StripPrefix(absl::StripPrefix(text, "-"), "+");
  return SameWord(word, "inf") || SameWord(word, "infinity");
}

void HIncrByFloat(Call& call) {
  const absl::string_view amount = call.args[2];
  // Before the key is looked at, as Redis does.
  if (IsInfinity(amount)) {
    return call.reply.Error("ERR value is NaN or Infinity");
  }
  if (!Decimal::Parse(amount).has_value()) return call.reply.Error(kNotAFloat);
  Edit<HashValue> hash(call, call.args[0]);
  if (!hash.ok()) return;
  const auto before = hash->Get(call.args[1]).value_or("0");
  if (IsInfinity(before)) {
    return call.reply.Error("ERR increment would produce NaN or Infinity");
  }
  const auto sum =
      AddDecimals(call, before, amount, "ERR hash value is not a float");
  if (!sum.has_value()) return;
  hash->Set(call.args[1], *sum);
  call.reply.Text(*sum);
}

// ---- HRANDFIELD.

void AnswerRandomFields(Call& call, const HashValue::Fields& fields,
                        int64_t wanted, bool with_values) {
  const auto size = static_cast<size_t>(wanted < 0 ? -wanted : wanted);
  const size_t count = wanted < 0 ? size : std::min(size, fields.size());
  const ReplyBound bound(call.reply);
  with_values ? call.reply.Pairs(count) : call.reply.Array(count);
  const auto visit = [&](const auto& item) {
    call.pace.StepOver(item.key.size() + (with_values ? item.value.size() : 0));
    call.reply.Text(item.key);
    if (with_values) call.reply.Text(item.value);
    return !bound.full();
  };
  if (wanted < 0) return SampleRepeatedly(call, fields, count, visit);
  for (const auto& it : SampleDistinct(call, fields, count)) {
    if (!visit(*it)) return;
  }
}

// How many; nothing: the call has been answered.
std::optional<int64_t> RandomFieldCount(Call& call) {
  const auto count = SampleSizeArg(call, call.args[1]);
  if (!count.has_value() || call.args.size() == 2) return count;
  if (call.args.size() > 3 || !SameWord(call.args[2], "WITHVALUES")) {
    call.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  if (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2) {
    call.reply.Error("ERR value is out of range");
    return std::nullopt;
  }
  return count;
}

void HRandField(Call& call) {
  std::optional<int64_t> count;
  if (call.args.size() > 1) {
    count = RandomFieldCount(call);
    if (!count.has_value()) return;
  }
  const HashValue* hash = nullptr;
  if (!Look(call, call.args[0], hash)) return;
  if (!count.has_value()) {
    return call.reply.TextOrNil(hash == nullptr
                                    ? std::nullopt
                                    : std::optional<absl::string_view>(
                                          hash->fields().Pick(call.dice)->key));
  }
  if (hash == nullptr || *count == 0) return call.reply.Array(0);
  AnswerRandomFields(call, hash->fields(), *count, call.args.size() > 2);
}

constexpr CommandRow kRows[] = {
    {Operation::kHSet, "hset", -4, "write denyoom fast", 1, 1, 1, HSet},
    {Operation::kHSetNx, "hsetnx", 4, "write denyoom fast", 1, 1, 1, HSetNx},
    {Operation::kHMSet, "hmset", -4, "write denyoom fast", 1, 1, 1, HMSet},
    {Operation::kHGet, "hget", 3, "readonly fast", 1, 1, 1, HGet},
    {Operation::kHMGet, "hmget", -3, "readonly fast", 1, 1, 1, HMGet},
    {Operation::kHGetAll, "hgetall", 2, "readonly", 1, 1, 1, HGetAll},
    {Operation::kHKeys, "hkeys", 2, "readonly", 1, 1, 1, HKeys},
    {Operation::kHVals, "hvals", 2, "readonly", 1, 1, 1, HVals},
    {Operation::kHLen, "hlen", 2, "readonly fast", 1, 1, 1, HLen},
    {Operation::kHStrLen, "hstrlen", 3, "readonly fast", 1, 1, 1, HStrLen},
    {Operation::kHExists, "hexists", 3, "readonly fast", 1, 1, 1, HExists},
    {Operation::kHDel, "hdel", -3, "write fast", 1, 1, 1, HDel},
    {Operation::kHIncrBy, "hincrby", 4, "write denyoom fast", 1, 1, 1, HIncrBy},
    {Operation::kHIncrByFloat, "hincrbyfloat", 4, "write denyoom fast", 1, 1, 1,
     HIncrByFloat},
    {Operation::kHRandField, "hrandfield", -2, "readonly", 1, 1, 1, HRandField,
     true},
    {Operation::kHScan, "hscan", -3, "readonly", 1, 1, 1, HScan},
};

}  // namespace

std::span<const CommandRow> HashCommands() { return kRows; }

}  // namespace kv
