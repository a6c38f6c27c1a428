#include "kv/score.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace kv {
namespace {

struct Digits {
  absl::string_view text;  // Without a sign.
  std::chars_format format = std::chars_format::general;
};

// Libraries differ in whether they report a number that is too close to zero,
// or answer zero.
bool SaysZero(const Digits& digits) {
  const bool hex = digits.format == std::chars_format::hex;
  for (const char c : digits.text) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    if (lower == (hex ? 'p' : 'e')) return true;
    if (c != '0' && c != '.') return false;
  }
  return true;
}

}  // namespace

std::optional<double> ParseScore(absl::string_view text) {
  const bool negative = absl::StartsWith(text, "-");
  if (negative || absl::StartsWith(text, "+")) text.remove_prefix(1);
  Digits digits{.text = text};
  if (absl::StartsWithIgnoreCase(text, "0x")) {
    digits = {.text = text.substr(2), .format = std::chars_format::hex};
  }
  // It would take a sign of its own, and infinity in any format.
  if (digits.text.empty() || digits.text[0] == '-') return std::nullopt;
  const bool named = absl::EqualsIgnoreCase(text, "inf") ||
                     absl::EqualsIgnoreCase(text, "infinity");
  const char* end = digits.text.data() + digits.text.size();
  double value = 0;
  const auto [stop, error] =
      std::from_chars(digits.text.data(), end, value, digits.format);
  if (error != std::errc() || stop != end) return std::nullopt;
  if (std::isnan(value) || std::isinf(value) != named) return std::nullopt;
  if (value == 0 && !SaysZero(digits)) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace kv
