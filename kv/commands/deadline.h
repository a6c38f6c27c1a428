// Deadlines as requests word them: in seconds or milliseconds, from now or
// since 1970.

#ifndef KV_COMMANDS_DEADLINE_H_
#define KV_COMMANDS_DEADLINE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

#include "kv/commands/call.h"

namespace kv {

enum class DeadlineForm : uint8_t {
  kSeconds,    // EX
  kMillis,     // PX
  kAtSeconds,  // EXAT
  kAtMillis,   // PXAT
};

// "EX", "px", "EXAT", ... Nothing for other words.
std::optional<DeadlineForm> DeadlineFormOf(absl::string_view word);

// The deadline in milliseconds since 1970; may be past. Nothing: `text` is no
// integer, or the deadline is before 1970 or cannot be told in milliseconds,
// and the call has been answered so.
// `positive`: zero and less are refused, too.
std::optional<int64_t> DeadlineArg(Call& call, DeadlineForm form,
                                   absl::string_view text,
                                   bool positive = true);

// A deadline that has passed already takes its key with it.
void RemoveIfDue(Call& call, absl::string_view key);

}  // namespace kv

#endif  // KV_COMMANDS_DEADLINE_H_
