#include "kv/integer.h"

#include <cstddef>

namespace kv {

std::optional<int64_t> ParseInteger(absl::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const absl::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty()) return std::nullopt;
  if (digits[0] == '0' && (digits.size() > 1 || negative)) return std::nullopt;
  int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    // Built downwards: the lowest int64 has no positive twin.
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, c - '0', &value)) {
      return std::nullopt;
    }
  }
  if (negative) return value;
  if (__builtin_sub_overflow(0, value, &value)) return std::nullopt;
  return value;
}

}  // namespace kv
