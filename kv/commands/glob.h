// Patterns as KEYS, SCAN and CONFIG GET take them: '*' any text, '?' any byte,
// "[a-z]" one of these, "[^a-z]" none of these, '\' the next byte itself.

#ifndef KV_COMMANDS_GLOB_H_
#define KV_COMMANDS_GLOB_H_

#include "absl/strings/string_view.h"

namespace kv {

// At most pattern.size() * text.size() steps, whatever the pattern. One with
// more than 1000 stars matches nothing, as in Redis.
bool MatchesGlob(absl::string_view pattern, absl::string_view text,
                 bool any_case = false);

}  // namespace kv

#endif  // KV_COMMANDS_GLOB_H_
