#include "scenarios/packed_numbers.h"

namespace scenarios {

void PutNumber(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(0x80 | (number & 0x7f));
    number >>= 7;
  }
  out += static_cast<char>(number);
}

void PutText(std::string& out, absl::string_view text) {
  PutNumber(out, text.size());
  out.append(text.data(), text.size());
}

uint64_t PackedReader::Number() {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (!ok_ || at_ >= bytes_.size()) break;
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    number |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return number;
  }
  ok_ = false;
  return 0;
}

std::string PackedReader::Text() {
  const uint64_t size = Number();
  if (!ok_ || size > left()) {
    ok_ = false;
    return "";
  }
  at_ += size;
  return std::string(bytes_.substr(at_ - size, size));
}

uint16_t PackedReader::TwoBytes() {
  if (!ok_ || left() < 2) {
    ok_ = false;
    return 0;
  }
  const auto low = static_cast<unsigned char>(bytes_[at_]);
  const auto high = static_cast<unsigned char>(bytes_[at_ + 1]);
  at_ += 2;
  return static_cast<uint16_t>(low | high << 8);
}

uint64_t PackedReader::Count(size_t element_bytes_min) {
  const uint64_t count = Number();
  if (count > left() / element_bytes_min) ok_ = false;
  return ok_ ? count : 0;
}

}  // namespace scenarios
