// Integers as Redis writes them: decimal, one way to write each.
//
// " 1", "+1", "01" and "-0" are not integers; a counter is stored as text and
// must read back as the very text that was written.

#ifndef KV_INTEGER_H_
#define KV_INTEGER_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace kv {

// Nothing if `text` is not the canonical form of an int64.
std::optional<int64_t> ParseInteger(absl::string_view text);

}  // namespace kv

#endif  // KV_INTEGER_H_
