// Lists, without the forms that wait. What looks for an item is in
// list_search.cc.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kv/commands/call.h"
#include "kv/commands/list_search.h"
#include "kv/commands/reply_bound.h"

namespace kv {
namespace {

using End = ListValue::End;

// ---- Pushing.

void Push(Call& call, End end, bool only_if_present) {
  Edit<ListValue> list(call, call.args[0]);
  if (!list.ok()) return;
  if (only_if_present && !list.existed()) return call.reply.Integer(0);
  for (const absl::string_view text : call.args.subspan(1)) {
    call.pace.Step();
    list->Push(end, text);
  }
  call.reply.Integer(ToInteger(list->size()));
}

void LPush(Call& call) { Push(call, End::kHead, false); }
void RPush(Call& call) { Push(call, End::kTail, false); }
void LPushX(Call& call) { Push(call, End::kHead, true); }
void RPushX(Call& call) { Push(call, End::kTail, true); }

// ---- Popping.

// At most `count_max` items, as an array that may stand behind a key.
void PopMany(Call& call, absl::string_view key, End end, int64_t count_max,
             bool with_key) {
  Edit<ListValue> list(call, key);
  const size_t size = list->size();
  const size_t count = std::min(static_cast<size_t>(count_max), size);
  size_t bytes = TextReplyBytes(key);
  for (size_t i = 0; i < count && bytes <= kReplyBytesMax; ++i) {
    call.pace.Step();
    bytes += TextReplyBytes(list->At(end == End::kHead ? i : size - 1 - i));
  }
  if (!ReplyFits(call, bytes, count)) return;
  if (with_key) {
    call.reply.Array(2);
    call.reply.Text(key);
  }
  call.reply.Array(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string text = list->Pop(end);
    call.pace.StepOver(text.size());
    call.reply.Text(text);
  }
}

void Pop(Call& call, End end) {
  const bool many = call.args.size() > 1;
  if (call.args.size() > 2) return AnswerWrongArity(call);
  std::optional<int64_t> count_max;
  if (many) {
    count_max = IntegerFromArg(call, call.args[1], 0, kNotPositive);
    if (!count_max.has_value()) return;
  }
  const ListValue* found = nullptr;
  if (!Look(call, call.args[0], found)) return;
  if (found == nullptr) {
    return many ? call.reply.NullArray() : call.reply.Nil();
  }
  if (many) return PopMany(call, call.args[0], end, *count_max, false);
  Edit<ListValue> list(call, call.args[0]);
  call.reply.Text(list->Pop(end));
}

void LPop(Call& call) { Pop(call, End::kHead); }
void RPop(Call& call) { Pop(call, End::kTail); }

std::optional<End> EndArg(Call& call, absl::string_view text) {
  if (SameWord(text, "LEFT")) return End::kHead;
  if (SameWord(text, "RIGHT")) return End::kTail;
  call.reply.Error(kSyntaxError);
  return std::nullopt;
}

struct MultiPop {
  std::span<const absl::string_view> keys;
  End end = End::kHead;
  int64_t count_max = 1;
};

// numkeys key... LEFT|RIGHT [COUNT count]. Nothing: the call has been answered.
std::optional<MultiPop> ParseMultiPop(Call& call) {
  MultiPop pop;
  const auto keys = IntegerFromArg(call, call.args[0], 1,
                                   "ERR numkeys should be greater than 0");
  if (!keys.has_value()) return std::nullopt;
  if (*keys >= ToInteger(call.args.size()) - 1) {
    call.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  pop.keys = call.args.subspan(1, static_cast<size_t>(*keys));
  const auto options = call.args.subspan(1 + pop.keys.size());
  const auto end = EndArg(call, options[0]);
  if (!end.has_value()) return std::nullopt;
  pop.end = *end;
  if (options.size() == 1) return pop;
  if (options.size() != 3 || !SameWord(options[1], "COUNT")) {
    call.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  const auto count =
      IntegerFromArg(call, options[2], 1, "ERR count should be greater than 0");
  if (!count.has_value()) return std::nullopt;
  pop.count_max = *count;
  return pop;
}

void LMPop(Call& call) {
  const std::optional<MultiPop> pop = ParseMultiPop(call);
  if (!pop.has_value()) return;
  for (const absl::string_view key : pop->keys) {
    const ListValue* list = nullptr;
    if (!Look(call, key, list)) return;
    if (list == nullptr) continue;
    return PopMany(call, key, pop->end, pop->count_max, true);
  }
  call.reply.NullArray();
}

// ---- From one list to another, or around in one.

void Move(Call& call, End from_end, End to_end) {
  const absl::string_view from = call.args[0];
  const absl::string_view to = call.args[1];
  const ListValue* source = nullptr;
  if (!Look(call, from, source)) return;
  if (source == nullptr) return call.reply.Nil();
  const ListValue* target = nullptr;
  if (!Look(call, to, target)) return;
  Edit<ListValue> list(call, from);
  const std::string text = list->Pop(from_end);
  call.reply.Text(text);
  if (from == to) return list->Push(to_end, text);
  Edit<ListValue> other(call, to);
  other->Push(to_end, text);
}

void LMove(Call& call) {
  const auto from_end = EndArg(call, call.args[2]);
  if (!from_end.has_value()) return;
  const auto to_end = EndArg(call, call.args[3]);
  if (!to_end.has_value()) return;
  Move(call, *from_end, *to_end);
}

void RPopLPush(Call& call) { Move(call, End::kTail, End::kHead); }

// ---- By place.

void LLen(Call& call) {
  const ListValue* list = nullptr;
  if (!Look(call, call.args[0], list)) return;
  call.reply.Integer(list == nullptr ? 0 : ToInteger(list->size()));
}

// Places count from the tail if negative: -1 is the last. Nothing: there is no
// such place.
std::optional<size_t> PlaceOf(int64_t index, size_t size) {
  const int64_t place = index < 0 ? index + ToInteger(size) : index;
  if (place < 0 || place >= ToInteger(size)) return std::nullopt;
  return static_cast<size_t>(place);
}

void LIndex(Call& call) {
  const ListValue* list = nullptr;
  if (!Look(call, call.args[0], list)) return;
  if (list == nullptr) return call.reply.Nil();
  const auto index = IntegerArg(call, call.args[1]);
  if (!index.has_value()) return;
  const auto place = PlaceOf(*index, list->size());
  place.has_value() ? call.reply.Text(list->At(*place)) : call.reply.Nil();
}

void LSet(Call& call) {
  const ListValue* found = nullptr;
  if (!Look(call, call.args[0], found)) return;
  if (found == nullptr) return call.reply.Error(kNoSuchKey);
  const auto index = IntegerArg(call, call.args[1]);
  if (!index.has_value()) return;
  const auto place = PlaceOf(*index, found->size());
  if (!place.has_value()) return call.reply.Error(kOutOfRange);
  Edit<ListValue> list(call, call.args[0]);
  list->Set(*place, call.args[2]);
  call.reply.Ok();
}

// [begin, end) of a list.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

struct RangeArgs {
  int64_t first = 0;
  int64_t last = 0;

  // What of it there is in a list of that size.
  Range Within(size_t size) const {
    const int64_t count = ToInteger(size);
    const int64_t begin =
        std::max<int64_t>(first < 0 ? first + count : first, 0);
    const int64_t end = std::min(last < 0 ? last + count : last, count - 1) + 1;
    if (begin >= end) return {};
    return {static_cast<size_t>(begin), static_cast<size_t>(end)};
  }
};

std::optional<RangeArgs> ParseRange(Call& call) {
  const auto first = IntegerArg(call, call.args[1]);
  if (!first.has_value()) return std::nullopt;
  const auto last = IntegerArg(call, call.args[2]);
  if (!last.has_value()) return std::nullopt;
  return RangeArgs{*first, *last};
}

void LRange(Call& call) {
  const auto args = ParseRange(call);
  if (!args.has_value()) return;
  const ListValue* list = nullptr;
  if (!Look(call, call.args[0], list)) return;
  if (list == nullptr) return call.reply.Array(0);
  const Range range = args->Within(list->size());
  const ReplyBound bound(call.reply);
  call.reply.Array(range.end - range.begin);
  for (size_t place = range.begin; place < range.end; ++place) {
    if (bound.full()) return;
    call.pace.StepOver(list->At(place).size());
    call.reply.Text(list->At(place));
  }
}

void LTrim(Call& call) {
  const auto args = ParseRange(call);
  if (!args.has_value()) return;
  Edit<ListValue> list(call, call.args[0]);
  if (!list.ok()) return;
  const Range range = args->Within(list->size());
  // It costs what it removes, and whoever pushed that has paid for it.
  const auto drop = [&](size_t count, End end) {
    for (; count > 0; --count) {
      call.pace.Step();
      list->Pop(end);
    }
  };
  drop(list->size() - range.end, End::kTail);
  drop(range.begin, End::kHead);
  call.reply.Ok();
}

constexpr CommandRow kRows[] = {
    {Operation::kLPush, "lpush", -3, "write denyoom fast", 1, 1, 1, LPush},
    {Operation::kRPush, "rpush", -3, "write denyoom fast", 1, 1, 1, RPush},
    {Operation::kLPushX, "lpushx", -3, "write denyoom fast", 1, 1, 1, LPushX},
    {Operation::kRPushX, "rpushx", -3, "write denyoom fast", 1, 1, 1, RPushX},
    {Operation::kLPop, "lpop", -2, "write fast", 1, 1, 1, LPop},
    {Operation::kRPop, "rpop", -2, "write fast", 1, 1, 1, RPop},
    {Operation::kLMPop, "lmpop", -4, "write movablekeys", 0, 0, 0, LMPop},
    {Operation::kLMove, "lmove", 5, "write denyoom", 1, 2, 1, LMove},
    {Operation::kRPopLPush, "rpoplpush", 3, "write denyoom", 1, 2, 1,
     RPopLPush},
    {Operation::kLLen, "llen", 2, "readonly fast", 1, 1, 1, LLen},
    {Operation::kLIndex, "lindex", 3, "readonly", 1, 1, 1, LIndex},
    {Operation::kLSet, "lset", 4, "write denyoom", 1, 1, 1, LSet},
    {Operation::kLRange, "lrange", 4, "readonly", 1, 1, 1, LRange},
    {Operation::kLTrim, "ltrim", 4, "write", 1, 1, 1, LTrim},
    {Operation::kLPos, "lpos", -3, "readonly", 1, 1, 1, LPos},
    {Operation::kLRem, "lrem", 4, "write", 1, 1, 1, LRem},
    {Operation::kLInsert, "linsert", 5, "write denyoom", 1, 1, 1, LInsert},
};

}  // namespace

std::span<const CommandRow> ListCommands() { return kRows; }

}  // namespace kv
