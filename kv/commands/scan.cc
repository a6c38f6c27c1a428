// KEYS, SCAN and RANDOMKEY: the commands that walk all keys.

#include "kv/commands/scan.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "kv/commands/reply_bound.h"

namespace kv {

std::optional<ScanOptions> ParseScan(Call& call, size_t cursor_place,
                                     bool with_type) {
  ScanOptions options;
  const absl::string_view cursor = call.args[cursor_place];
  if (cursor.empty() || cursor[0] < '0' || cursor[0] > '9' ||
      !absl::SimpleAtoi(cursor, &options.cursor)) {
    call.reply.Error("ERR invalid cursor");
    return std::nullopt;
  }
  for (size_t i = cursor_place + 1; i < call.args.size(); i += 2) {
    const absl::string_view word = call.args[i];
    const bool has_value = i + 1 < call.args.size();
    if (SameWord(word, "COUNT") && has_value) {
      const auto count =
          IntegerArg(call, call.args[i + 1], 1, INT64_MAX, kSyntaxError);
      if (!count.has_value()) return std::nullopt;
      options.count = static_cast<size_t>(*count);
    } else if (SameWord(word, "MATCH") && has_value) {
      options.pattern = call.args[i + 1];
    } else if (with_type && SameWord(word, "TYPE") && has_value) {
      options.type = call.args[i + 1];
    } else {
      call.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  return options;
}

void AnswerScan(Call& call, uint64_t cursor,
                std::span<const absl::string_view> found) {
  const ReplyBound bound(call.reply);
  call.reply.Array(2);
  call.reply.Text(absl::StrCat(cursor));
  call.reply.Array(found.size());
  for (const absl::string_view text : found) {
    if (bound.full()) return;
    call.pace.StepOver(text.size());
    call.reply.Text(text);
  }
}

namespace {

// Those of `keys` that are due go, or are reported.
void Meet(Call& call, const std::vector<absl::string_view>& due) {
  // Their texts go with their keys.
  const std::vector<std::string> keys(due.begin(), due.end());
  for (const std::string& key : keys) {
    call.pace.Step();
    (void)call.keys.Find(key);
  }
}

void Keys(Call& call) {
  std::vector<absl::string_view> found;
  std::vector<absl::string_view> due;
  for (const auto& item : call.keys.slots()) {
    call.pace.Step(kStepsPerMatch);
    if (!MatchesGlob(call.args[0], item.key)) continue;
    (call.keys.IsDue(item.value) ? due : found).push_back(item.key);
  }
  {
    const ReplyBound bound(call.reply);
    call.reply.Array(found.size());
    for (const absl::string_view key : found) {
      if (bound.full()) break;
      call.pace.StepOver(key.size());
      call.reply.Text(key);
    }
  }
  Meet(call, due);
}

void Scan(Call& call) {
  const auto options = ParseScan(call, 0, true);
  if (!options.has_value()) return;
  std::vector<absl::string_view> found;
  std::vector<absl::string_view> due;
  const uint64_t next = call.keys.slots().Scan(
      options->cursor, options->count, [&](const auto& item) {
        call.pace.Step(kStepsPerMatch);
        if (call.keys.IsDue(item.value)) return due.push_back(item.key);
        if (!options->Matches(item.key)) return;
        if (options->type.has_value() &&
            !SameWord(*options->type, item.value.value.type_name())) {
          return;
        }
        found.push_back(item.key);
      });
  AnswerScan(call, next, found);
  Meet(call, due);
}

void RandomKey(Call& call) {
  while (call.keys.size() > 0) {
    const auto it = call.keys.slots().Pick(call.dice);
    const std::string key = it->key;
    // A read that met a due key will be asked again.
    if (call.keys.Find(key) != nullptr || call.keys.met_due()) {
      return call.reply.Text(key);
    }
  }
  call.reply.Nil();
}

constexpr CommandRow kRows[] = {
    {Operation::kKeys, "keys", 2, "readonly", 0, 0, 0, Keys},
    {Operation::kScan, "scan", -2, "readonly", 0, 0, 0, Scan},
    {Operation::kRandomKey, "randomkey", 1, "readonly", 0, 0, 0, RandomKey,
     true},
};

}  // namespace

std::span<const CommandRow> ScanCommands() { return kRows; }

}  // namespace kv
