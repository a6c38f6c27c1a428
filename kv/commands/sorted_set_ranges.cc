// Parts of a sorted set: counted, read, stored elsewhere or removed.

#include <algorithm>
#include <optional>

#include "kv/commands/call.h"
#include "kv/commands/reply_bound.h"
#include "kv/commands/sorted_set_range.h"

namespace kv {
namespace {

using Item = SortedSetValue::Item;

// ---- ZRANGE and its relatives.

// What a command says already by its name.
struct RangeForm {
  bool store = false;  // The destination stands first.
  bool named = true;   // Neither BYSCORE, BYLEX nor REV may follow.
  bool reverse = false;
  RangeBy by = RangeBy::kRank;
};

struct RangeOptions {
  RangeBy by = RangeBy::kRank;
  bool reverse = false;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // Negative: none.
};

// What stands from args[first] on. Nothing: the call has been answered.
std::optional<RangeOptions> ParseRangeOptions(Call& call, const RangeForm& form,
                                              size_t first) {
  RangeOptions options{.by = form.by, .reverse = form.reverse};
  // Once said, it may not be said again.
  bool by_is_open = !form.named;
  bool direction_is_open = !form.named;
  for (size_t i = first; i < call.args.size(); ++i) {
    const absl::string_view word = call.args[i];
    if (!form.store && SameWord(word, "WITHSCORES")) {
      options.with_scores = true;
    } else if (SameWord(word, "LIMIT") && i + 2 < call.args.size()) {
      const auto offset = IntegerArg(call, call.args[++i]);
      if (!offset.has_value()) return std::nullopt;
      const auto limit = IntegerArg(call, call.args[++i]);
      if (!limit.has_value()) return std::nullopt;
      options.offset = *offset;
      options.limit = *limit;
    } else if (direction_is_open && SameWord(word, "REV")) {
      options.reverse = true;
      direction_is_open = false;
    } else if (by_is_open && SameWord(word, "BYLEX")) {
      options.by = RangeBy::kMember;
      by_is_open = false;
    } else if (by_is_open && SameWord(word, "BYSCORE")) {
      options.by = RangeBy::kScore;
      by_is_open = false;
    } else {
      call.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  if (options.limit != -1 && options.by == RangeBy::kRank) {
    call.reply.Error(
        "ERR syntax error, LIMIT is only supported in combination with either "
        "BYSCORE or BYLEX");
    return std::nullopt;
  }
  if (options.with_scores && options.by == RangeBy::kMember) {
    call.reply.Error(
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return std::nullopt;
  }
  return options;
}

// What is left of `span` when the first `offset` items of the walk are passed,
// and at most `limit` are taken.
RankSpan Limit(const RankSpan& span, const RangeOptions& options) {
  if (options.by == RangeBy::kRank) return span;
  // Redis walks off the end then.
  if (options.offset < 0) return {};
  RankSpan left = span;
  const size_t passed =
      std::min(static_cast<size_t>(options.offset), span.count);
  left.count -= passed;
  if (!options.reverse) left.first += passed;
  if (options.limit < 0) return left;
  const size_t kept = std::min(static_cast<size_t>(options.limit), left.count);
  if (options.reverse) left.first += left.count - kept;
  left.count = kept;
  return left;
}

RankSpan Select(const SortedSetValue& set, const SortedSetRange& range,
                const RangeOptions& options) {
  RankSpan span = SpanOf(set, range);
  if (options.by == RangeBy::kRank && options.reverse) {
    // Those ranks count from the other end.
    span.first = set.size() - (span.first + span.count);
  }
  return Limit(span, options);
}

// Both ends of a range: what it costs to find them.
size_t StepsToResolve(const SortedSetValue& set) {
  return 2 * set.rank_steps();
}

void AnswerRange(Call& call, const SortedSetValue& set, const RankSpan& span,
                 const RangeOptions& options) {
  const bool scores = options.with_scores;
  const ReplyBound bound(call.reply);
  scores ? call.reply.Pairs(span.count) : call.reply.Array(span.count);
  const auto visit = [&](const Item& item) {
    call.pace.StepOver(item.member.size());
    if (bound.full()) return;
    call.reply.Text(item.member);
    if (scores) call.reply.Double(item.score);
  };
  if (options.reverse && span.count > 0) {
    set.WalkBack(span.first + span.count - 1, span.count, visit);
  } else {
    set.Walk(span.first, span.count, visit);
  }
}

void StoreRange(Call& call, const SortedSetValue* set, const RankSpan& span) {
  const absl::string_view destination = call.args[0];
  call.reply.Integer(ToInteger(span.count));
  if (span.count == 0) {
    call.keys.Remove(destination);
    return;
  }
  SortedSetValue result;
  set->Walk(span.first, span.count, [&](const Item& item) {
    call.pace.Step(4);
    result.Set(item.member, item.score);
  });
  call.keys.Put(destination, Value(std::move(result)));
}

void Range(Call& call, const RangeForm& form) {
  const size_t key = form.store ? 1 : 0;
  const auto options = ParseRangeOptions(call, form, key + 3);
  if (!options.has_value()) return;
  const bool swapped = options->reverse && options->by != RangeBy::kRank;
  const auto range =
      RangeArg(call, options->by, call.args[key + (swapped ? 2 : 1)],
               call.args[key + (swapped ? 1 : 2)]);
  if (!range.has_value()) return;
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[key], set)) return;
  if (set != nullptr) call.pace.Step(StepsToResolve(*set));
  const RankSpan span =
      set == nullptr ? RankSpan() : Select(*set, *range, *options);
  if (form.store) return StoreRange(call, set, span);
  if (set == nullptr) return call.reply.Array(0);
  AnswerRange(call, *set, span, *options);
}

void ZRange(Call& call) { Range(call, {.named = false}); }
void ZRangeStore(Call& call) { Range(call, {.store = true, .named = false}); }
void ZRevRange(Call& call) { Range(call, {.reverse = true}); }
void ZRangeByScore(Call& call) { Range(call, {.by = RangeBy::kScore}); }
void ZRevRangeByScore(Call& call) {
  Range(call, {.reverse = true, .by = RangeBy::kScore});
}
void ZRangeByLex(Call& call) { Range(call, {.by = RangeBy::kMember}); }
void ZRevRangeByLex(Call& call) {
  Range(call, {.reverse = true, .by = RangeBy::kMember});
}

// ---- Counting and removing.

void Count(Call& call, RangeBy by) {
  const auto range = RangeArg(call, by, call.args[1], call.args[2]);
  if (!range.has_value()) return;
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set != nullptr) call.pace.Step(StepsToResolve(*set));
  call.reply.Integer(set == nullptr ? 0
                                    : ToInteger(SpanOf(*set, *range).count));
}

void Remove(Call& call, RangeBy by) {
  const auto range = RangeArg(call, by, call.args[1], call.args[2]);
  if (!range.has_value()) return;
  Edit<SortedSetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  call.pace.Step(StepsToResolve(*set));
  const RankSpan span = SpanOf(*set, *range);
  set->RemoveRange(span.first, span.count, call.pace.steps());
  call.reply.Integer(ToInteger(span.count));
}

void ZCount(Call& call) { Count(call, RangeBy::kScore); }
void ZLexCount(Call& call) { Count(call, RangeBy::kMember); }
void ZRemRangeByRank(Call& call) { Remove(call, RangeBy::kRank); }
void ZRemRangeByScore(Call& call) { Remove(call, RangeBy::kScore); }
void ZRemRangeByLex(Call& call) { Remove(call, RangeBy::kMember); }

constexpr CommandRow kRows[] = {
    {Operation::kZRange, "zrange", -4, "readonly", 1, 1, 1, ZRange},
    {Operation::kZRevRange, "zrevrange", -4, "readonly", 1, 1, 1, ZRevRange},
    {Operation::kZRangeByScore, "zrangebyscore", -4, "readonly", 1, 1, 1,
     ZRangeByScore},
    {Operation::kZRevRangeByScore, "zrevrangebyscore", -4, "readonly", 1, 1, 1,
     ZRevRangeByScore},
    {Operation::kZRangeByLex, "zrangebylex", -4, "readonly", 1, 1, 1,
     ZRangeByLex},
    {Operation::kZRevRangeByLex, "zrevrangebylex", -4, "readonly", 1, 1, 1,
     ZRevRangeByLex},
    {Operation::kZRangeStore, "zrangestore", -5, "write denyoom", 1, 2, 1,
     ZRangeStore},
    {Operation::kZCount, "zcount", 4, "readonly fast", 1, 1, 1, ZCount},
    {Operation::kZLexCount, "zlexcount", 4, "readonly fast", 1, 1, 1,
     ZLexCount},
    {Operation::kZRemRangeByRank, "zremrangebyrank", 4, "write", 1, 1, 1,
     ZRemRangeByRank},
    {Operation::kZRemRangeByScore, "zremrangebyscore", 4, "write", 1, 1, 1,
     ZRemRangeByScore},
    {Operation::kZRemRangeByLex, "zremrangebylex", 4, "write", 1, 1, 1,
     ZRemRangeByLex},
};

}  // namespace

std::span<const CommandRow> SortedSetRangeCommands() { return kRows; }

}  // namespace kv
