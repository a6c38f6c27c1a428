#include "scenarios/recorded_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "runtime/status_macros.h"
#include "scenarios/exact_replay.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/tape_codec.h"
#include "sim/tape.h"

namespace scenarios {
namespace {

constexpr size_t kLastLinesKept = 400;

RunOptions OptionsOf(const Artifact& artifact, const ReplayOptions& options) {
  RunOptions run;
  run.seed = artifact.result.seed;
  run.until = options.until;
  return run;
}

Replayed ReplayLeniently(const Scenario& scenario,
                         const sim::TapeRecord& record, RunOptions run,
                         sim::TraceSink* trace) {
  sim::LenientTape tape(record);
  run.tape = &tape;
  run.trace = trace;
  Replayed replayed;
  replayed.result = RunScenario(scenario, run);
  replayed.from_tape = tape.played();
  replayed.from_dice = tape.drawn();
  return replayed;
}

Replayed ReplayExactly(const Scenario& scenario, const sim::TapeRecord& record,
                       const RunOutline& outline, const RunResult& recorded,
                       RunOptions run, const ReplayOptions& options) {
  ExactReplay replay(record, outline, recorded.last_events, options.trace,
                     options.context);
  if (run.until.has_value()) {
    replay.StopAt(absl::ToInt64Nanoseconds(*run.until));
  }
  run.tape = &replay;
  run.trace = &replay;
  Replayed replayed;
  replayed.result = RunScenario(scenario, run);
  if (!run.until.has_value()) replay.CheckEnd();
  replayed.difference = replay.difference();
  replayed.from_tape = replay.choices_played();
  const bool same_verdict = run.until.has_value() ||
                            (replayed.result.digest == recorded.digest &&
                             replayed.result.signature == recorded.signature);
  if (replayed.difference.empty() && !same_verdict) {
    replayed.difference.choice = absl::StrFormat(
        "the verdict: recorded %s %016x, now %s %016x", recorded.signature,
        recorded.digest, replayed.result.signature, replayed.result.digest);
  }
  return replayed;
}

}  // namespace

void RunRecorder::OnEvent(const sim::TraceEvent& event) {
  skeleton_.OnEvent(event);
  if (event.level != sim::TraceLevel::kStory) return;
  lines_.push_back(sim::ToText(event));
  if (lines_.size() > lines_kept_) lines_.pop_front();
}

Artifact RunRecorded(const Scenario& scenario, uint64_t seed) {
  sim::RecordingTape tape;
  RunRecorder recorder(kLastLinesKept);
  Artifact artifact;
  artifact.build = BuildIdentity();
  artifact.scenario_text = scenario.text;
  RunOptions options;
  options.seed = seed;
  options.tape = &tape;
  options.trace = &recorder;
  artifact.result = RunScenario(scenario, options);
  artifact.result.last_events = recorder.last_lines();
  artifact.tape = EncodeTape(tape.record());
  artifact.outline = EncodeOutline(recorder.outline());
  return artifact;
}

absl::StatusOr<Replayed> Replay(const Artifact& artifact,
                                const ReplayOptions& options) {
  ASSIGN_OR_RETURN(const Scenario scenario,
                   ParseScenario(artifact.scenario_text,
                                 artifact.result.scenario + ".yaml"));
  ASSIGN_OR_RETURN(const sim::TapeRecord record, DecodeTape(artifact.tape));
  ASSIGN_OR_RETURN(const RunOutline outline, DecodeOutline(artifact.outline));
  RunOptions run = OptionsOf(artifact, options);
  if (options.lenient) {
    return ReplayLeniently(scenario, record, std::move(run), options.trace);
  }
  return ReplayExactly(scenario, record, outline, artifact.result,
                       std::move(run), options);
}

}  // namespace scenarios
