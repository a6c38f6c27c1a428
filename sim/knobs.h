// Everything that can go wrong in a world, and how often: one printable struct.
//
// Time is absl::Duration, probabilities are parts per million, rates are
// integer ratios. The defaults break nothing: a calm world.

#ifndef SIM_KNOBS_H_
#define SIM_KNOBS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

#include "sim/disk_knobs.h"
#include "sim/network_knobs.h"

namespace sim {

enum class Schedule : uint8_t {
  kRandom,  // The dice choose among the fibers that are ready.
  kFifo,    // The fiber that waited longest.
  kPct,     // Priorities with few changes: see priority_schedule.h.
};

// While so many of its fibers have been set aside, a process is thought to be
// recovering: it reads its disk and has not served anybody yet.
inline constexpr uint32_t kRecoverySuspensions = 100;

struct ProcessKnobs {
  // Which ready fiber of an executor runs next, and which of the guest events
  // of one instant comes first.
  Schedule schedule = Schedule::kRandom;
  // kPct: the depth of the bugs that are looked for, and how long a window is
  // (slices of an executor, or races among events). Above 0; read when the
  // first choice is made.
  uint32_t pct_depth = 3;
  uint32_t pct_steps = 1000;
  // What running one fiber until it waits costs its host, times the host's
  // factor.
  absl::Duration cpu_cost_min = absl::Microseconds(1);
  absl::Duration cpu_cost_max = absl::Microseconds(10);
  // What each unit of work costs it that the guest reports (runtime/work.h),
  // times the factor: here what a command costs that is applied.
  absl::Duration work_cost = absl::ZeroDuration();
  // How long a task takes from one executor of a process to the other.
  absl::Duration post_delay_min = absl::Microseconds(1);
  absl::Duration post_delay_max = absl::Microseconds(20);
  // Every host draws its factor from [min, max] at its first boot: how much
  // slower it is than the fastest.
  uint32_t cpu_factor_min = 1;
  uint32_t cpu_factor_max = 1;
  // Every host draws its clock's drift from [-max, max] at its first boot.
  uint32_t clock_drift_max_ppm = 0;
  // How probably a process crashes, or its host loses its power, when one of
  // its fibers has been set aside, before the next one runs.
  uint32_t crash_at_suspend_ppm = 0;
  // How probably a boot is cut short like that, within the first
  // kRecoverySuspensions suspensions of the process.
  uint32_t crash_in_recovery_ppm = 0;
  // How probably an allocation fails on the way to a call to the disk or the
  // network. Nobody catches that, so that the process ends where it stands; all
  // that the world can see of the place is which of its calls was not made.
  uint32_t allocation_failure_ppm = 0;
  // Of the BUGGIFY sites, how many are active in a seed, and how often an
  // active one fires.
  uint32_t buggify_active_ppm = 0;
  uint32_t buggify_fire_ppm = 250'000;
};

struct Knobs {
  ProcessKnobs process;
  NetworkKnobs network;
  DiskKnobs disk;

  // One "name = value" a line, in a fixed order.
  std::string ToString() const;
};

}  // namespace sim

#endif  // SIM_KNOBS_H_
