// Numbers with units as people write them in files: "5ms", "1%",
// "200ppm", "200ms..3s". Integers all the way; nothing is rounded silently.

#ifndef CONFIG_UNITS_H_
#define CONFIG_UNITS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace config {

// The longest span of time that a file may name.
inline constexpr absl::Duration kSpanMax = absl::Hours(24);

// What a number of a file measures. Values are kept as integers:
// nanoseconds, parts per million, or plain counts.
enum class Unit : uint8_t { kSpan, kPartsPerMillion, kCount };

// Both ends are included.
struct Range {
  int64_t low = 0;
  int64_t high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// All errors are INVALID_ARGUMENT and say what was expected.

// "5ms", "1.5s", "1m30s", "0". Not negative, at most kSpanMax.
absl::StatusOr<absl::Duration> ParseSpan(absl::string_view text);

// "1%", "0.05%", "200ppm", "0". At most 100%.
absl::StatusOr<uint32_t> ParsePartsPerMillion(absl::string_view text);

// "-200ppm", "50ppm".
absl::StatusOr<int32_t> ParseSignedPartsPerMillion(absl::string_view text);

// "-5s", "200ms"; at most kSpanMax either way.
absl::StatusOr<absl::Duration> ParseSignedSpan(absl::string_view text);

// "64", "256KiB", "1MiB", "1GiB".
absl::StatusOr<uint64_t> ParseCount(absl::string_view text);

// "low..high" in the unit, or one value, which is both ends.
absl::StatusOr<Range> ParseRange(absl::string_view text, Unit unit);

// What the parsers read back as the same value.
std::string FormatValue(int64_t value, Unit unit);
std::string FormatRange(const Range& range, Unit unit);

}  // namespace config

#endif  // CONFIG_UNITS_H_
