// What SCAN, HSCAN, SSCAN and ZSCAN have in common.

#ifndef KV_COMMANDS_SCAN_H_
#define KV_COMMANDS_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/strings/string_view.h"

#include "kv/commands/call.h"
#include "kv/commands/glob.h"

namespace kv {

// To compare a text with a pattern costs more than to walk on.
inline constexpr size_t kStepsPerMatch = 2;

struct ScanOptions {
  uint64_t cursor = 0;
  size_t count = 10;
  std::optional<absl::string_view> pattern;
  std::optional<absl::string_view> type;  // SCAN only.

  bool Matches(absl::string_view text) const {
    return !pattern.has_value() || MatchesGlob(*pattern, text);
  }
};

// args[cursor_place] is the cursor; options stand behind it. Nothing: they
// cannot be understood, and the call has been answered so.
std::optional<ScanOptions> ParseScan(Call& call, size_t cursor_place,
                                     bool with_type = false);

// Where to go on, and what was found: texts, or texts with texts.
void AnswerScan(Call& call, uint64_t cursor,
                std::span<const absl::string_view> found);

}  // namespace kv

#endif  // KV_COMMANDS_SCAN_H_
