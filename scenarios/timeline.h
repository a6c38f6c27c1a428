// When the steps of a scenario happen: whether their times fit together.
//
// A scenario in which some step is relative, or takes time, is a story: its
// steps happen one after the other, in the order in which they stand. Then a
// step with a time of its own must not come before the one in front of it may
// be done. Otherwise every step has a time of its own, and may stand anywhere.

#ifndef SCENARIOS_TIMELINE_H_
#define SCENARIOS_TIMELINE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace scenarios {

struct TimelineError {
  size_t step = 0;      // Which of the steps.
  std::string message;  // Empty: there is none.
};

bool IsStory(const std::vector<Step>& steps);

// Brings the steps of a scenario that is no story into order of time.
// Returns what is wrong, if anything.
TimelineError OrderSteps(const Phases& phases, std::vector<Step>* steps);

}  // namespace scenarios

#endif  // SCENARIOS_TIMELINE_H_
