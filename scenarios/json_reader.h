// JSON as our own programs write it, read back: the lines of a sweep, a trace.
//
// Strict (RFC 8259) and bounded: whatever is malformed, too deep or followed by
// more is an error with its position, and nothing is allocated beyond a small
// multiple of the bytes at hand. Numbers keep their text, so that 64 bits are
// never squeezed through a double.

#ifndef SCENARIOS_JSON_READER_H_
#define SCENARIOS_JSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace scenarios {

class JsonValue {
 public:
  enum class Kind : uint8_t {
    kNull,
    kBool,
    kNumber,
    kText,
    kArray,
    kObject,
  };

  Kind kind = Kind::kNull;
  std::string text;  // kText; kNumber and kBool as they were written.
  std::vector<JsonValue> elements;  // kArray and kObject, in order.
  std::vector<std::string> names;   // kObject: of each element.

  // The member of this name; a null value if there is none.
  const JsonValue& operator[](absl::string_view name) const;
  bool Has(absl::string_view name) const;

  // Of what is no such number, or not there: 0.
  uint64_t Unsigned() const;
  int64_t Signed() const;
  bool True() const { return kind == Kind::kBool && text == "true"; }
};

// One value, with nothing but white space around it.
// Errors: INVALID_ARGUMENT.
absl::StatusOr<JsonValue> ParseJson(absl::string_view json);

}  // namespace scenarios

#endif  // SCENARIOS_JSON_READER_H_
