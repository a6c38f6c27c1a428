// CRC-32C (Castagnoli, RFC 3720 §12.1): the checksum of frames and log records.
//
// Uses the processor's instruction where it has one and a table elsewhere; both
// give the same value on every machine.

#ifndef RUNTIME_CRC32C_H_
#define RUNTIME_CRC32C_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace runtime {

// The checksum of `data`.
uint32_t Crc32c(std::span<const std::byte> data);

// The checksum of what `crc` covers followed by `data`:
//   ExtendCrc32c(Crc32c(a), b) == Crc32c(a + b).
uint32_t ExtendCrc32c(uint32_t crc, std::span<const std::byte> data);

}  // namespace runtime

#endif  // RUNTIME_CRC32C_H_
