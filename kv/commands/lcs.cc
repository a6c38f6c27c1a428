// LCS: the longest text that two strings share, not necessarily in one piece.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "kv/commands/call.h"

namespace kv {
namespace {

// Its time and room are what both lengths multiply to.
constexpr uint64_t kCellsMax = 16 << 20;
// A cell costs less than a step of a walk.
constexpr size_t kCellsPerStep = 64;

// No longer than the shorter of the two, which is the square root at most.
using Length = uint16_t;
static_assert(kCellsMax < (uint64_t{1} << 16) * (uint64_t{1} << 16));

struct Options {
  bool length_only = false;
  bool matches = false;  // IDX
  bool with_match_length = false;
  int64_t match_length_min = 0;
};

// False: the call has been answered.
bool ParseOptions(Call& call, Options& options) {
  for (size_t i = 2; i < call.args.size(); ++i) {
    const absl::string_view word = call.args[i];
    if (SameWord(word, "IDX")) {
      options.matches = true;
    } else if (SameWord(word, "LEN")) {
      options.length_only = true;
    } else if (SameWord(word, "WITHMATCHLEN")) {
      options.with_match_length = true;
    } else if (SameWord(word, "MINMATCHLEN") && i + 1 < call.args.size()) {
      const auto least = IntegerArg(call, call.args[++i]);
      if (!least.has_value()) return false;
      options.match_length_min = *least;
    } else {
      call.reply.Error(kSyntaxError);
      return false;
    }
  }
  if (options.matches && options.length_only) {
    call.reply.Error(
        "ERR If you want both the length and indexes, please just use IDX.");
    return false;
  }
  return true;
}

// How long what the first i bytes of one and the first j of the other share is.
class Lengths {
 public:
  // `whole`: not only the last row can be asked for.
  Lengths(Pace& pace, absl::string_view a, absl::string_view b, bool whole)
      : width_(b.size() + 1),
        rows_(whole ? a.size() + 1 : std::min<size_t>(a.size() + 1, 2)),
        cells_(rows_ * width_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      const Length* above = Row(i - 1);
      Length* row = Row(i);
      row[0] = 0;
      pace.Step(1 + b.size() / kCellsPerStep);
      for (size_t j = 1; j <= b.size(); ++j) {
        row[j] = a[i - 1] == b[j - 1] ? static_cast<Length>(above[j - 1] + 1)
                                      : std::max(above[j], row[j - 1]);
      }
    }
  }

  int64_t At(size_t i, size_t j) const {
    return cells_[i % rows_ * width_ + j];
  }

 private:
  Length* Row(size_t i) { return &cells_[i % rows_ * width_]; }

  const size_t width_;
  const size_t rows_;
  std::vector<Length> cells_;
};

// Bytes that stand in one piece in both.
struct Match {
  size_t a = 0;  // Where it begins.
  size_t b = 0;
  size_t length = 0;
};

// From the end to the beginning, as they are found. Where there is a choice, it
// is the one that Redis makes.
std::vector<Match> FindMatches(Pace& pace, absl::string_view a,
                               absl::string_view b, const Lengths& lengths) {
  std::vector<Match> matches;
  bool open = false;  // Whether the last match may go on.
  size_t i = a.size();
  size_t j = b.size();
  while (i > 0 && j > 0) {
    pace.Step();
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      const size_t length = open ? matches.back().length : 0;
      if (!open) matches.emplace_back();
      matches.back() = {.a = i, .b = j, .length = length + 1};
      open = true;
    } else {
      lengths.At(i - 1, j) > lengths.At(i, j - 1) ? --i : --j;
      open = false;
    }
  }
  return matches;
}

void AnswerText(Call& call, absl::string_view a,
                const std::vector<Match>& matches) {
  std::string text;
  for (auto it = matches.rbegin(); it != matches.rend(); ++it) {
    const absl::string_view piece = a.substr(it->a, it->length);
    text.append(piece.data(), piece.size());
  }
  call.reply.Text(text);
}

void AnswerRange(Call& call, size_t begin, size_t length) {
  call.reply.Array(2);
  call.reply.Integer(ToInteger(begin));
  call.reply.Integer(ToInteger(begin + length - 1));
}

void AnswerMatches(Call& call, std::vector<Match> matches, int64_t length,
                   const Options& options) {
  std::erase_if(matches, [&](const Match& match) {
    return ToInteger(match.length) < options.match_length_min;
  });
  call.reply.Map(2);
  call.reply.Text("matches");
  call.reply.Array(matches.size());
  for (const Match& match : matches) {
    call.pace.Step();
    call.reply.Array(options.with_match_length ? 3 : 2);
    AnswerRange(call, match.a, match.length);
    AnswerRange(call, match.b, match.length);
    if (options.with_match_length) {
      call.reply.Integer(ToInteger(match.length));
    }
  }
  call.reply.Text("len");
  call.reply.Integer(length);
}

// The string at `key`, empty if there is none. Nothing: it is no string, and
// the call has been answered.
std::optional<absl::string_view> StringAt(Call& call, absl::string_view key) {
  const Keyspace::Slot* slot = call.keys.Find(key);
  if (slot == nullptr) return absl::string_view();
  const StringValue* value = slot->value.As<StringValue>();
  if (value != nullptr) return value->text();
  call.reply.Error("ERR The specified keys must contain string values");
  return std::nullopt;
}

void Lcs(Call& call) {
  const auto a = StringAt(call, call.args[0]);
  if (!a.has_value()) return;
  const auto b = StringAt(call, call.args[1]);
  if (!b.has_value()) return;
  Options options;
  if (!ParseOptions(call, options)) return;
  if (uint64_t{a->size()} * b->size() > kCellsMax) {
    return call.reply.Error(
        absl::StrCat("ERR the strings are too long for LCS: their lengths "
                     "multiply to more than ",
                     kCellsMax));
  }
  const Lengths lengths(call.pace, *a, *b, !options.length_only);
  const int64_t length = lengths.At(a->size(), b->size());
  if (options.length_only) return call.reply.Integer(length);
  std::vector<Match> matches = FindMatches(call.pace, *a, *b, lengths);
  if (!options.matches) return AnswerText(call, *a, matches);
  AnswerMatches(call, std::move(matches), length, options);
}

constexpr CommandRow kRows[] = {
    {Operation::kLcs, "lcs", -3, "readonly", 1, 2, 1, Lcs},
};

}  // namespace

std::span<const CommandRow> LcsCommands() { return kRows; }

}  // namespace kv
