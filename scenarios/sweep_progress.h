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
  // Writes to `out`, which must outlive this. `total` 0: not known.
  SweepProgress(std::FILE* out, uint64_t total);

  void Show(uint64_t done, uint64_t not_passed);
  // Takes the bar away, so that other text can be printed.
  void Clear();

  absl::Duration elapsed() const;

 private:
  std::string Bar(uint64_t done, uint64_t not_passed) const;

  std::FILE* const out_;
  const uint64_t total_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_;
  absl::Duration next_line_;
};

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_PROGRESS_H_
