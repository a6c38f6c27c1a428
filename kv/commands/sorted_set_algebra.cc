// What is made of several sorted sets: intersections, unions and differences.
// Sets may take part: their members have a score of 1.

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"
#include "kv/commands/reply_bound.h"
#include "kv/score.h"

namespace kv {
namespace {

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

  // Until visit(member, score) says false.
  template <class Visit>
  void Walk(Pace& pace, Visit&& visit) const {
    if (sorted != nullptr) {
      for (const auto& member : sorted->members()) {
        pace.Step();
        if (!visit(absl::string_view(member.key), member.value)) return;
      }
    } else if (set != nullptr) {
      for (const auto& member : set->members()) {
        pace.Step();
        if (!visit(absl::string_view(member.key), 1.0)) return;
      }
    }
  }
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
  absl::string_view member;  // Valid until its source is changed.
};

// Infinity times 0, and infinity minus infinity, count as 0.
double Sane(double score) { return std::isnan(score) ? 0 : score; }

double Combine(Aggregate aggregate, double a, double b) {
  if (aggregate == Aggregate::kSum) return Sane(a + b);
  if (aggregate == Aggregate::kMin) return b < a ? b : a;
  return b > a ? b : a;
}

// Visits what is in all sources, until visit(member, score) says false.
template <class Visit>
void VisitIntersection(Pace& pace, const Query& query, Visit&& visit) {
  std::vector<Source> sources = query.sources;
  // The order also says in which order scores are added.
  std::stable_sort(
      sources.begin(), sources.end(),
      [](const Source& a, const Source& b) { return a.size() < b.size(); });
  sources[0].Walk(pace, [&](absl::string_view member, double first) {
    double score = Sane(sources[0].weight * first);
    for (size_t i = 1; i < sources.size(); ++i) {
      pace.Step();
      const auto other = sources[i].ScoreOf(member);
      if (!other.has_value()) return true;
      score = Combine(query.aggregate, score, sources[i].weight * *other);
    }
    return visit(member, score);
  });
}

std::vector<Scored> Intersection(Pace& pace, const Query& query) {
  std::vector<Scored> found;
  VisitIntersection(pace, query, [&](absl::string_view member, double score) {
    found.push_back({.score = score, .member = member});
    return true;
  });
  return found;
}

std::vector<Scored> Union(Pace& pace, const Query& query) {
  std::vector<Source> sources = query.sources;
  std::stable_sort(
      sources.begin(), sources.end(),
      [](const Source& a, const Source& b) { return a.size() < b.size(); });
  absl::btree_map<absl::string_view, double> scores;
  for (const Source& source : sources) {
    source.Walk(pace, [&](absl::string_view member, double one) {
      const double score = Sane(source.weight * one);
      const auto [it, fresh] = scores.emplace(member, score);
      if (!fresh) it->second = Combine(query.aggregate, it->second, score);
      return true;
    });
  }
  std::vector<Scored> found;
  for (const auto& [member, score] : scores) {
    pace.Step();
    found.push_back({.score = score, .member = member});
  }
  return found;
}

std::vector<Scored> Difference(Pace& pace, const Query& query) {
  std::vector<Scored> found;
  const std::span others = std::span(query.sources).subspan(1);
  query.sources[0].Walk(pace, [&](absl::string_view member, double score) {
    const bool in_another =
        std::any_of(others.begin(), others.end(), [&](const Source& other) {
          pace.Step();
          return other.ScoreOf(member).has_value();
        });
    if (!in_another) found.push_back({.score = score, .member = member});
    return true;
  });
  return found;
}

std::vector<Scored> Evaluate(Pace& pace, const Form& form, const Query& query) {
  std::vector<Scored> found;
  switch (form.combination) {
    case Combination::kUnion:
      found = Union(pace, query);
      break;
    case Combination::kIntersection:
      found = Intersection(pace, query);
      break;
    case Combination::kDifference:
      found = Difference(pace, query);
      break;
  }
  std::sort(found.begin(), found.end(), [&](const Scored& a, const Scored& b) {
    pace.Step();
    return a.score != b.score ? a.score < b.score : a.member < b.member;
  });
  return found;
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
  const std::vector<Scored> found = Evaluate(call.pace, form, *query);
  const ReplyBound bound(call.reply);
  scores ? call.reply.Pairs(found.size()) : call.reply.Array(found.size());
  for (const Scored& item : found) {
    if (bound.full()) return;
    call.pace.Step();
    call.reply.Text(item.member);
    if (scores) call.reply.Double(item.score);
  }
}

void Store(Call& call, Combination combination) {
  const Form form{.combination = combination, .store = true};
  const auto query = ParseQuery(call, form);
  if (!query.has_value()) return;
  SortedSetValue result;
  for (const Scored& item : Evaluate(call.pace, form, *query)) {
    call.pace.Step(4);
    result.Set(item.member, item.score);
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
  VisitIntersection(call.pace, *query, [&](absl::string_view, double) {
    return ++found != query->limit;
  });
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
