// The bytes of one simulated file: an array of zeros of which only the pages
// that were written take memory.
//
// A preallocated log segment of megabytes costs nothing until it is used, which
// keeps a world small enough to fork.

#ifndef SIM_SPARSE_IMAGE_H_
#define SIM_SPARSE_IMAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sim {

class SparseImage {
 public:
  static constexpr size_t kPageBytes = 4096;

  SparseImage() = default;
  SparseImage(const SparseImage&) = delete;
  SparseImage& operator=(const SparseImage&) = delete;

  void Read(uint64_t offset, std::span<std::byte> out) const;
  void Write(uint64_t offset, std::span<const std::byte> bytes);

  // Makes [begin, end) zero; pages wholly inside are given back.
  void Zero(uint64_t begin, uint64_t end);

  // The bytes from `offset` to the end of its page: a view, of a page of zeros
  // where none was written. Valid until the next change.
  std::span<const std::byte> PageAt(uint64_t offset) const;

  // Every byte from here on is zero.
  uint64_t end() const { return end_; }

 private:
  using Page = std::array<std::byte, kPageBytes>;

  Page* Find(uint64_t page) const {
    return page < pages_.size() ? pages_[page].get() : nullptr;
  }

  std::vector<std::unique_ptr<Page>> pages_;  // Null: zeros.
  uint64_t end_ = 0;
};

}  // namespace sim

#endif  // SIM_SPARSE_IMAGE_H_
