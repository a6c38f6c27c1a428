// What is made of several sets: intersections, unions and differences.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/merge.h"
#include "kv/commands/reply_bound.h"

namespace kv {
namespace {

using Keys = std::span<const absl::string_view>;
using Sets = std::vector<const SetValue*>;
using Member = SetValue::Members::Item;
// In the order of hashes; valid until one of the sets is changed.
using Found = std::vector<const Member*>;

// Those at `keys`; null where there is none. Nothing: one of them is no set,
// and the call has been answered so.
std::optional<Sets> LookAtAll(Call& call, Keys keys) {
  Sets sets;
  for (const absl::string_view key : keys) {
    call.pace.Step();
    const SetValue* set = nullptr;
    if (!Look(call, key, set)) return std::nullopt;
    sets.push_back(set);
  }
  return sets;
}

// Visits what is in all of them, until visit(member) says false.
template <class Visit>
void VisitIntersection(Pace& pace, Sets sets, Visit&& visit) {
  if (std::find(sets.begin(), sets.end(), nullptr) != sets.end()) return;
  std::stable_sort(sets.begin(), sets.end(),
                   [](const SetValue* a, const SetValue* b) {
                     return a->size() < b->size();
                   });
  for (const Member& member : sets[0]->members()) {
    pace.Step(sets.size());
    const bool in_all = std::all_of(
        sets.begin() + 1, sets.end(),
        [&](const SetValue* set) { return set->Contains(member.key); });
    if (in_all && !visit(member)) return;
  }
}

Found Intersection(Pace& pace, const Sets& sets) {
  Found found;
  VisitIntersection(pace, sets, [&](const Member& member) {
    found.push_back(&member);
    return true;
  });
  return found;
}

class Cursor {
 public:
  explicit Cursor(const SetValue& set)
      : at_(set.members().begin()), end_(set.members().end()) {}
  bool done() const { return at_ == end_; }
  uint64_t order() const { return at_.order(); }
  absl::string_view key() const { return at_->key; }
  const Member& member() const { return *at_; }
  void Next() { ++at_; }

 private:
  SetValue::Members::const_iterator at_;
  SetValue::Members::const_iterator end_;
};

Found Union(Pace& pace, const Sets& sets) {
  std::vector<Cursor> cursors;
  for (const SetValue* set : sets) {
    pace.Step();
    if (set != nullptr) cursors.emplace_back(*set);
  }
  Found found;
  MergeByHash(pace, std::move(cursors), [&](const Cursor& cursor) {
    if (found.empty() || found.back()->key != cursor.key()) {
      found.push_back(&cursor.member());
    }
  });
  return found;
}

Found Difference(Pace& pace, const Sets& sets) {
  Found found;
  if (sets[0] == nullptr) return found;
  for (const Member& member : sets[0]->members()) {
    pace.Step(sets.size());
    const bool in_another =
        std::any_of(sets.begin() + 1, sets.end(), [&](const SetValue* set) {
          return set != nullptr && set->Contains(member.key);
        });
    if (!in_another) found.push_back(&member);
  }
  return found;
}

void Answer(Call& call, Found (*combine)(Pace&, const Sets&)) {
  const auto sets = LookAtAll(call, call.args);
  if (!sets.has_value()) return;
  const Found found = combine(call.pace, *sets);
  const ReplyBound bound(call.reply);
  call.reply.Set(found.size());
  for (const Member* member : found) {
    if (bound.full()) return;
    call.pace.StepOver(member->key.size());
    call.reply.Text(member->key);
  }
}

void Store(Call& call, Found (*combine)(Pace&, const Sets&)) {
  const auto sets = LookAtAll(call, call.args.subspan(1));
  if (!sets.has_value()) return;
  SetValue result;
  for (const Member* member : combine(call.pace, *sets)) {
    call.pace.Step(2);
    result.Append(*member);
  }
  call.reply.Integer(ToInteger(result.size()));
  if (result.vanishes()) {
    call.keys.Remove(call.args[0]);
  } else {
    call.keys.Put(call.args[0], Value(std::move(result)));
  }
}

void SInter(Call& call) { Answer(call, Intersection); }
void SInterStore(Call& call) { Store(call, Intersection); }
void SUnion(Call& call) { Answer(call, Union); }
void SUnionStore(Call& call) { Store(call, Union); }
void SDiff(Call& call) { Answer(call, Difference); }
void SDiffStore(Call& call) { Store(call, Difference); }

void SInterCard(Call& call) {
  const auto keys = IntegerFromArg(call, call.args[0], 1,
                                   "ERR numkeys should be greater than 0");
  if (!keys.has_value()) return;
  const auto rest = call.args.subspan(1);
  if (*keys > ToInteger(rest.size())) {
    return call.reply.Error(
        "ERR Number of keys can't be greater than number of args");
  }
  const auto count = static_cast<size_t>(*keys);
  int64_t limit = 0;  // None.
  for (size_t i = count; i < rest.size(); i += 2) {
    if (!SameWord(rest[i], "LIMIT") || i + 1 == rest.size()) {
      return call.reply.Error(kSyntaxError);
    }
    const auto number =
        IntegerFromArg(call, rest[i + 1], 0, "ERR LIMIT can't be negative");
    if (!number.has_value()) return;
    limit = *number;
  }
  const auto sets = LookAtAll(call, rest.subspan(0, count));
  if (!sets.has_value()) return;
  int64_t found = 0;
  VisitIntersection(call.pace, *sets,
                    [&](const Member&) { return ++found != limit; });
  call.reply.Integer(found);
}

constexpr CommandRow kRows[] = {
    {Operation::kSInter, "sinter", -2, "readonly", 1, -1, 1, SInter},
    {Operation::kSInterStore, "sinterstore", -3, "write denyoom", 1, -1, 1,
     SInterStore},
    {Operation::kSInterCard, "sintercard", -3, "readonly movablekeys", 0, 0, 0,
     SInterCard},
    {Operation::kSUnion, "sunion", -2, "readonly", 1, -1, 1, SUnion},
    {Operation::kSUnionStore, "sunionstore", -3, "write denyoom", 1, -1, 1,
     SUnionStore},
    {Operation::kSDiff, "sdiff", -2, "readonly", 1, -1, 1, SDiff},
    {Operation::kSDiffStore, "sdiffstore", -3, "write denyoom", 1, -1, 1,
     SDiffStore},
};

}  // namespace

std::span<const CommandRow> SetAlgebraCommands() { return kRows; }

}  // namespace kv
