#include "sim/disk_dice.h"

#include <algorithm>

#include "sim/world.h"

namespace sim {
namespace {

constexpr absl::string_view kFaultNames[kDiskFaults] = {
    "disk.read_failed", "disk.write_failed", "disk.sync_failed",
    "disk.crash_in_call"};

}  // namespace

DiskDice::DiskDice(World& world, HostId host)
    : world_(world),
      host_(host),
      latency_(world.Stream("disk.latency", host)),
      faults_(world.Stream("disk.faults", host)),
      layouts_(world.Stream("disk.layouts", host)) {}

const DiskKnobs& DiskDice::knobs() const {
  return knobs_.has_value() ? *knobs_ : world_.knobs().disk;
}

DiskDice::Timing DiskDice::Plan(Call call) {
  const DiskKnobs& now = knobs();
  absl::Duration low = now.read_latency_min;
  absl::Duration high = now.read_latency_max;
  if (call == Call::kWrite) {
    low = now.write_latency_min;
    high = now.write_latency_max;
  } else if (call == Call::kSync) {
    low = now.sync_latency_min;
    high = now.sync_latency_max;
  }
  const absl::Duration span = latency_.Between(low, std::max(low, high));
  const bool effect_first = latency_.Below(2) == 0;
  if (now.stall_ppm > 0 && faults_.Chance(now.stall_ppm)) {
    StallFor(faults_.Between(absl::ZeroDuration(), now.stall_max));
  }
  return {.span = span, .effect_first = effect_first};
}

absl::Duration DiskDice::StallLeft() const {
  return absl::Nanoseconds(std::max<Time>(0, stalled_until_ - world_.now()));
}

void DiskDice::StallFor(absl::Duration span) {
  const Time until = world_.now() + absl::ToInt64Nanoseconds(span);
  stalled_until_ = std::max(stalled_until_, until);
  world_.CountFault("disk.stall");
  world_.Record(host_, "disk.stall",
                {{"nanos", absl::ToInt64Nanoseconds(span)}});
}

bool DiskDice::Strikes(DiskFault fault) {
  const size_t kind = static_cast<size_t>(fault);
  const uint32_t ppm = PartsPerMillion(fault);
  bool strikes = ppm > 0 && faults_.Chance(ppm);
  if (ordered_[kind] > 0) {
    --ordered_[kind];
    strikes = true;
  }
  if (strikes) {
    world_.CountFault(kFaultNames[kind]);
    world_.Record(host_, kFaultNames[kind], {});
  }
  return strikes;
}

bool DiskDice::WritesBack() {
  const uint32_t ppm = knobs().writeback_ppm;
  return ppm > 0 && faults_.Chance(ppm);
}

uint32_t DiskDice::PartsPerMillion(DiskFault fault) const {
  switch (fault) {
    case DiskFault::kReadFails:
      return knobs().read_failure_ppm;
    case DiskFault::kWriteFails:
      return knobs().write_failure_ppm;
    case DiskFault::kSyncFails:
      return knobs().sync_failure_ppm;
    case DiskFault::kCrashInCall:
      return knobs().crash_in_call_ppm;
  }
  return 0;
}

}  // namespace sim
