// A hint to the processor: memory that will be read soon. Changes nothing but
// time, so it may be given an address that nothing lies at.

#ifndef RUNTIME_PREFETCH_H_
#define RUNTIME_PREFETCH_H_

#include <algorithm>
#include <cstddef>

namespace runtime {

// The first lines of `size` bytes at `data`. The rest of them the processor
// guesses by itself.
inline void Prefetch(const void* data, size_t size) {
  constexpr size_t kLine = 64;
  constexpr size_t kLinesMax = 3;
  const auto* bytes = static_cast<const char*>(data);
  const size_t end = std::min(size, kLinesMax * kLine);
  for (size_t at = 0; at < end; at += kLine) __builtin_prefetch(bytes + at);
}

}  // namespace runtime

#endif  // RUNTIME_PREFETCH_H_
