// Numbers to bytes and back, least significant byte first, on every machine.
//
// ByteSource never reads past its end: what is not there reads as zero and is
// remembered, so that a decoder may read a whole struct and ask once.

#ifndef PERSIST_LITTLE_ENDIAN_H_
#define PERSIST_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace persist {

// Appends to a vector that must outlive it.
class ByteSink {
 public:
  explicit ByteSink(std::vector<std::byte>& out) : out_(out) {}

  void PutU8(uint8_t value) { out_.push_back(std::byte{value}); }
  void PutU32(uint32_t value) { Put(value, sizeof(uint32_t)); }
  void PutU64(uint64_t value) { Put(value, sizeof(uint64_t)); }
  void PutZeros(size_t count) { out_.resize(out_.size() + count); }
  // Overwrites what was put at `offset`.
  void PatchU32(size_t offset, uint32_t value) {
    for (size_t i = 0; i < sizeof(uint32_t); ++i) {
      out_[offset + i] = static_cast<std::byte>(value >> (8 * i));
    }
  }
  size_t size() const { return out_.size(); }

 private:
  void Put(uint64_t value, size_t bytes) {
    const size_t offset = out_.size();
    out_.resize(offset + bytes);
    for (size_t i = 0; i < bytes; ++i) {
      out_[offset + i] = static_cast<std::byte>(value >> (8 * i));
    }
  }

  std::vector<std::byte>& out_;
};

// Reads from memory that must outlive it.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint8_t TakeU8() { return static_cast<uint8_t>(Take(1)); }
  uint32_t TakeU32() { return static_cast<uint32_t>(Take(sizeof(uint32_t))); }
  uint64_t TakeU64() { return Take(sizeof(uint64_t)); }
  // Skips `count` bytes that must be zero.
  void TakeZeros(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (Take(1) != 0) failed_ = true;
    }
  }

  size_t left() const { return bytes_.size(); }
  // False once something was missing, or was not the zero it must be.
  bool ok() const { return !failed_; }

 private:
  uint64_t Take(size_t count) {
    if (bytes_.size() < count) {
      failed_ = true;
      bytes_ = {};
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      value |= std::to_integer<uint64_t>(bytes_[i]) << (8 * i);
    }
    bytes_ = bytes_.subspan(count);
    return value;
  }

  std::span<const std::byte> bytes_;
  bool failed_ = false;
};

}  // namespace persist

#endif  // PERSIST_LITTLE_ENDIAN_H_
