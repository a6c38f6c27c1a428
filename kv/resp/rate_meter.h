// How much came per second lately: the mean of the last 1.6 seconds, in tenths,
// as Redis has it.

#ifndef KV_RESP_RATE_METER_H_
#define KV_RESP_RATE_METER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/instant.h"

namespace kv {

class RateMeter {
 public:
  void Add(runtime::Instant now, uint64_t count) {
    Advance(now);
    tenths_[newest_ % kTenths] += count;
    total_ += count;
  }
  uint64_t total() const { return total_; }

  // Of the sixteen tenths of a second before the one that is under way.
  uint64_t PerSecond(runtime::Instant now);

 private:
  static constexpr size_t kTenths = 17;

  // Forgets what is too old.
  void Advance(runtime::Instant now);

  std::array<uint64_t, kTenths> tenths_ = {};
  uint64_t newest_ = 0;  // The tenth of a second that is under way.
  uint64_t total_ = 0;
};

}  // namespace kv

#endif  // KV_RESP_RATE_METER_H_
