// What a scenario leaves open and every seed decides before its world begins:
// how many nodes there are and how fast their clocks tick, which schedule
// chooses among what is ready, and how the run ends.
//
// Each choice has dice of its own: one more list in a scenario leaves the other
// choices as they were.

#ifndef SCENARIOS_SEED_CHOICES_H_
#define SCENARIOS_SEED_CHOICES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "config/units.h"
#include "sim/knobs.h"

namespace scenarios {

struct Scenario;

struct ScheduleChoice {
  sim::Schedule schedule = sim::Schedule::kRandom;
  uint32_t depth = 0;  // kPct only: from 1.

  // "random", "fifo", "pct 3".
  std::string ToString() const;
  friend bool operator==(const ScheduleChoice&,
                         const ScheduleChoice&) = default;
};

enum class Ending : uint8_t {
  kQuiet,  // Everything heals.
  kCore,   // A majority heals, the rest is broken for good: see core_end.h.
};
const char* EndingName(Ending ending);

// Each with equal chances; empty or {1, 1}: nothing to choose.
struct SeedChoices {
  std::vector<ScheduleChoice> schedules;  // Empty: random.
  std::vector<Ending> endings;            // Empty: quiet.
  std::vector<uint32_t> nodes;            // Empty: as the cluster says.
  // Election timeout and heartbeat are this many times what the cluster says.
  config::Range pace = {1, 1};
  config::Range segment_bytes = {0, 0};  // Zero: as the cluster says.
};

// The scenario as one seed runs it: one schedule, one ending, one shape. What
// was chosen is appended to `printed`, as "schedule = pct 3".
Scenario WithChoicesMade(const Scenario& scenario, uint64_t seed,
                         std::vector<std::string>* printed);

}  // namespace scenarios

#endif  // SCENARIOS_SEED_CHOICES_H_
