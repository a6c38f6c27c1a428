// Names the first event in which two runs of one seed differ, both sides.
//
// A world that is not deterministic has a digest that says so, and checkpoints
// that say where to look; the runs are then done again, with a recorder that
// keeps only the suspect stretch. That a run differs from itself is always a
// bug: of the guest, of a build, or ours.

#ifndef SIM_DIVERGENCE_H_
#define SIM_DIVERGENCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/digest.h"
#include "sim/trace.h"

namespace sim {

// Builds a world with this trace (null: none), runs it, returns its digest.
using WorldRun = std::function<Digest(TraceSink* trace)>;

struct Divergence {
  uint64_t event = 0;  // The number of the first event that differs.
  // What each run did there, as a line of the trace. Both are empty when the
  // runs differed, and then did not do it again while they were recorded; the
  // event is then where the stretch that differed began.
  std::string left;
  std::string right;

  std::string ToString() const;
};

// Runs the world twice, and, if the digests differ, up to `attempts` times two
// more. nullopt: the runs are equal.
std::optional<Divergence> FindDivergence(const WorldRun& run, int attempts = 4);

// The same for two worlds that should be equal: two builds of a knob, a run and
// its replay.
std::optional<Divergence> FindDivergence(const WorldRun& left,
                                         const WorldRun& right,
                                         int attempts = 4);

}  // namespace sim

#endif  // SIM_DIVERGENCE_H_
