// Parts of a sorted set as commands describe them: by rank, by score, or by
// member. All become ranks, so that what is done with them is the same.

#ifndef KV_COMMANDS_SORTED_SET_RANGE_H_
#define KV_COMMANDS_SORTED_SET_RANGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/strings/string_view.h"

#include "kv/commands/call.h"
#include "kv/values/sorted_set_value.h"

namespace kv {

enum class RangeBy : uint8_t { kRank, kScore, kMember };

// Both ends included; negative: counted from the end.
struct RankRange {
  int64_t first = 0;
  int64_t last = 0;
};

struct ScoreBound {
  double score = 0;
  bool open = false;  // "(5": five itself lies outside.
};
struct ScoreRange {
  ScoreBound min;
  ScoreBound max;
};

// Meant for sets whose scores are all the same.
struct MemberBound {
  enum class Kind : uint8_t { kBeforeAll, kMember, kBehindAll };
  Kind kind = Kind::kMember;
  absl::string_view member = {};  // kMember only.
  bool open = false;
};
struct MemberRange {
  MemberBound min;
  MemberBound max;
};

using SortedSetRange = std::variant<RankRange, ScoreRange, MemberRange>;

// Nothing: these are no such bounds, and the call has been answered so.
std::optional<SortedSetRange> RangeArg(Call& call, RangeBy by,
                                       absl::string_view min,
                                       absl::string_view max);

// `count` items from the rank `first` on.
struct RankSpan {
  size_t first = 0;
  size_t count = 0;
};

RankSpan SpanOf(const SortedSetValue& set, const SortedSetRange& range);

}  // namespace kv

#endif  // KV_COMMANDS_SORTED_SET_RANGE_H_
