// Runs one seed of one scenario, from an empty world to a verdict.
//
// The same scenario, seed and program give the same run, bit for bit.

#ifndef SCENARIOS_RUNNER_H_
#define SCENARIOS_RUNNER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/cluster.h"
#include "scenarios/linearizability.h"
#include "scenarios/run_result.h"
#include "scenarios/scenario.h"
#include "sim/digest.h"
#include "sim/tape.h"
#include "sim/trace.h"

namespace scenarios {

struct RunOptions {
  uint64_t seed = 1;
  // May be null; must outlive the run.
  sim::ChoiceTape* tape = nullptr;
  sim::TraceSink* trace = nullptr;
  sim::Digest* digest = nullptr;  // Gets the whole digest in the end.
  // Ends the run early, without a verdict on what comes later.
  std::optional<absl::Duration> until;
  LinearizabilityBudget budget;
  DiskWrapper wrap_disk;  // Empty, or how a planted bug gets in (canary.h).
};

RunResult RunScenario(const Scenario& scenario, const RunOptions& options);

}  // namespace scenarios

#endif  // SCENARIOS_RUNNER_H_
