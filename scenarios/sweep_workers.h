// Many seeds on all cores, each batch in a fresh child process: a crash, a leak
// or a hang of one seed is that seed's failure, and the sweep goes on.
//
// REAL WORLD: the sweep_*.h are the only files of this room that know processes
// and the real clock. Nothing simulated includes them.
//
// The parent forks a child per batch; it never runs a seed itself, so it stays
// a few megabytes small and a fork costs it well below a millisecond. The child
// reports the beginning and the result of each seed through a pipe, and what it
// printed to stderr through another. When a child dies, the seed it was running
// gets a failing result with the signal and its stack, and a new child takes
// the rest of the batch.

#ifndef SCENARIOS_SWEEP_WORKERS_H_
#define SCENARIOS_SWEEP_WORKERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "scenarios/run_result.h"

namespace scenarios {

// One seed of one scenario; `scenario` belongs to the caller.
struct SweepJob {
  size_t scenario = 0;
  uint64_t seed = 0;
};

struct SweepWorkersOptions {
  size_t jobs = 1;          // Children at the same time.
  size_t batch_seeds = 32;  // Per child; the smaller, the fresher.
  // Real time that one seed may take before its child is killed.
  absl::Duration seed_timeout = absl::Seconds(120);
  // Address space that a child may take: a seed that wants more has failed. 0:
  // no limit.
  uint64_t memory_bytes_max = uint64_t{4} << 30;
  // What a seed that passed may leave behind in the heap.
  uint64_t leak_bytes_max = uint64_t{1} << 20;
};

struct SweepCalls {
  // The `n`th job, from 0; false when there are no more.
  std::function<bool(uint64_t n, SweepJob* job)> job;
  // Runs in a child.
  std::function<RunResult(const SweepJob&)> run;
  // Runs in the parent, in order of completion. False ends the sweep: children
  // are killed and their seeds forgotten.
  std::function<bool(const SweepJob&, RunResult)> on_result;
  // Runs in the parent, about ten times a second.
  std::function<void()> on_tick;
};

// Returns when every job has a result or the sweep was ended.
// Errors: RESOURCE_EXHAUSTED (no more processes or pipes).
absl::Status RunSweepWorkers(const SweepWorkersOptions& options,
                             const SweepCalls& calls);

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_WORKERS_H_
