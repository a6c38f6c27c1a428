// What time a host believes it is.
//
// Two clocks that must not be mixed: the monotonic one (Now), by which
// everything is decided, may drift but never jumps; the wall clock
// (WallNow) may do both and serves log lines and expiry stamps that the
// leader writes into the log, nothing else.
//
// Twins: sim/sim_clock.h, prod/real_clock.h.
// Both pass: tests/conformance/clock_test.cc

#ifndef RUNTIME_CLOCK_H_
#define RUNTIME_CLOCK_H_

#include "absl/time/time.h"

#include "runtime/instant.h"

namespace runtime {

class Clock {
 public:
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  // Never less than an earlier answer of the same clock.
  virtual Instant Now() const = 0;

  // May go backwards.
  virtual absl::Time WallNow() const = 0;

 protected:
  Clock() = default;
};

}  // namespace runtime

#endif  // RUNTIME_CLOCK_H_
