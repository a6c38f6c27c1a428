// Members of a sorted set that the asker does not name: the lowest, the
// highest, any.

#include <algorithm>
#include <string>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/reply_bound.h"
#include "kv/commands/sample.h"
#include "kv/commands/sorted_set_range.h"

namespace kv {
namespace {

using Item = SortedSetValue::Item;

enum class Extreme : uint8_t { kMin, kMax };

// `count` of the lowest or highest, or all.
RankSpan SpanOf(const SortedSetValue& set, Extreme end, int64_t count) {
  const size_t taken = std::min(static_cast<size_t>(count), set.size());
  return {.first = end == Extreme::kMin ? 0 : set.size() - taken,
          .count = taken};
}

// From the end inwards.
template <class Visit>
void Walk(const SortedSetValue& set, Extreme end, const RankSpan& span,
          Visit&& visit) {
  if (end == Extreme::kMin) {
    set.Walk(span.first, span.count, visit);
  } else if (span.count > 0) {
    set.WalkBack(span.first + span.count - 1, span.count, visit);
  }
}

// What the items weigh in a reply, at most.
size_t ReplyBytes(Pace& pace, const SortedSetValue& set, const RankSpan& span) {
  size_t bytes = 0;
  set.Walk(span.first, span.count, [&](const Item& item) {
    pace.Step();
    bytes += TextReplyBytes(item.member) + kDoubleReplyBytes;
  });
  return bytes;
}

void Pop(Call& call, Extreme end) {
  if (call.args.size() > 2) return call.reply.Error(kSyntaxError);
  const bool counted = call.args.size() == 2;
  int64_t count = 1;
  if (counted) {
    const auto number = IntegerFromArg(call, call.args[1], 0, kNotPositive);
    if (!number.has_value()) return;
    count = *number;
  }
  Edit<SortedSetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  const RankSpan span = SpanOf(*set, end, count);
  if (span.count == 0) return call.reply.Array(0);
  if (!ReplyFits(call, ReplyBytes(call.pace, *set, span), span.count)) return;
  // Without a count it is flat in every version of the protocol.
  counted ? call.reply.Pairs(span.count) : call.reply.Array(2);
  Walk(*set, end, span, [&](const Item& item) {
    call.pace.StepOver(item.member.size());
    call.reply.Text(item.member);
    call.reply.Double(item.score);
  });
  set->RemoveRange(span.first, span.count, call.pace.steps());
}

void ZPopMin(Call& call) { Pop(call, Extreme::kMin); }
void ZPopMax(Call& call) { Pop(call, Extreme::kMax); }

void PopFrom(Call& call, absl::string_view key, Extreme end, int64_t count) {
  Edit<SortedSetValue> set(call, key);
  const RankSpan span = SpanOf(*set, end, count);
  const size_t bytes = TextReplyBytes(key) + ReplyBytes(call.pace, *set, span);
  if (!ReplyFits(call, bytes, span.count)) return;
  call.reply.Array(2);
  call.reply.Text(key);
  call.reply.Array(span.count);
  Walk(*set, end, span, [&](const Item& item) {
    call.pace.StepOver(item.member.size());
    call.reply.Array(2);
    call.reply.Text(item.member);
    call.reply.Double(item.score);
  });
  set->RemoveRange(span.first, span.count, call.pace.steps());
}

void ZMPop(Call& call) {
  const auto number = IntegerFromArg(call, call.args[0], 1,
                                     "ERR numkeys should be greater than 0");
  if (!number.has_value()) return;
  const auto rest = call.args.subspan(1);
  if (*number >= ToInteger(rest.size())) return call.reply.Error(kSyntaxError);
  const auto keys = rest.subspan(0, static_cast<size_t>(*number));
  const auto options = rest.subspan(keys.size());
  const bool max = SameWord(options[0], "MAX");
  const bool known = max || SameWord(options[0], "MIN");
  if (!known) return call.reply.Error(kSyntaxError);
  int64_t count = 1;
  if (options.size() > 1) {
    if (!SameWord(options[1], "COUNT") || options.size() == 2) {
      return call.reply.Error(kSyntaxError);
    }
    const auto wanted = IntegerFromArg(call, options[2], 1,
                                       "ERR count should be greater than 0");
    if (!wanted.has_value()) return;
    count = *wanted;
    if (options.size() > 3) return call.reply.Error(kSyntaxError);
  }
  for (const absl::string_view key : keys) {
    const SortedSetValue* set = nullptr;
    if (!Look(call, key, set)) return;
    if (set == nullptr) continue;
    return PopFrom(call, key, max ? Extreme::kMax : Extreme::kMin, count);
  }
  call.reply.NullArray();
}

// Members as often as they come.
void PickRepeatedly(Call& call, const SortedSetValue& set, size_t count,
                    bool with_scores) {
  const ReplyBound bound(call.reply);
  with_scores ? call.reply.Pairs(count) : call.reply.Array(count);
  SampleRepeatedly(call, set.members(), count, [&](const auto& item) {
    call.pace.StepOver(item.key.size());
    call.reply.Text(item.key);
    if (with_scores) call.reply.Double(item.value);
    return !bound.full();
  });
}

void ZRandMember(Call& call) {
  const SortedSetValue* set = nullptr;
  if (call.args.size() == 1) {
    if (!Look(call, call.args[0], set)) return;
    if (set == nullptr) return call.reply.Nil();
    return call.reply.Text(set->members().Pick(call.dice)->key);
  }
  const auto count = SampleSizeArg(call, call.args[1]);
  if (!count.has_value()) return;
  const bool with_scores = call.args.size() > 2;
  if (with_scores &&
      (call.args.size() > 3 || !SameWord(call.args[2], "WITHSCORES"))) {
    return call.reply.Error(kSyntaxError);
  }
  if (with_scores && (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2)) {
    return call.reply.Error("ERR value is out of range");
  }
  if (!Look(call, call.args[0], set)) return;
  if (set == nullptr || *count == 0) return call.reply.Array(0);
  if (*count < 0) {
    return PickRepeatedly(call, *set, static_cast<size_t>(-*count),
                          with_scores);
  }
  const size_t wanted = std::min(static_cast<size_t>(*count), set->size());
  const ReplyBound bound(call.reply);
  with_scores ? call.reply.Pairs(wanted) : call.reply.Array(wanted);
  for (const auto& it : SampleDistinct(call, set->members(), wanted)) {
    if (bound.full()) return;
    call.pace.StepOver(it->key.size());
    call.reply.Text(it->key);
    if (with_scores) call.reply.Double(it->value);
  }
}

constexpr CommandRow kRows[] = {
    {Operation::kZPopMin, "zpopmin", -2, "write fast", 1, 1, 1, ZPopMin},
    {Operation::kZPopMax, "zpopmax", -2, "write fast", 1, 1, 1, ZPopMax},
    {Operation::kZMPop, "zmpop", -4, "write movablekeys", 0, 0, 0, ZMPop},
    {Operation::kZRandMember, "zrandmember", -2, "readonly", 1, 1, 1,
     ZRandMember, true},
};

}  // namespace

std::span<const CommandRow> SortedSetPopCommands() { return kRows; }

}  // namespace kv
