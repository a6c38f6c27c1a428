#include "config/utf8.h"

#include <cstdint>

namespace config {

size_t CharacterBytes(absl::string_view text, size_t at) {
  const auto byte = [text](size_t i) {
    return static_cast<uint8_t>(i < text.size() ? text[i] : 0);
  };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return 1;
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(at + 1);
  const bool wrong =
      (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return wrong ? 0 : bytes;
}

bool IsVisibleText(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = CharacterBytes(text, at);
    const auto lead = static_cast<uint8_t>(text[at]);
    if (bytes == 0 || lead < 0x20 || lead == 0x7f) return false;
    // The second block of control characters, among them another line break,
    // and the two separators and the mark that YAML takes for layout.
    const absl::string_view character = text.substr(at, bytes);
    if (lead == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0) return false;
    if (character == "\u2028" || character == "\u2029" ||
        character == "\uFEFF") {
      return false;
    }
    at += bytes;
  }
  return true;
}

}  // namespace config
