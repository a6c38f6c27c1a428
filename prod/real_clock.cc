#include "prod/real_clock.h"

#include <time.h>

#include "absl/time/clock.h"

namespace prod {

runtime::Instant RealClock::Now() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return runtime::Instant::FromNanos(now.tv_sec * 1'000'000'000 + now.tv_nsec);
}

absl::Time RealClock::WallNow() const { return absl::Now(); }

}  // namespace prod
