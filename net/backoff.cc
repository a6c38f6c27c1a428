#include "net/backoff.h"

#include <algorithm>

#include "runtime/check.h"

namespace net {

Backoff::Backoff(absl::Duration min, absl::Duration max)
    : min_(min), max_(max), span_(min) {
  CHECK(min > absl::ZeroDuration());
  CHECK(min <= max);
}

absl::Duration Backoff::Next(runtime::Random& dice) {
  const absl::Duration span = span_;
  span_ = std::min(span_ * 2, max_);
  return dice.Between(span / 2, span);
}

}  // namespace net
