// Sorted sets, member by member. Those of Redis that wait are not here.

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/scan.h"
#include "kv/score.h"

namespace kv {
namespace {

struct AddOptions {
  bool if_absent = false;   // NX
  bool if_present = false;  // XX
  bool if_greater = false;  // GT
  bool if_less = false;     // LT
  bool count_changed = false;
  bool increment = false;
  size_t words = 0;  // How many there were.
};

AddOptions ParseAddOptions(std::span<const absl::string_view> words) {
  AddOptions options;
  for (const absl::string_view word : words) {
    if (SameWord(word, "NX")) {
      options.if_absent = true;
    } else if (SameWord(word, "XX")) {
      options.if_present = true;
    } else if (SameWord(word, "GT")) {
      options.if_greater = true;
    } else if (SameWord(word, "LT")) {
      options.if_less = true;
    } else if (SameWord(word, "CH")) {
      options.count_changed = true;
    } else if (SameWord(word, "INCR")) {
      options.increment = true;
    } else {
      break;
    }
    ++options.words;
  }
  return options;
}

// Empty: they may stand together, and with so many words of scores and members.
absl::string_view WhyNot(const AddOptions& options, size_t words) {
  if (words == 0 || words % 2 != 0) return kSyntaxError;
  if (options.if_absent && options.if_present) {
    return "ERR XX and NX options at the same time are not compatible";
  }
  const int others = (options.if_absent ? 1 : 0) +
                     (options.if_greater ? 1 : 0) + (options.if_less ? 1 : 0);
  if (others > 1) {
    return "ERR GT, LT, and/or NX options at the same time are not compatible";
  }
  if (options.increment && words > 2) {
    return "ERR INCR option supports a single increment-element pair";
  }
  return {};
}

// A score that is to be written.
struct NewScore {
  double score;
  bool fresh;    // There was no such member.
  bool changed;  // It had another score.
};

// Nothing: the options do not let it happen.
std::optional<NewScore> Decide(const AddOptions& options,
                               std::optional<double> before, double score) {
  if (!before.has_value()) {
    if (options.if_present) return std::nullopt;
    return NewScore{.score = score, .fresh = true, .changed = false};
  }
  if (options.if_absent) return std::nullopt;
  if (options.increment) score += *before;
  if (options.if_less && score >= *before) return std::nullopt;
  if (options.if_greater && score <= *before) return std::nullopt;
  return NewScore{.score = score, .fresh = false, .changed = score != *before};
}

// Answers the new score, or nil.
void Increment(Call& call, const AddOptions& options, double amount,
               absl::string_view member) {
  Edit<SortedSetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  const auto decided = Decide(options, set->ScoreOf(member), amount);
  if (!decided.has_value()) return call.reply.Nil();
  if (std::isnan(decided->score)) {
    return call.reply.Error("ERR resulting score is not a number (NaN)");
  }
  set->Set(member, decided->score);
  call.reply.Double(decided->score);
}

void Add(Call& call, const AddOptions& options) {
  const auto pairs = call.args.subspan(1 + options.words);
  const absl::string_view error = WhyNot(options, pairs.size());
  if (!error.empty()) return call.reply.Error(error);
  std::vector<double> scores;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const auto score = ParseScore(pairs[i]);
    if (!score.has_value()) return call.reply.Error(kNotAFloat);
    call.pace.Step();
    scores.push_back(*score);
  }
  if (options.increment) return Increment(call, options, scores[0], pairs[1]);
  Edit<SortedSetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  int64_t count = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    call.pace.Step(4);
    const absl::string_view member = pairs[2 * i + 1];
    const auto decided = Decide(options, set->ScoreOf(member), scores[i]);
    if (!decided.has_value()) continue;
    set->Set(member, decided->score);
    if (decided->fresh || (options.count_changed && decided->changed)) ++count;
  }
  call.reply.Integer(count);
}

void ZAdd(Call& call) { Add(call, ParseAddOptions(call.args.subspan(1))); }

void ZIncrBy(Call& call) {
  // Redis takes options here too.
  AddOptions options = ParseAddOptions(call.args.subspan(1));
  options.increment = true;
  Add(call, options);
}

void ZRem(Call& call) {
  Edit<SortedSetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  int64_t count = 0;
  for (const absl::string_view member : call.args.subspan(1)) {
    call.pace.Step(3);
    if (set->Remove(member)) ++count;
  }
  call.reply.Integer(count);
}

void AnswerScore(Call& call, const SortedSetValue* set,
                 absl::string_view member) {
  const auto score = set == nullptr ? std::nullopt : set->ScoreOf(member);
  score.has_value() ? call.reply.Double(*score) : call.reply.Nil();
}

void ZScore(Call& call) {
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  AnswerScore(call, set, call.args[1]);
}

void ZMScore(Call& call) {
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  call.reply.Array(call.args.size() - 1);
  for (const absl::string_view member : call.args.subspan(1)) {
    call.pace.Step();
    AnswerScore(call, set, member);
  }
}

void ZCard(Call& call) {
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  call.reply.Integer(set == nullptr ? 0 : ToInteger(set->size()));
}

void ZRank(Call& call) {
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set != nullptr) call.pace.Step(set->rank_steps());
  const auto rank = set == nullptr ? std::nullopt : set->RankOf(call.args[1]);
  if (!rank.has_value()) return call.reply.Nil();
  call.reply.Integer(ToInteger(*rank));
}

void ZRevRank(Call& call) {
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set != nullptr) call.pace.Step(set->rank_steps());
  const auto rank = set == nullptr ? std::nullopt : set->RankOf(call.args[1]);
  if (!rank.has_value()) return call.reply.Nil();
  call.reply.Integer(ToInteger(set->size() - 1 - *rank));
}

void ZScan(Call& call) {
  const auto options = ParseScan(call, 1);
  if (!options.has_value()) return;
  const SortedSetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set == nullptr) return AnswerScan(call, 0, {});
  std::vector<std::string> scores;
  std::vector<absl::string_view> members;
  const uint64_t next = set->members().Scan(
      options->cursor, options->count, [&](const auto& item) {
        call.pace.Step(kStepsPerMatch);
        if (!options->Matches(item.key)) return;
        members.push_back(item.key);
        scores.push_back(FormatDouble(item.value));
      });
  std::vector<absl::string_view> found;
  for (size_t i = 0; i < members.size(); ++i) {
    found.push_back(members[i]);
    found.push_back(scores[i]);
  }
  AnswerScan(call, next, found);
}

constexpr CommandRow kRows[] = {
    {Operation::kZAdd, "zadd", -4, "write denyoom fast", 1, 1, 1, ZAdd},
    {Operation::kZIncrBy, "zincrby", 4, "write denyoom fast", 1, 1, 1, ZIncrBy},
    {Operation::kZRem, "zrem", -3, "write fast", 1, 1, 1, ZRem},
    {Operation::kZScore, "zscore", 3, "readonly fast", 1, 1, 1, ZScore},
    {Operation::kZMScore, "zmscore", -3, "readonly fast", 1, 1, 1, ZMScore},
    {Operation::kZCard, "zcard", 2, "readonly fast", 1, 1, 1, ZCard},
    {Operation::kZRank, "zrank", 3, "readonly fast", 1, 1, 1, ZRank},
    {Operation::kZRevRank, "zrevrank", 3, "readonly fast", 1, 1, 1, ZRevRank},
    {Operation::kZScan, "zscan", -3, "readonly", 1, 1, 1, ZScan},
};

}  // namespace

std::span<const CommandRow> SortedSetCommands() { return kRows; }

}  // namespace kv
