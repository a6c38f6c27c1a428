// How a sweep is getting on: a bar on a terminal, a plain line now and then
// elsewhere.
//
// REAL WORLD: reads the real clock and asks the terminal. See sweep_workers.h.

#ifndef SCENARIOS_SWEEP_PROGRESS_H_
#define SCENARIOS_SWEEP_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/time/time.h"

namespace scenarios {

class SweepProgress {
 public:
  struct State {
    uint64_t done = 0;
    uint64_t not_passed = 0;
    absl::Duration virtual_time;  // Simulated so far.
  };

  // Writes to `out`, which must outlive this. Either `total` seeds or a
  // `time_limit` says when it will be over; 0: not that.
  SweepProgress(std::FILE* out, uint64_t total, absl::Duration time_limit);

  void Show(const State& state);
  // Takes the bar away, so that other text can be printed.
  void Clear();

  absl::Duration elapsed() const;

 private:
  std::FILE* const out_;
  const uint64_t total_;
  const absl::Duration time_limit_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_;
  absl::Duration next_line_;
};

// "[####......] 40/100 seeds, 12.1 seeds/s, 711:1, 0 not passed, 5s left";
// 711:1 is simulated to real time. `total` and `time_limit` as above.
std::string ProgressLine(const SweepProgress::State& state, uint64_t total,
                         absl::Duration time_limit, absl::Duration elapsed);

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_PROGRESS_H_
