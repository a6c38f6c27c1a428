#include "sim/sim_clock.h"

#include <algorithm>

#include "runtime/check.h"

namespace sim {
namespace {

constexpr int64_t kMillion = 1'000'000;

// span * ppm / 1e6, rounded towards zero, without overflow.
int64_t Share(int64_t span, int32_t ppm) {
  return span / kMillion * ppm + span % kMillion * ppm / kMillion;
}

}  // namespace

runtime::Instant SimClock::Now() const {
  const int64_t elapsed = world_now_ + worked_ - world_base_;
  if (drift_ppm_ == 0)
    return runtime::Instant::FromNanos(host_base_.nanos() + elapsed);
  return runtime::Instant::FromNanos(host_base_.nanos() + elapsed +
                                     Share(elapsed, drift_ppm_));
}

absl::Time SimClock::WallNow() const {
  return absl::FromUnixNanos(Now().nanos() + wall_offset_ns_);
}

void SimClock::SetDrift(int32_t parts_per_million) {
  CHECK_LE(parts_per_million, kDriftMaxPpm);
  CHECK_GE(parts_per_million, -kDriftMaxPpm);
  Rebase(Now());
  drift_ppm_ = parts_per_million;
}

void SimClock::Restart(runtime::Instant origin) {
  wall_offset_ns_ += Now().nanos() - origin.nanos();
  Rebase(origin);
}

void SimClock::JumpWall(absl::Duration by) {
  wall_offset_ns_ += absl::ToInt64Nanoseconds(by);
}

void SimClock::Rebase(runtime::Instant now) {
  world_base_ = world_now_;
  host_base_ = now;
}

Time SimClock::WorldTimeOf(runtime::Instant at) const {
  const int64_t wanted = at.nanos() - host_base_.nanos();
  if (wanted <= 0) return world_now_;
  if (drift_ppm_ == 0) {
    const bool beyond = wanted > kNever - world_base_ - 2;
    return beyond ? kNever : std::max(world_now_, world_base_ + wanted);
  }

  // elapsed = wanted * 1e6 / rate, in two parts, as Share() does it.
  const int64_t rate = kMillion + drift_ppm_;
  int64_t elapsed = 0;
  if (__builtin_mul_overflow(wanted / rate, kMillion, &elapsed) ||
      __builtin_add_overflow(elapsed, wanted % rate * kMillion / rate,
                             &elapsed) ||
      elapsed > kNever - world_base_ - 2) {
    return kNever;
  }
  // Rounding is off by a nanosecond or two at most.
  while (elapsed > 0 &&
         elapsed - 1 + Share(elapsed - 1, drift_ppm_) >= wanted) {
    --elapsed;
  }
  while (elapsed + Share(elapsed, drift_ppm_) < wanted) ++elapsed;
  return std::max(world_now_, world_base_ + elapsed);
}

}  // namespace sim
