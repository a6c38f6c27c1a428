#include "kv/commands/sorted_set_range.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "kv/score.h"

namespace kv {
namespace {

using Item = SortedSetValue::Item;

// As Redis does, it takes blanks before a number, and nothing for zero.
std::optional<ScoreBound> ParseScoreBound(absl::string_view text) {
  ScoreBound bound;
  bound.open = absl::StartsWith(text, "(");
  if (bound.open) text.remove_prefix(1);
  if (text.empty()) return bound;
  const auto score = ParseScore(absl::StripLeadingAsciiWhitespace(text));
  if (!score.has_value()) return std::nullopt;
  bound.score = *score;
  return bound;
}

std::optional<MemberBound> ParseMemberBound(absl::string_view text) {
  using Kind = MemberBound::Kind;
  if (text == "-") return MemberBound{.kind = Kind::kBeforeAll};
  if (text == "+") return MemberBound{.kind = Kind::kBehindAll};
  const bool open = absl::StartsWith(text, "(");
  if (!open && !absl::StartsWith(text, "[")) return std::nullopt;
  return MemberBound{.member = text.substr(1), .open = open};
}

RankSpan Between(size_t begin, size_t end) {
  return {.first = begin, .count = end > begin ? end - begin : 0};
}

RankSpan Resolve(const SortedSetValue& set, const RankRange& range) {
  const int64_t size = ToInteger(set.size());
  const int64_t first =
      std::max<int64_t>(range.first < 0 ? range.first + size : range.first, 0);
  const int64_t last =
      std::min(range.last < 0 ? range.last + size : range.last, size - 1);
  if (first > last) return {};
  return {.first = static_cast<size_t>(first),
          .count = static_cast<size_t>(last - first + 1)};
}

RankSpan Resolve(const SortedSetValue& set, const ScoreRange& range) {
  const auto [min, max] = range;
  return Between(set.CountWhile([&](const Item& item) {
    return min.open ? item.score <= min.score : item.score < min.score;
  }),
                 set.CountWhile([&](const Item& item) {
                   return max.open ? item.score < max.score
                                   : item.score <= max.score;
                 }));
}

// How many items at the beginning satisfy `belongs`, which need not be monotone
// where scores differ: what the answer is then, nobody promises, but it must be
// the same for the same set, however it came to be. So it is found by ranks,
// which are the set's, and not by blocks, which are its history's.
template <class Predicate>
size_t CountWhile(const SortedSetValue& set, Predicate&& belongs) {
  if (set.size() == 0) return 0;
  if (set.At(0).score == set.At(set.size() - 1).score) {
    return set.CountWhile(belongs);
  }
  size_t low = 0;
  size_t high = set.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (belongs(set.At(middle))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// How many items come before `bound`; with those that equal it, or without.
size_t CountBefore(const SortedSetValue& set, const MemberBound& bound,
                   bool with_equal) {
  if (bound.kind == MemberBound::Kind::kBeforeAll) return 0;
  if (bound.kind == MemberBound::Kind::kBehindAll) return set.size();
  return CountWhile(set, [&](const Item& item) {
    const absl::string_view member = item.member;
    return with_equal ? member <= bound.member : member < bound.member;
  });
}

RankSpan Resolve(const SortedSetValue& set, const MemberRange& range) {
  return Between(CountBefore(set, range.min, range.min.open),
                 CountBefore(set, range.max, !range.max.open));
}

}  // namespace

std::optional<SortedSetRange> RangeArg(Call& call, RangeBy by,
                                       absl::string_view min,
                                       absl::string_view max) {
  if (by == RangeBy::kRank) {
    const auto first = IntegerArg(call, min);
    if (!first.has_value()) return std::nullopt;
    const auto last = IntegerArg(call, max);
    if (!last.has_value()) return std::nullopt;
    return RankRange{.first = *first, .last = *last};
  }
  if (by == RangeBy::kScore) {
    const auto low = ParseScoreBound(min);
    const auto high = ParseScoreBound(max);
    if (low.has_value() && high.has_value()) {
      return ScoreRange{.min = *low, .max = *high};
    }
    call.reply.Error("ERR min or max is not a float");
    return std::nullopt;
  }
  const auto low = ParseMemberBound(min);
  const auto high = ParseMemberBound(max);
  if (low.has_value() && high.has_value()) {
    return MemberRange{.min = *low, .max = *high};
  }
  call.reply.Error("ERR min or max not valid string range item");
  return std::nullopt;
}

RankSpan SpanOf(const SortedSetValue& set, const SortedSetRange& range) {
  return std::visit([&](const auto& kind) { return Resolve(set, kind); },
                    range);
}

}  // namespace kv
