// Numbers to bytes and back, least significant byte first.
//
// ByteSource never reads past its end: what is not there reads as zero and is
// remembered, so that a decoder may read a whole struct and ask once.

#ifndef PERSIST_LITTLE_ENDIAN_H_
#define PERSIST_LITTLE_ENDIAN_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace persist {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in memory");

// Appends to a vector that must outlive it.
class ByteSink {
 public:
  explicit ByteSink(std::vector<std::byte>& out) : out_(out) {}

  void PutU8(uint8_t value) { out_.push_back(std::byte{value}); }
  void PutU32(uint32_t value) { Put(value); }
  void PutU64(uint64_t value) { Put(value); }
  void PutZeros(size_t count) { out_.resize(out_.size() + count); }
  // Overwrites what was put at `offset`.
  void PatchU32(size_t offset, uint32_t value) {
    std::memcpy(out_.data() + offset, &value, sizeof(value));
  }
  size_t size() const { return out_.size(); }

 private:
  template <class T>
  void Put(T value) {
    const auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

  std::vector<std::byte>& out_;
};

// Reads from memory that must outlive it.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint8_t TakeU8() { return Take<uint8_t>(); }
  uint32_t TakeU32() { return Take<uint32_t>(); }
  uint64_t TakeU64() { return Take<uint64_t>(); }
  // Skips `count` bytes that must be zero.
  void TakeZeros(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (TakeU8() != 0) failed_ = true;
    }
  }

  size_t left() const { return bytes_.size(); }
  // False once something was missing, or was not the zero it must be.
  bool ok() const { return !failed_; }

 private:
  template <class T>
  T Take() {
    T value = 0;
    if (bytes_.size() < sizeof(value)) {
      failed_ = true;
      bytes_ = {};
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof(value));
    bytes_ = bytes_.subspan(sizeof(value));
    return value;
  }

  std::span<const std::byte> bytes_;
  bool failed_ = false;
};

}  // namespace persist

#endif  // PERSIST_LITTLE_ENDIAN_H_
