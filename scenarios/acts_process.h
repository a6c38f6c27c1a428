// Acts that end, stop, start or slow the processes of a scenario.

#ifndef SCENARIOS_ACTS_PROCESS_H_
#define SCENARIOS_ACTS_PROCESS_H_

#include <cstdint>

#include "absl/time/time.h"

#include "scenarios/target.h"

namespace scenarios {

// kill -9: the page cache survives.
struct Crash {
  TargetChoice target;
};

// What was not synced is at the mercy of the dice.
struct PowerOff {
  TargetChoice target;
};

// Starts whoever of them is down.
struct Restart {
  TargetChoice target;
};

// As an operator stops it: it hands over what it leads, answers what is under
// way, and ends. Undone, it is started again.
struct Stop {
  TargetChoice target;
};

// As an operator changes a version: all of them, one after the other, are
// stopped and started again. Ends by itself.
struct RollingRestart {
  TargetChoice target;
};

struct Pause {
  TargetChoice target;
};

struct Resume {
  TargetChoice target;
};

// Dies and comes back again and again, until the act is undone: up for a drawn
// span, down for another. Half of the deaths take the power with them.
struct CrashLoop {
  TargetChoice target;
  absl::Duration up_min = absl::Milliseconds(1);
  absl::Duration up_max = absl::Milliseconds(300);
  absl::Duration down_min = absl::Milliseconds(1);
  absl::Duration down_max = absl::Milliseconds(100);
};

// Moves the wall clock and lets the clock run too fast or too slow.
struct SkewClock {
  TargetChoice target;
  int32_t drift_ppm = 0;
  absl::Duration over;  // The drift grows to its full size during this.
  absl::Duration jump;  // Of the wall clock, at once; may be negative.
};

// The leader is asked to hand over to the target. Nothing breaks.
struct Transfer {
  TargetChoice target;
};

struct SlowCpu {
  TargetChoice target;
  uint32_t factor = 1;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_PROCESS_H_
