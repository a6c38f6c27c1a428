// The numbers of kv's own encodings: LEB128, seven bits a byte, lowest first.
//
// A reader never passes the end of its input and never believes a length that
// the bytes left could not hold, so nothing is allocated for a forged one.

#ifndef KV_VARINT_H_
#define KV_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace kv {

inline constexpr size_t kVarintBytesMax = 10;

constexpr size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

// Writes at `out` and returns the place behind. Requires: enough room.
inline char* PutVarint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(static_cast<unsigned char>(value | 0x80));
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

// A length and that many bytes.
inline char* PutText(char* out, absl::string_view text) {
  out = PutVarint(out, text.size());
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

constexpr size_t TextSize(absl::string_view text) {
  return VarintSize(text.size()) + text.size();
}

// Takes one field after the other from the front of `input`. Each answers false
// when the input does not hold such a field.
class FieldReader {
 public:
  explicit FieldReader(absl::string_view input) : rest_(input) {}

  bool Byte(uint8_t& value) {
    if (rest_.empty()) return false;
    value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return true;
  }

  // Refuses what does not fit 64 bits, and longer forms than necessary: equal
  // values have equal bytes.
  bool Varint(uint64_t& value) {
    value = 0;
    for (size_t i = 0; i < kVarintBytesMax && i < rest_.size(); ++i) {
      const auto byte = static_cast<uint8_t>(rest_[i]);
      const uint64_t bits = byte & 0x7f;
      if (i == kVarintBytesMax - 1 && bits > 1) return false;
      value |= bits << (7 * i);
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && i > 0) return false;
      rest_.remove_prefix(i + 1);
      return true;
    }
    return false;
  }

  bool Text(absl::string_view& text) {
    uint64_t size = 0;
    if (!Varint(size) || size > rest_.size()) return false;
    text = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(static_cast<size_t>(size));
    return true;
  }

  size_t left() const { return rest_.size(); }
  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

}  // namespace kv

#endif  // KV_VARINT_H_
