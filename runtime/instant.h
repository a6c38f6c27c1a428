// A point in time on one host's monotonic clock, in nanoseconds.
//
// The origin is arbitrary (in practice: when the host started), so instants of
// different hosts must never be compared. Spans of time are absl::Duration.
// Never the wall clock: Raft decides nothing by it.

#ifndef RUNTIME_INSTANT_H_
#define RUNTIME_INSTANT_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace runtime {

class Instant {
 public:
  constexpr Instant() = default;  // The clock's origin.
  static constexpr Instant FromNanos(int64_t nanos) { return Instant(nanos); }
  static constexpr Instant InfiniteFuture() {
    return Instant(std::numeric_limits<int64_t>::max());
  }

  constexpr int64_t nanos() const { return nanos_; }

  // Saturates at InfiniteFuture(); an infinite instant stays infinite.
  friend Instant operator+(Instant at, absl::Duration span) {
    return at.Plus(absl::ToInt64Nanoseconds(span));
  }
  friend Instant operator-(Instant at, absl::Duration span) {
    return at.Plus(-absl::ToInt64Nanoseconds(span));
  }
  friend absl::Duration operator-(Instant a, Instant b) {
    return absl::Nanoseconds(a.nanos_ - b.nanos_);
  }
  friend constexpr auto operator<=>(Instant, Instant) = default;

 private:
  constexpr explicit Instant(int64_t nanos) : nanos_(nanos) {}
  constexpr Instant Plus(int64_t span) const {
    int64_t sum = 0;
    if (nanos_ == std::numeric_limits<int64_t>::max() ||
        __builtin_add_overflow(nanos_, span, &sum)) {
      return InfiniteFuture();
    }
    return Instant(sum);
  }

  int64_t nanos_ = 0;
};

}  // namespace runtime

#endif  // RUNTIME_INSTANT_H_
