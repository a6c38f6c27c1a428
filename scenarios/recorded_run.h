// A run that leaves an artifact, and an artifact that is run again.

#ifndef SCENARIOS_RECORDED_RUN_H_
#define SCENARIOS_RECORDED_RUN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "scenarios/artifact.h"
#include "scenarios/exact_replay.h"
#include "scenarios/run_outline.h"
#include "scenarios/run_result.h"
#include "scenarios/scenario.h"
#include "sim/trace.h"

namespace scenarios {

// Keeps the skeleton of the run, and the last lines of its story.
class RunRecorder final : public sim::TraceSink {
 public:
  explicit RunRecorder(size_t lines_kept) : lines_kept_(lines_kept) {}
  void OnEvent(const sim::TraceEvent& event) override;

  const RunOutline& outline() const { return skeleton_.outline(); }
  std::vector<std::string> last_lines() const {
    return {lines_.begin(), lines_.end()};
  }

 private:
  const size_t lines_kept_;
  OutlineRecorder skeleton_;
  std::deque<std::string> lines_;
};

// Runs the seed with everything recorded.
Artifact RunRecorded(const Scenario& scenario, uint64_t seed);

struct ReplayOptions {
  // Keep what still fits of the tape and let the dice decide the rest.
  bool lenient = false;
  std::optional<absl::Duration> until;
  sim::TraceSink* trace = nullptr;
  // Not lenient: lines before the first difference, and after it on each side.
  size_t context = 0;
};

struct Replayed {
  RunResult result;
  // Not lenient: the first event that is not what was recorded, with both
  // sides. Empty: it was the recorded run, as far as it went.
  Difference difference;
  // Where its choices came from.
  uint64_t from_tape = 0;
  uint64_t from_dice = 0;
};

// Runs an artifact again.
// Errors: INVALID_ARGUMENT or DATA_LOSS when its scenario, tape or outline is
//         no good.
absl::StatusOr<Replayed> Replay(const Artifact& artifact,
                                const ReplayOptions& options);

}  // namespace scenarios

#endif  // SCENARIOS_RECORDED_RUN_H_
