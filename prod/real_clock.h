// The machine's clocks: CLOCK_MONOTONIC and CLOCK_REALTIME.
//
// Twin: sim/sim_clock.h. Both pass: tests/conformance/clock_test.cc
// Any thread.

#ifndef PROD_REAL_CLOCK_H_
#define PROD_REAL_CLOCK_H_

#include "absl/time/time.h"

#include "runtime/clock.h"
#include "runtime/instant.h"

namespace prod {

class RealClock final : public runtime::Clock {
 public:
  runtime::Instant Now() const override;
  absl::Time WallNow() const override;
};

}  // namespace prod

#endif  // PROD_REAL_CLOCK_H_
