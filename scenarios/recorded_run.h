// A run that leaves an artifact, and an artifact that is run again.

#ifndef SCENARIOS_RECORDED_RUN_H_
#define SCENARIOS_RECORDED_RUN_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "scenarios/artifact.h"
#include "scenarios/run_result.h"
#include "scenarios/scenario.h"
#include "sim/trace.h"

namespace scenarios {

// Keeps the last lines of the story.
class LastEvents final : public sim::TraceSink {
 public:
  explicit LastEvents(size_t kept) : kept_(kept) {}
  void OnEvent(const sim::TraceEvent& event) override;
  std::vector<std::string> lines() const {
    return {lines_.begin(), lines_.end()};
  }

 private:
  const size_t kept_;
  std::deque<std::string> lines_;
};

// Runs the seed with everything recorded.
Artifact RunRecorded(const Scenario& scenario, uint64_t seed);

struct ReplayOptions {
  // Keep what still fits of the tape and let the dice decide the rest.
  bool lenient = false;
  std::optional<absl::Duration> until;
  sim::TraceSink* trace = nullptr;
};

// Runs an artifact again.
// Errors: INVALID_ARGUMENT or DATA_LOSS when its scenario or tape is no good.
absl::StatusOr<RunResult> Replay(const Artifact& artifact,
                                 const ReplayOptions& options);

}  // namespace scenarios

#endif  // SCENARIOS_RECORDED_RUN_H_
