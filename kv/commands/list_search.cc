#include "kv/commands/list_search.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kv/commands/reply_bound.h"

namespace kv {
namespace {

// The places of items that equal `text`: at most `count_max`, after `skip` of
// them have been passed over, among the first `items_max` items. `backward`:
// all of this from the tail on.
struct Search {
  absl::string_view text;
  bool backward = false;
  uint64_t skip = 0;
  uint64_t count_max = UINT64_MAX;
  uint64_t items_max = UINT64_MAX;
};

std::vector<size_t> FindPlaces(Pace& pace, const ListValue& list,
                               Search search) {
  std::vector<size_t> places;
  const uint64_t size = list.size();
  const uint64_t end = std::min(search.items_max, size);
  for (uint64_t i = 0; i < end && places.size() < search.count_max; ++i) {
    pace.Step();
    const uint64_t place = search.backward ? size - 1 - i : i;
    if (list.At(place) != search.text) continue;
    if (search.skip > 0) {
      --search.skip;
    } else {
      places.push_back(place);
    }
  }
  return places;
}

// Which of equal items are meant: 1 the first, -1 the last, 2 the second.
struct Rank {
  bool backward = false;
  uint64_t skip = 0;
};

std::optional<Rank> RankArg(Call& call, absl::string_view text) {
  const auto rank = IntegerArg(
      call, text, -INT64_MAX, INT64_MAX,
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  if (!rank.has_value()) return std::nullopt;
  if (*rank == 0) {
    call.reply.Error(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
        "the second ... or use negative to start from the end of the list");
    return std::nullopt;
  }
  const int64_t distance = *rank < 0 ? -*rank : *rank;
  return Rank{.backward = *rank < 0,
              .skip = static_cast<uint64_t>(distance) - 1};
}

// A number of which 0 says: all. UINT64_MAX, then.
std::optional<uint64_t> LimitArg(Call& call, absl::string_view text,
                                 absl::string_view error) {
  const auto limit = IntegerFromArg(call, text, 0, error);
  if (!limit.has_value()) return std::nullopt;
  return *limit == 0 ? UINT64_MAX : static_cast<uint64_t>(*limit);
}

struct PositionOptions {
  Rank rank;
  std::optional<uint64_t> count;  // Nothing: the reply is no array.
  uint64_t items_max = UINT64_MAX;
};

// False: the call has been answered.
bool ParsePositionOptions(Call& call, PositionOptions& options) {
  for (size_t i = 2; i < call.args.size(); i += 2) {
    const absl::string_view word = call.args[i];
    if (i + 1 == call.args.size()) {
      call.reply.Error(kSyntaxError);
      return false;
    }
    const absl::string_view value = call.args[i + 1];
    if (SameWord(word, "RANK")) {
      const auto rank = RankArg(call, value);
      if (!rank.has_value()) return false;
      options.rank = *rank;
    } else if (SameWord(word, "COUNT")) {
      options.count = LimitArg(call, value, "ERR COUNT can't be negative");
      if (!options.count.has_value()) return false;
    } else if (SameWord(word, "MAXLEN")) {
      const auto limit = LimitArg(call, value, "ERR MAXLEN can't be negative");
      if (!limit.has_value()) return false;
      options.items_max = *limit;
    } else {
      call.reply.Error(kSyntaxError);
      return false;
    }
  }
  return true;
}

}  // namespace

void LPos(Call& call) {
  PositionOptions options;
  if (!ParsePositionOptions(call, options)) return;
  const ListValue* list = nullptr;
  if (!Look(call, call.args[0], list)) return;
  std::vector<size_t> places;
  if (list != nullptr) {
    places = FindPlaces(call.pace, *list,
                        {.text = call.args[1],
                         .backward = options.rank.backward,
                         .skip = options.rank.skip,
                         .count_max = options.count.value_or(1),
                         .items_max = options.items_max});
  }
  if (!options.count.has_value()) {
    if (places.empty()) return call.reply.Nil();
    return call.reply.Integer(ToInteger(places[0]));
  }
  const ReplyBound bound(call.reply);
  call.reply.Array(places.size());
  for (const size_t place : places) {
    if (bound.full()) return;
    call.pace.Step();
    call.reply.Integer(ToInteger(place));
  }
}

void LRem(Call& call) {
  const auto count = IntegerArg(call, call.args[1]);
  if (!count.has_value()) return;
  Edit<ListValue> list(call, call.args[0]);
  if (!list.ok()) return;
  const bool backward = *count < 0;
  // Without an overflow where there is no positive twin.
  const uint64_t distance = backward
                                ? uint64_t{0} - static_cast<uint64_t>(*count)
                                : static_cast<uint64_t>(*count);
  std::vector<size_t> places =
      FindPlaces(call.pace, *list,
                 {.text = call.args[2],
                  .backward = backward,
                  .count_max = distance == 0 ? UINT64_MAX : distance});
  call.reply.Integer(ToInteger(places.size()));
  if (places.empty()) return;
  // One costs its distance from the nearer end; more are done in one go.
  if (places.size() == 1) return list->Remove(places[0], call.pace.steps());
  if (backward) std::reverse(places.begin(), places.end());
  auto next = places.begin();
  const auto keep = [&](size_t place) {
    if (next == places.end() || *next != place) return true;
    ++next;
    return false;
  };
  list->Filter(keep, call.pace.steps());
}

void LInsert(Call& call) {
  const bool behind = SameWord(call.args[1], "AFTER");
  if (!behind && !SameWord(call.args[1], "BEFORE")) {
    return call.reply.Error(kSyntaxError);
  }
  Edit<ListValue> list(call, call.args[0]);
  if (!list.ok()) return;
  if (!list.existed()) return call.reply.Integer(0);
  const std::vector<size_t> places =
      FindPlaces(call.pace, *list, {.text = call.args[2], .count_max = 1});
  if (places.empty()) return call.reply.Integer(-1);
  list->Insert(places[0] + (behind ? 1 : 0), call.args[3], call.pace.steps());
  call.reply.Integer(ToInteger(list->size()));
}

}  // namespace kv
