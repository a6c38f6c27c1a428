// What is made of several sorted sets: intersections, unions and differences.
// Sets may take part: their members have a score of 1.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/commands/merge.h"
#include "kv/commands/reply_bound.h"
#include "kv/score.h"

namespace kv {
namespace {

// Infinity times 0, and infinity minus infinity, count as 0.
double Sane(double score) { return std::isnan(score) ? 0 : score; }

// One that takes part: a sorted set, a set, or nothing, which is empty.
struct Source {
  const SortedSetValue* sorted = nullptr;
  const SetValue* set = nullptr;
  double weight = 1;

  size_t size() const {
    if (sorted != nullptr) return sorted->size();
    return set == nullptr ? 0 : set->size();
  }

  std::optional<double> ScoreOf(absl::string_view member) const {
    if (sorted != nullptr) return sorted->ScoreOf(member);
    if (set == nullptr || !set->Contains(member)) return std::nullopt;
    return 1;
  }
};

// Walks one, in the order of hashes.
class Cursor {
 public:
  explicit Cursor(const Source& source) : source_(source) {
    if (source.sorted != nullptr) sorted_ = source.sorted->members().begin();
    if (source.set != nullptr) in_set_ = source.set->members().begin();
  }

  bool done() const {
    if (source_.sorted != nullptr) {
      return sorted_ == source_.sorted->members().end();
    }
    return source_.set == nullptr || in_set_ == source_.set->members().end();
  }
  uint64_t order() const {
    return source_.sorted != nullptr ? sorted_.order() : in_set_.order();
  }
  absl::string_view key() const {
    return source_.sorted != nullptr ? sorted_->key : in_set_->key;
  }
  double weighted() const {
    const double score = source_.sorted != nullptr ? sorted_->value : 1;
    return Sane(source_.weight * score);
  }
  void Next() { source_.sorted != nullptr ? void(++sorted_) : void(++in_set_); }

 private:
  Source source_;
  SortedSetValue::Members::const_iterator sorted_;
  SetValue::Members::const_iterator in_set_;
};

enum class Combination : uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

struct Form {
  Combination combination;
  bool store = false;  // The destination stands first.
  bool count = false;  // Only how many there are is asked.
};

struct Query {
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  int64_t limit = 0;  // None.
};

struct Scored {
  double score;
  uint64_t order;            // Of the member's hash.
  absl::string_view member;  // Valid until its source is changed.
};

double Combine(Aggregate aggregate, double a, double b) {
  if (aggregate == Aggregate::kSum) return Sane(a + b);
  if (aggregate == Aggregate::kMin) return b < a ? b : a;
  return b > a ? b : a;
}

// What is found, in the order of hashes.
using Found = std::vector<Scored>;

// The order also says in which order scores are added.
std::vector<Source> BySize(std::vector<Source> sources) {
  std::stable_sort(
      sources.begin(), sources.end(),
      [](const Source& a, const Source& b) { return a.size() < b.size(); });
  return sources;
}

// Visits what is in all sources, until visit(scored) says false.
template <class Visit>
void VisitIntersection(Pace& pace, const Query& query, Visit&& visit) {
  const std::vector<Source> sources = BySize(query.sources);
  for (Cursor at(sources[0]); !at.done(); at.Next()) {
    Scored item = {at.weighted(), at.order(), at.key()};
    bool in_all = true;
    pace.Step();
    for (size_t i = 1; i < sources.size() && in_all; ++i) {
      pace.Step();
      const auto other = sources[i].ScoreOf(item.member);
      in_all = other.has_value();
      if (!in_all) continue;
      item.score =
          Combine(query.aggregate, item.score, sources[i].weight * *other);
    }
    if (in_all && !visit(item)) return;
  }
}

Found Intersection(Pace& pace, const Query& query) {
  Found found;
  VisitIntersection(pace, query, [&](const Scored& item) {
    found.push_back(item);
    return true;
  });
  return found;
}

Found Union(Pace& pace, const Query& query) {
  std::vector<Cursor> cursors;
  for (const Source& source : BySize(query.sources)) {
    cursors.emplace_back(source);
  }
  Found found;
  MergeByHash(pace, std::move(cursors), [&](const Cursor& at) {
    if (found.empty() || found.back().member != at.key()) {
      found.push_back({at.weighted(), at.order(), at.key()});
    } else {
      found.back().score =
          Combine(query.aggregate, found.back().score, at.weighted());
    }
  });
  return found;
}

Found Difference(Pace& pace, const Query& query) {
  Found found;
  const std::span others = std::span(query.sources).subspan(1);
  for (Cursor at(query.sources[0]); !at.done(); at.Next()) {
    pace.Step();
    const bool in_another =
        std::any_of(others.begin(), others.end(), [&](const Source& other) {
          pace.Step();
          return other.ScoreOf(at.key()).has_value();
        });
    if (!in_another) found.push_back({at.weighted(), at.order(), at.key()});
  }
  return found;
}

Found Evaluate(Pace& pace, const Form& form, const Query& query) {
  switch (form.combination) {
    case Combination::kUnion:
      return Union(pace, query);
    case Combination::kIntersection:
      return Intersection(pace, query);
    case Combination::kDifference:
      return Difference(pace, query);
  }
  return {};
}

void SortByScore(Pace& pace, Found& found) {
  std::sort(found.begin(), found.end(), [&](const Scored& a, const Scored& b) {
    pace.Step();
    return a.score != b.score ? a.score < b.score : a.member < b.member;
  });
}

// ---- What is asked.

std::optional<Source> SourceAt(Call& call, absl::string_view key) {
  const Keyspace::Slot* slot = call.keys.Find(key);
  if (slot == nullptr) return Source();
  const Source source{.sorted = slot->value.As<SortedSetValue>(),
                      .set = slot->value.As<SetValue>()};
  if (source.sorted != nullptr || source.set != nullptr) return source;
  call.reply.Error(kWrongType);
  return std::nullopt;
}

std::optional<Aggregate> AggregateOf(absl::string_view word) {
  if (SameWord(word, "SUM")) return Aggregate::kSum;
  if (SameWord(word, "MIN")) return Aggregate::kMin;
  if (SameWord(word, "MAX")) return Aggregate::kMax;
  return std::nullopt;
}

bool ParseWeights(Call& call, std::span<const absl::string_view> words,
                  Query& query) {
  for (size_t i = 0; i < query.sources.size(); ++i) {
    const auto weight = ParseScore(words[i]);
    if (!weight.has_value()) {
      call.reply.Error("ERR weight value is not a float");
      return false;
    }
    query.sources[i].weight = *weight;
  }
  return true;
}

// What stands behind the keys. False: the call has been answered.
bool ParseOptions(Call& call, const Form& form,
                  std::span<const absl::string_view> words, Query& query) {
  const bool weighs =
      form.combination != Combination::kDifference && !form.count;
  const size_t keys = query.sources.size();
  while (!words.empty()) {
    const absl::string_view word = words[0];
    if (weighs && SameWord(word, "WEIGHTS") && words.size() > keys) {
      if (!ParseWeights(call, words.subspan(1), query)) return false;
      words = words.subspan(1 + keys);
    } else if (weighs && SameWord(word, "AGGREGATE") && words.size() > 1 &&
               AggregateOf(words[1]).has_value()) {
      query.aggregate = *AggregateOf(words[1]);
      words = words.subspan(2);
    } else if (!form.store && !form.count && SameWord(word, "WITHSCORES")) {
      query.with_scores = true;
      words = words.subspan(1);
    } else if (form.count && SameWord(word, "LIMIT") && words.size() > 1) {
      const auto limit =
          IntegerFromArg(call, words[1], 0, "ERR LIMIT can't be negative");
      if (!limit.has_value()) return false;
      query.limit = *limit;
      words = words.subspan(2);
    } else {
      call.reply.Error(kSyntaxError);
      return false;
    }
  }
  return true;
}

// Nothing: the call has been answered.
std::optional<Query> ParseQuery(Call& call, const Form& form) {
  const auto words = call.args.subspan(form.store ? 1 : 0);
  const auto number = IntegerArg(call, words[0]);
  if (!number.has_value()) return std::nullopt;
  if (*number < 1) {
    call.reply.Error(absl::StrCat("ERR at least 1 input key is needed for '",
                                  call.row.name, "' command"));
    return std::nullopt;
  }
  if (*number >= ToInteger(words.size())) {
    call.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  const auto count = static_cast<size_t>(*number);
  Query query;
  for (const absl::string_view key : words.subspan(1, count)) {
    call.pace.Step();
    const auto source = SourceAt(call, key);
    if (!source.has_value()) return std::nullopt;
    query.sources.push_back(*source);
  }
  if (!ParseOptions(call, form, words.subspan(1 + count), query)) {
    return std::nullopt;
  }
  return query;
}

void Answer(Call& call, const Form& form) {
  const auto query = ParseQuery(call, form);
  if (!query.has_value()) return;
  const bool scores = query->with_scores;
  Found found = Evaluate(call.pace, form, *query);
  SortByScore(call.pace, found);
  const ReplyBound bound(call.reply);
  scores ? call.reply.Pairs(found.size()) : call.reply.Array(found.size());
  for (const Scored& item : found) {
    if (bound.full()) return;
    call.pace.StepOver(item.member.size());
    call.reply.Text(item.member);
    if (scores) call.reply.Double(item.score);
  }
}

void Store(Call& call, Combination combination) {
  const Form form{.combination = combination, .store = true};
  const auto query = ParseQuery(call, form);
  if (!query.has_value()) return;
  SortedSetValue result;
  Found found = Evaluate(call.pace, form, *query);
  for (const Scored& item : found) {
    call.pace.Step(2);
    result.FillByHash(item.order, item.member, item.score);
  }
  SortByScore(call.pace, found);
  for (const Scored& item : found) {
    call.pace.Step();
    result.FillInOrder(item.member, item.score);
  }
  call.reply.Integer(ToInteger(result.size()));
  if (result.vanishes()) {
    call.keys.Remove(call.args[0]);
  } else {
    call.keys.Put(call.args[0], Value(std::move(result)));
  }
}

void ZUnion(Call& call) { Answer(call, {Combination::kUnion}); }
void ZInter(Call& call) { Answer(call, {Combination::kIntersection}); }
void ZDiff(Call& call) { Answer(call, {Combination::kDifference}); }
void ZUnionStore(Call& call) { Store(call, Combination::kUnion); }
void ZInterStore(Call& call) { Store(call, Combination::kIntersection); }
void ZDiffStore(Call& call) { Store(call, Combination::kDifference); }

void ZInterCard(Call& call) {
  const auto query = ParseQuery(
      call, {.combination = Combination::kIntersection, .count = true});
  if (!query.has_value()) return;
  int64_t found = 0;
  VisitIntersection(call.pace, *query,
                    [&](const Scored&) { return ++found != query->limit; });
  call.reply.Integer(found);
}

constexpr CommandRow kRows[] = {
    {Operation::kZUnion, "zunion", -3, "readonly movablekeys", 0, 0, 0, ZUnion},
    {Operation::kZInter, "zinter", -3, "readonly movablekeys", 0, 0, 0, ZInter},
    {Operation::kZDiff, "zdiff", -3, "readonly movablekeys", 0, 0, 0, ZDiff},
    {Operation::kZUnionStore, "zunionstore", -4, "write denyoom movablekeys", 1,
     1, 1, ZUnionStore},
    {Operation::kZInterStore, "zinterstore", -4, "write denyoom movablekeys", 1,
     1, 1, ZInterStore},
    {Operation::kZDiffStore, "zdiffstore", -4, "write denyoom movablekeys", 1,
     1, 1, ZDiffStore},
    {Operation::kZInterCard, "zintercard", -3, "readonly movablekeys", 0, 0, 0,
     ZInterCard},
};

}  // namespace

std::span<const CommandRow> SortedSetAlgebraCommands() { return kRows; }

}  // namespace kv
