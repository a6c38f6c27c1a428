#include "scenarios/recorded_run.h"

#include <memory>
#include <utility>

#include "runtime/status_macros.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/tape_codec.h"
#include "sim/tape.h"

namespace scenarios {
namespace {

constexpr size_t kLastEventsKept = 400;

}  // namespace

void LastEvents::OnEvent(const sim::TraceEvent& event) {
  if (event.level != sim::TraceLevel::kStory) return;
  lines_.push_back(sim::ToText(event));
  if (lines_.size() > kept_) lines_.pop_front();
}

Artifact RunRecorded(const Scenario& scenario, uint64_t seed) {
  sim::RecordingTape tape;
  LastEvents last(kLastEventsKept);
  Artifact artifact;
  artifact.build = BuildIdentity();
  artifact.scenario_text = scenario.text;
  RunOptions options;
  options.seed = seed;
  options.tape = &tape;
  options.trace = &last;
  artifact.result = RunScenario(scenario, options);
  artifact.result.last_events = last.lines();
  artifact.tape = EncodeTape(tape.record());
  return artifact;
}

absl::StatusOr<RunResult> Replay(const Artifact& artifact,
                                 const ReplayOptions& options) {
  ASSIGN_OR_RETURN(const Scenario scenario,
                   ParseScenario(artifact.scenario_text,
                                 artifact.result.scenario + ".yaml"));
  ASSIGN_OR_RETURN(const sim::TapeRecord record, DecodeTape(artifact.tape));
  std::unique_ptr<sim::ChoiceTape> tape;
  if (options.lenient) {
    tape = std::make_unique<sim::LenientTape>(record);
  } else {
    tape = std::make_unique<sim::ReplayTape>(record);
  }
  RunOptions run;
  run.seed = artifact.result.seed;
  run.tape = tape.get();
  run.trace = options.trace;
  run.until = options.until;
  return RunScenario(scenario, run);
}

}  // namespace scenarios
