// What became of one seed of one scenario: plain data that crosses from a
// worker process to the sweep, into reports and into artifacts.

#ifndef SCENARIOS_RUN_RESULT_H_
#define SCENARIOS_RUN_RESULT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "scenarios/json_reader.h"
#include "scenarios/text_record.h"

namespace scenarios {

struct RunResult {
  enum class Outcome : uint8_t {
    kPassed = 0,
    kFailed = 1,
    kInconclusive = 2,      // A checker ran out of its budget. Not a pass.
    kNotDeterministic = 3,  // Two runs of the seed differ.
  };

  std::string scenario;
  std::string source;  // How the scenario is found again: a name or a path.
  uint64_t seed = 0;
  Outcome outcome = Outcome::kPassed;
  // Not passed: which check, where, in which role, without numbers: equal
  // signatures are one bug.
  std::string signature;
  std::string message;  // The evidence, with its numbers.

  uint64_t digest = 0;
  std::vector<uint64_t> checkpoints;  // See sim/digest.h.
  uint64_t events = 0;
  absl::Duration virtual_time;  // How long the world lived.
  absl::Duration cpu_time;      // What it cost us.

  Counts counts;  // What happened: "client.answered".
  Counts faults;  // What struck, by kind.
  std::vector<std::string> expected_faults;  // Configured and not switched off.
  Counts reached;                            // Rare states, by name.
  std::vector<std::string> knobs;        // As drawn: "network.frame_loss = 1%".
  std::vector<std::string> last_events;  // Not passed: the end of the trace.
  std::string artifact;                  // Where it was kept, or empty.

  bool passed() const { return outcome == Outcome::kPassed; }
};

const char* OutcomeName(RunResult::Outcome outcome);

// Text without what differs between two occurrences of one bug: numbers become
// "#", addresses and the numbers in node names too.
std::string WithoutNumbers(absl::string_view text);

std::string SerializeRunResult(const RunResult& result);
// Errors: DATA_LOSS.
absl::StatusOr<RunResult> ParseRunResult(absl::string_view bytes);

// One line, mergeable between shards: all but checkpoints and last events.
std::string RunResultJson(const RunResult& result);
// Errors: INVALID_ARGUMENT.
absl::StatusOr<RunResult> RunResultFromJson(const JsonValue& json);

// "raft_sim replay --scenario S --seed N", or by its artifact.
std::string ReplayCommand(const RunResult& result);

}  // namespace scenarios

#endif  // SCENARIOS_RUN_RESULT_H_
