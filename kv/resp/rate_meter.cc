#include "kv/resp/rate_meter.h"

#include <algorithm>

#include "absl/time/time.h"

namespace kv {

void RateMeter::Advance(runtime::Instant now) {
  const auto tenth = static_cast<uint64_t>((now - runtime::Instant()) /
                                           absl::Milliseconds(100));
  if (tenth <= newest_) return;
  const uint64_t passed = std::min<uint64_t>(tenth - newest_, kTenths);
  for (uint64_t i = 0; i < passed; ++i) tenths_[(tenth - i) % kTenths] = 0;
  newest_ = tenth;
}

uint64_t RateMeter::PerSecond(runtime::Instant now) {
  Advance(now);
  uint64_t sum = 0;
  for (const uint64_t tenth : tenths_) sum += tenth;
  sum -= tenths_[newest_ % kTenths];
  return sum * 10 / (kTenths - 1);
}

}  // namespace kv
