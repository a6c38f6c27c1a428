#include "persist/segment_folding.h"

namespace persist {

size_t FirstToFold(std::span<const uint64_t> used_bytes,
                   uint64_t segment_bytes) {
  const uint64_t always_max = segment_bytes / 8;
  const uint64_t folded_max = segment_bytes / 2;
  size_t first = used_bytes.size();
  uint64_t behind = 0;
  for (size_t i = used_bytes.size(); i-- > 0;) {
    const uint64_t used = used_bytes[i];
    const uint64_t folded = used + behind;
    if (folded > folded_max) break;
    if (folded <= always_max || used <= 2 * behind) first = i;
    behind = folded;
  }
  return first;
}

}  // namespace persist
