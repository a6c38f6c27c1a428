// One sweep, from its settings to its exit code: many seeds of some scenarios
// in worker processes, the canary first, then a report, artifacts and JUnit.
//
// REAL WORLD: see sweep_workers.h.

#ifndef SCENARIOS_SWEEP_H_
#define SCENARIOS_SWEEP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "scenarios/canary.h"
#include "scenarios/run_result.h"
#include "scenarios/scenario.h"
#include "scenarios/sweep_progress.h"
#include "scenarios/sweep_report.h"
#include "scenarios/sweep_workers.h"

namespace scenarios {

struct SweepSettings {
  std::vector<Scenario> scenarios;
  uint64_t first_seed = 1;
  uint64_t last_seed = 100;
  // Every `shards`th seed, the `shard`th of them, from 1.
  uint64_t shard = 1;
  uint64_t shards = 1;
  std::optional<absl::Duration> time_limit;  // Instead of a last seed.
  SweepWorkersOptions workers;
  std::string artifacts;  // A directory, or empty.
  std::string junit;      // A file, or empty.
  bool json = false;
  bool verbose = false;
  // How many of the seeds run twice, to see that they are the same; the first
  // seed of each scenario does, unless it is none.
  uint32_t twice_ppm = 100'000;
  bool fail_fast = false;
  // Tests put another bird into the mine.
  std::function<RunResult(uint64_t seed)> canary = RunCanary;
};

class Sweep {
 public:
  // What it writes to can be written: to be asked before hours are spent.
  // Errors: UNAVAILABLE.
  static absl::Status CheckOutputs(const SweepSettings& settings);

  // `settings` must outlive this.
  explicit Sweep(const SweepSettings& settings);

  // Prints as it goes; returns the exit code (commands.h).
  int Run();

  const SweepReport& report() const { return report_; }

 private:
  static constexpr size_t kCanaryRuns = 2;

  uint64_t TotalSeeds() const;
  // Seed after seed, each through all scenarios: so that a sweep that is ended
  // early has seen something of each.
  bool Job(uint64_t n, SweepJob* job);
  RunResult RunJob(const SweepJob& job) const;
  bool RunsTwice(const SweepJob& job) const;
  bool OnResult(const SweepJob& job, RunResult result);
  bool IsCanary(const SweepJob& job) const {
    return job.scenario == settings_.scenarios.size();
  }
  // Runs the exemplars of each failure once more and keeps what happened.
  void KeepArtifacts();
  void PrintSeed(const RunResult& result);
  int Finish();

  const SweepSettings& settings_;
  const uint64_t total_;  // 0: not known.
  SweepProgress progress_;
  SweepReport report_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_H_
