#include "config/units.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "runtime/status_macros.h"

namespace config {
namespace {

constexpr uint32_t kWhole = 1'000'000;  // 100% in parts per million.
constexpr uint32_t kPercent = 10'000;

bool IsDigits(absl::string_view text) {
  if (text.empty() || text.size() > 18) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

absl::Status Expected(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", what, ", not '", text, "'"));
}

absl::StatusOr<int64_t> ParseValue(absl::string_view text, Unit unit) {
  switch (unit) {
    case Unit::kSpan: {
      ASSIGN_OR_RETURN(const absl::Duration span, ParseSpan(text));
      return absl::ToInt64Nanoseconds(span);
    }
    case Unit::kPartsPerMillion: {
      ASSIGN_OR_RETURN(const uint32_t parts, ParsePartsPerMillion(text));
      return parts;
    }
    case Unit::kCount: {
      ASSIGN_OR_RETURN(const uint64_t count, ParseCount(text));
      return static_cast<int64_t>(count);
    }
  }
  return Expected("a number", text);
}

}  // namespace

absl::StatusOr<absl::Duration> ParseSpan(absl::string_view text) {
  constexpr absl::string_view kWhat = "a duration such as 5ms or 1.5s";
  absl::Duration span;
  if (!absl::ParseDuration(text, &span) || span < absl::ZeroDuration()) {
    return Expected(kWhat, text);
  }
  if (span > kSpanMax) {
    return Expected(
        absl::StrCat("a duration of at most ", absl::FormatDuration(kSpanMax)),
        text);
  }
  return span;
}

absl::StatusOr<absl::Duration> ParseSignedSpan(absl::string_view text) {
  absl::string_view rest = text;
  const bool negative = absl::ConsumePrefix(&rest, "-");
  ASSIGN_OR_RETURN(const absl::Duration span, ParseSpan(rest));
  return negative ? -span : span;
}

absl::StatusOr<uint32_t> ParsePartsPerMillion(absl::string_view text) {
  const absl::Status wrong =
      Expected("a probability such as 1%, 0.05% or 200ppm, at most 100%", text);
  absl::string_view rest = text;
  uint64_t parts = 0;
  if (absl::ConsumeSuffix(&rest, "ppm")) {
    if (!IsDigits(rest) || !absl::SimpleAtoi(rest, &parts)) return wrong;
  } else if (absl::ConsumeSuffix(&rest, "%")) {
    const size_t point = rest.find('.');
    const absl::string_view whole = rest.substr(0, point);
    uint64_t percent = 0;
    if (!IsDigits(whole) || !absl::SimpleAtoi(whole, &percent)) return wrong;
    if (percent > 100) return wrong;
    parts = percent * kPercent;
    if (point != absl::string_view::npos) {
      const absl::string_view fraction = rest.substr(point + 1);
      if (!IsDigits(fraction) || fraction.size() > 4) return wrong;
      uint64_t digit_worth = kPercent;
      for (const char digit : fraction) {
        digit_worth /= 10;
        parts += static_cast<uint64_t>(digit - '0') * digit_worth;
      }
    }
  } else if (rest != "0") {
    return wrong;
  }
  if (parts > kWhole) return wrong;
  return static_cast<uint32_t>(parts);
}

absl::StatusOr<int32_t> ParseSignedPartsPerMillion(absl::string_view text) {
  absl::string_view rest = text;
  const bool negative = absl::ConsumePrefix(&rest, "-");
  const absl::StatusOr<uint32_t> parts = ParsePartsPerMillion(rest);
  if (!parts.ok()) {
    return Expected("a rate such as 200ppm or -200ppm", text);
  }
  const int32_t value = static_cast<int32_t>(*parts);
  return negative ? -value : value;
}

absl::StatusOr<uint64_t> ParseCount(absl::string_view text) {
  absl::string_view rest = text;
  int shift = 0;
  if (absl::ConsumeSuffix(&rest, "KiB")) {
    shift = 10;
  } else if (absl::ConsumeSuffix(&rest, "MiB")) {
    shift = 20;
  } else if (absl::ConsumeSuffix(&rest, "GiB")) {
    shift = 30;
  }
  constexpr uint64_t kCountMax = std::numeric_limits<int64_t>::max();
  uint64_t count = 0;
  if (!IsDigits(rest) || !absl::SimpleAtoi(rest, &count) ||
      count > (kCountMax >> shift)) {
    return Expected("a whole number such as 64 or 256KiB", text);
  }
  return count << shift;
}

absl::StatusOr<Range> ParseRange(absl::string_view text, Unit unit) {
  const size_t dots = text.find("..");
  if (dots == absl::string_view::npos) {
    ASSIGN_OR_RETURN(const int64_t value, ParseValue(text, unit));
    return Range{value, value};
  }
  ASSIGN_OR_RETURN(const int64_t low, ParseValue(text.substr(0, dots), unit));
  ASSIGN_OR_RETURN(const int64_t high, ParseValue(text.substr(dots + 2), unit));
  if (low > high) return Expected("a range from low to high", text);
  return Range{low, high};
}

std::string FormatValue(int64_t value, Unit unit) {
  switch (unit) {
    case Unit::kSpan:
      return absl::FormatDuration(absl::Nanoseconds(value));
    case Unit::kPartsPerMillion:
      if (value % kPercent == 0) return absl::StrCat(value / kPercent, "%");
      return absl::StrCat(value, "ppm");
    case Unit::kCount:
      return absl::StrCat(value);
  }
  return "?";
}

std::string FormatRange(const Range& range, Unit unit) {
  if (range.low == range.high) return FormatValue(range.low, unit);
  return absl::StrCat(FormatValue(range.low, unit), "..",
                      FormatValue(range.high, unit));
}

}  // namespace config
