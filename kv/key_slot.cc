#include "kv/key_slot.h"

#include <array>
#include <cstddef>

namespace kv {
namespace {

constexpr std::array<uint16_t, 256> MakeTable() {
  std::array<uint16_t, 256> table = {};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

constexpr std::array<uint16_t, 256> kTable = MakeTable();

uint32_t Crc16(absl::string_view text) {
  uint32_t crc = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    crc = ((crc << 8) & 0xffff) ^ kTable[((crc >> 8) ^ byte) & 0xff];
  }
  return crc;
}

}  // namespace

uint32_t KeySlot(absl::string_view key) {
  const size_t open = key.find('{');
  if (open != absl::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != absl::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(key) % kKeySlots;
}

}  // namespace kv
