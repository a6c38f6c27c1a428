// Strings that hold numbers: INCR and its relatives.

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "kv/commands/call.h"
#include "kv/decimal.h"
#include "kv/integer.h"

namespace kv {
namespace {

constexpr absl::string_view kOverflow =
    "ERR increment or decrement would overflow";

void Add(Call& call, int64_t amount) {
  const StringValue* before = nullptr;
  if (!Look(call, call.args[0], before)) return;
  int64_t sum = 0;
  if (before != nullptr) {
    const auto value = IntegerArg(call, before->text());
    if (!value.has_value()) return;
    sum = *value;
  }
  if (__builtin_add_overflow(sum, amount, &sum)) {
    return call.reply.Error(kOverflow);
  }
  Edit<StringValue> value(call, call.args[0]);
  value->Assign(absl::AlphaNum(sum).Piece());
  call.reply.Integer(sum);
}

void Incr(Call& call) { Add(call, 1); }
void Decr(Call& call) { Add(call, -1); }

void IncrBy(Call& call) {
  const auto amount = IntegerArg(call, call.args[1]);
  if (amount.has_value()) Add(call, *amount);
}

void DecrBy(Call& call) {
  const auto amount = IntegerArg(call, call.args[1]);
  if (!amount.has_value()) return;
  if (*amount == INT64_MIN) {
    return call.reply.Error("ERR decrement would overflow");
  }
  Add(call, -*amount);
}

void IncrByFloat(Call& call) {
  const StringValue* before = nullptr;
  if (!Look(call, call.args[0], before)) return;
  const auto sum = AddDecimals(
      call, before == nullptr ? absl::string_view("0") : before->text(),
      call.args[1]);
  if (!sum.has_value()) return;
  Edit<StringValue> value(call, call.args[0]);
  value->Assign(*sum);
  call.reply.Text(*sum);
}

constexpr CommandRow kRows[] = {
    {Operation::kIncr, "incr", 2, "write denyoom fast", 1, 1, 1, Incr},
    {Operation::kDecr, "decr", 2, "write denyoom fast", 1, 1, 1, Decr},
    {Operation::kIncrement, "incrby", 3, "write denyoom fast", 1, 1, 1, IncrBy},
    {Operation::kDecrBy, "decrby", 3, "write denyoom fast", 1, 1, 1, DecrBy},
    {Operation::kIncrByFloat, "incrbyfloat", 3, "write denyoom fast", 1, 1, 1,
     IncrByFloat},
};

}  // namespace

std::optional<std::string> AddDecimals(Call& call, absl::string_view before,
                                       absl::string_view amount,
                                       absl::string_view not_a_float) {
  const std::optional<Decimal> a = Decimal::Parse(before);
  if (!a.has_value()) {
    call.reply.Error(not_a_float);
    return std::nullopt;
  }
  const std::optional<Decimal> b = Decimal::Parse(amount);
  if (!b.has_value()) {
    const absl::string_view word =
        absl::StripPrefix(absl::StripPrefix(amount, "-"), "+");
    const bool infinite = SameWord(word, "inf") || SameWord(word, "infinity");
    call.reply.Error(infinite ? "ERR increment would produce NaN or Infinity"
                              : kNotAFloat);
    return std::nullopt;
  }
  return a->Plus(*b).ToString();
}

std::span<const CommandRow> CounterCommands() { return kRows; }

}  // namespace kv
