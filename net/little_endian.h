// Fixed-width little-endian integers in memory: how this room writes numbers.

#ifndef NET_LITTLE_ENDIAN_H_
#define NET_LITTLE_ENDIAN_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace net {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in memory");

// Requires: sizeof(T) bytes at `to`.
template <std::integral T>
void StoreLittleEndian(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

// Requires: sizeof(T) bytes at `from`.
template <std::integral T>
T LoadLittleEndian(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace net

#endif  // NET_LITTLE_ENDIAN_H_
