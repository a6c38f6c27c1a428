#include "sim/digest.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace sim {

// Text is mixed in as little-endian lanes.
static_assert(std::endian::native == std::endian::little);

void Digest::MixText(absl::string_view text) {
  Mix(text.size());
  while (!text.empty()) {
    uint64_t lane = 0;
    const size_t bytes = std::min(text.size(), sizeof(lane));
    std::memcpy(&lane, text.data(), bytes);
    Mix(lane);
    text.remove_prefix(bytes);
  }
}

std::optional<EventRange> FirstDifference(const Digest& a, const Digest& b) {
  if (a == b) return std::nullopt;
  const size_t common =
      std::min(a.checkpoints().size(), b.checkpoints().size());
  size_t equal = 0;
  while (equal < common && a.checkpoints()[equal] == b.checkpoints()[equal]) {
    ++equal;
  }
  const uint64_t begin = equal * Digest::kEventsPerCheckpoint;
  if (equal < common)
    return EventRange{begin, begin + Digest::kEventsPerCheckpoint};
  // The shorter one ends within this range, or right before it.
  return EventRange{begin, std::max(a.events(), b.events()) + 1};
}

}  // namespace sim
