#include "sim/sparse_image.h"

#include <algorithm>
#include <cstring>

namespace sim {
namespace {

constexpr std::array<std::byte, SparseImage::kPageBytes> kZeros{};

}  // namespace

std::span<const std::byte> SparseImage::PageAt(uint64_t offset) const {
  const Page* const page = Find(offset / kPageBytes);
  const Page& bytes = page == nullptr ? kZeros : *page;
  return std::span<const std::byte>(bytes).subspan(offset % kPageBytes);
}

void SparseImage::Read(uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const std::span<const std::byte> page = PageAt(offset);
    const size_t count = std::min(page.size(), out.size());
    std::memcpy(out.data(), page.data(), count);
    out = out.subspan(count);
    offset += count;
  }
}

void SparseImage::Write(uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  end_ = std::max(end_, offset + bytes.size());
  const uint64_t pages = (offset + bytes.size() - 1) / kPageBytes + 1;
  if (pages_.size() < pages) pages_.resize(pages);
  while (!bytes.empty()) {
    std::unique_ptr<Page>& page = pages_[offset / kPageBytes];
    if (page == nullptr) page = std::make_unique<Page>();
    const size_t begin = offset % kPageBytes;
    const size_t count = std::min(kPageBytes - begin, bytes.size());
    std::memcpy(page->data() + begin, bytes.data(), count);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void SparseImage::Zero(uint64_t begin, uint64_t end) {
  end = std::min(end, end_);
  if (begin >= end) return;
  if (end == end_) end_ = begin;
  while (begin < end) {
    const uint64_t page = begin / kPageBytes;
    const uint64_t stop = std::min(end, (page + 1) * kPageBytes);
    if (stop - begin == kPageBytes) {
      pages_[page].reset();
    } else if (Page* const bytes = Find(page); bytes != nullptr) {
      std::memset(bytes->data() + begin % kPageBytes, 0, stop - begin);
    }
    begin = stop;
  }
}

}  // namespace sim
