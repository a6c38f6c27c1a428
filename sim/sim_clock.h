// The clocks of one simulated host: the world's time, seen through an error.
//
// The monotonic clock has an origin of its own (so that instants of different
// hosts have nothing to do with one another) and runs too fast or too slow by
// so many parts per million. The wall clock runs with it, and may be moved.
// Integers only.
//
// Twin: prod/real_clock.h. Both pass: tests/conformance/clock_test.cc

#ifndef SIM_SIM_CLOCK_H_
#define SIM_SIM_CLOCK_H_

#include <cstdint>
#include <utility>

#include "absl/time/time.h"

#include "runtime/clock.h"
#include "runtime/instant.h"
#include "sim/event.h"

namespace sim {

class SimClock final : public runtime::Clock {
 public:
  static constexpr int32_t kDriftMaxPpm = 500'000;

  // `world_now` must outlive this. The clock shows `origin` now.
  SimClock(const Time& world_now, runtime::Instant origin)
      : world_now_(world_now), world_base_(world_now), host_base_(origin) {}

  runtime::Instant Now() const override;
  absl::Time WallNow() const override;

  // From now on the clock gains so much; negative: loses.
  // Requires: |parts_per_million| <= kDriftMaxPpm.
  void SetDrift(int32_t parts_per_million);
  int32_t drift_ppm() const { return drift_ppm_; }

  // The machine lost its power: the monotonic clock begins anew at `origin`.
  // The wall clock, which has a battery, goes on.
  void Restart(runtime::Instant origin);

  // A processor computes, and the time of the world stands still meanwhile: the
  // clock shows so much more, until TakeWorked().
  void Work(Time span) { worked_ += span; }
  Time TakeWorked() { return std::exchange(worked_, 0); }

  // Moves the wall clock only.
  void JumpWall(absl::Duration by);

  // The first time of the world, from now on, at which Now() >= `at`. kNever if
  // that is beyond the end of time.
  Time WorldTimeOf(runtime::Instant at) const;

 private:
  void Rebase(runtime::Instant now);

  const Time& world_now_;
  // At world_base_ the clock showed host_base_; since then drift_ppm_ holds.
  Time world_base_;
  runtime::Instant host_base_;
  int32_t drift_ppm_ = 0;
  Time worked_ = 0;
  // What the wall clock is ahead of the monotonic one. Begins at 2024-01-01.
  int64_t wall_offset_ns_ = 1'704'067'200'000'000'000;
};

}  // namespace sim

#endif  // SIM_SIM_CLOCK_H_
