#include "runtime/bytes.h"

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include <sys/single_threaded.h>

#include "runtime/check.h"

namespace runtime {

// The count lies in front of the bytes, in one allocation.
struct Bytes::Slab {
  std::atomic<uint32_t> count{1};

  static Slab* New(size_t size) {
    void* memory = ::operator new(sizeof(Slab) + size, std::nothrow);
    CHECK(memory != nullptr, "out of memory for ", size, " bytes");
    return new (memory) Slab;
  }
  std::byte* data() {
    return reinterpret_cast<std::byte*>(this) + sizeof(Slab);
  }
  // A program without threads pays for no atomic operations.
  void Retain() {
    if (__libc_single_threaded) {
      count.store(count.load(std::memory_order_relaxed) + 1,
                  std::memory_order_relaxed);
    } else {
      count.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void Release() {
    // Whoever holds the only reference need not tell anybody that it goes.
    const uint32_t held = count.load(std::memory_order_acquire);
    if (held == 1) {
      ::operator delete(this);
    } else if (__libc_single_threaded) {
      count.store(held - 1, std::memory_order_relaxed);
    } else if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      ::operator delete(this);
    }
  }
};

Bytes::Bytes(size_t size) : size_(size) {
  if (size == 0) return;
  slab_ = Slab::New(size);
  data_ = slab_->data();
}

Bytes::Bytes(const Bytes& other)
    : slab_(other.slab_), data_(other.data_), size_(other.size_) {
  if (slab_ != nullptr) slab_->Retain();
}

Bytes::Bytes(Bytes&& other) noexcept
    : slab_(std::exchange(other.slab_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Bytes& Bytes::operator=(const Bytes& other) {
  Bytes copy(other);
  return *this = std::move(copy);
}

Bytes& Bytes::operator=(Bytes&& other) noexcept {
  std::swap(slab_, other.slab_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Bytes::~Bytes() {
  if (slab_ != nullptr) slab_->Release();
}

Bytes Bytes::Copy(std::span<const std::byte> data) {
  return Build(data.size(), [data](std::span<std::byte> out) {
    if (!data.empty()) std::memcpy(out.data(), data.data(), data.size());
  });
}

Bytes Bytes::Copy(absl::string_view text) { return Copy(AsBytes(text)); }

Bytes Bytes::Slice(size_t offset, size_t size) const {
  CHECK_LE(offset, size_);
  CHECK_LE(size, size_ - offset);
  if (size == 0) return Bytes();
  Bytes slice(*this);
  slice.data_ += offset;
  slice.size_ = size;
  return slice;
}

}  // namespace runtime
