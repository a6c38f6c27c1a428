// Immutable bytes with shared ownership: a view into a slab that keeps the
// slab alive.
//
// A client's payload is copied once, from the socket into a slab, and then
// passed by Bytes: appended to the log, sent to every peer and applied from
// the same memory. Copying a Bytes costs one atomic increment (the network and
// the storage runtime may hold the same slab from two threads); slicing is
// free of copies too.

#ifndef RUNTIME_BYTES_H_
#define RUNTIME_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace runtime {

class Bytes {
 public:
  Bytes() = default;  // Empty; owns nothing.
  Bytes(const Bytes& other);
  Bytes(Bytes&& other) noexcept;
  Bytes& operator=(const Bytes& other);
  Bytes& operator=(Bytes&& other) noexcept;
  ~Bytes();

  // Copies `data` into a slab of its own.
  static Bytes Copy(std::span<const std::byte> data);
  static Bytes Copy(absl::string_view text);

  // A slab of `size` bytes that `fill` writes once, before anyone else sees it:
  //   Bytes b = Bytes::Build(n, [&](std::span<std::byte> out) { ... });
  template <class Fill>
  static Bytes Build(size_t size, Fill&& fill) {
    Bytes bytes(size);
    fill(std::span<std::byte>(bytes.mutable_data(), size));
    return bytes;
  }

  // Shares the slab. Requires: offset + size <= this->size().
  Bytes Slice(size_t offset, size_t size) const;

  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> span() const { return {data_, size_}; }
  absl::string_view text() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }

  friend bool operator==(const Bytes& a, const Bytes& b) {
    return a.text() == b.text();
  }

 private:
  struct Slab;

  explicit Bytes(size_t size);
  std::byte* mutable_data() { return const_cast<std::byte*>(data_); }

  Slab* slab_ = nullptr;  // Counted. Null exactly when size_ is zero at birth.
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

inline std::span<const std::byte> AsBytes(absl::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline absl::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace runtime

#endif  // RUNTIME_BYTES_H_
