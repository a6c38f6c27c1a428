#include "scenarios/wall_times.h"

#include <algorithm>
#include <limits>

namespace scenarios {

WallTimes::Moment WallTimes::Now() const {
  Moment now{.shown_ms = {}, .jumps = jumps_.size()};
  for (uint32_t node = 1; node <= nodes_; ++node) {
    now.shown_ms.push_back(read_(node));
  }
  return now;
}

WallTimes::Span WallTimes::Since(const Moment& begin, uint32_t node) const {
  Span span{.low_ms = std::numeric_limits<int64_t>::max(),
            .high_ms = std::numeric_limits<int64_t>::min()};
  const auto widen = [&span](int64_t shown_ms) {
    span.low_ms = std::min(span.low_ms, shown_ms);
    span.high_ms = std::max(span.high_ms, shown_ms);
  };
  for (uint32_t each = 1; each <= nodes_; ++each) {
    if (node != kAllNodes && node != each) continue;
    widen(begin.shown_ms[each - 1]);
    widen(read_(each));
  }
  for (size_t i = begin.jumps; i < jumps_.size(); ++i) {
    const Jump& jump = jumps_[i];
    if (node == kAllNodes || node == jump.node) widen(jump.shown_ms);
  }
  return span;
}

}  // namespace scenarios
