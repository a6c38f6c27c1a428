// Acts that end, stop, start or slow the processes of a scenario.

#ifndef SCENARIOS_ACTS_PROCESS_H_
#define SCENARIOS_ACTS_PROCESS_H_

#include <cstdint>

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

struct Pause {
  TargetChoice target;
};

struct Resume {
  TargetChoice target;
};

struct ClockDrift {
  TargetChoice target;
  int32_t parts_per_million = 0;
};

struct SlowCpu {
  TargetChoice target;
  uint32_t factor = 1;
};

}  // namespace scenarios

#endif  // SCENARIOS_ACTS_PROCESS_H_
