#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "scenarios/artifact.h"
#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/recorded_run.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "sim/trace.h"

namespace scenarios {
namespace {

struct ReplaySettings {
  std::string artifact;  // Or else scenario and seed.
  std::string scenario;
  uint64_t seed = 1;
  std::string directory;
  std::optional<absl::Duration> until;
  std::string trace;
  bool lenient = false;
  bool json = false;
};

absl::StatusOr<ReplaySettings> ParseSettings(
    const std::vector<std::string>& words) {
  CommandLine line(words, {"lenient", "json"},
                   {"scenario", "seed", "trace", "until", "scenarios"});
  ReplaySettings settings;
  line.Text("scenario", &settings.scenario);
  line.Text("scenarios", &settings.directory);
  line.Text("trace", &settings.trace);
  line.Number("seed", 0, ~uint64_t{0}, &settings.seed);
  line.Span("until", &settings.until);
  settings.lenient = line.Has("lenient");
  settings.json = line.Has("json");
  if (line.positional().size() == 1 && settings.scenario.empty() &&
      !line.Has("seed")) {
    settings.artifact = line.positional()[0];
  } else if (!line.positional().empty() || settings.scenario.empty()) {
    line.Fail("replay needs an artifact, or --scenario S --seed N");
  }
  if (!settings.trace.empty() && settings.trace != "text" &&
      settings.trace != "json") {
    line.Fail("--trace: expected text or json");
  }
  if (!line.status().ok()) return line.status();
  return settings;
}

std::unique_ptr<sim::TraceSink> TraceFor(const ReplaySettings& settings) {
  if (settings.trace == "text") {
    return std::make_unique<sim::TextTrace>(std::cout,
                                            sim::TraceLevel::kMessages);
  }
  if (settings.trace == "json") {
    return std::make_unique<sim::JsonTrace>(std::cout,
                                            sim::TraceLevel::kMessages);
  }
  return nullptr;
}

void Print(const ReplaySettings& settings, const RunResult& result) {
  std::cout.flush();
  if (settings.json) {
    std::printf("%s\n", RunResultJson(result).c_str());
    return;
  }
  std::printf("%s: %s seed %llu, %llu events, digest %016llx\n",
              OutcomeName(result.outcome), result.scenario.c_str(),
              static_cast<unsigned long long>(result.seed),
              static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.digest));
  for (const std::string& knob : result.knobs) {
    std::printf("  %s\n", knob.c_str());
  }
  for (const auto& [kind, count] : result.faults) {
    std::printf("  struck %s %llu\n", kind.c_str(),
                static_cast<unsigned long long>(count));
  }
  if (!result.passed()) {
    std::printf("%s\n%s\n", result.signature.c_str(), result.message.c_str());
  }
}

int ExitCodeOf(const RunResult& result) {
  return result.passed() ? kExitPassed : kExitFailed;
}

int ReplaySeed(const ReplaySettings& settings) {
  const absl::StatusOr<Scenario> scenario =
      ScenarioLibrary(settings.directory).Load(settings.scenario);
  if (!scenario.ok()) return UsageError(scenario.status());
  const std::unique_ptr<sim::TraceSink> trace = TraceFor(settings);
  RunOptions options;
  options.seed = settings.seed;
  options.trace = trace.get();
  options.until = settings.until;
  const RunResult result = RunScenario(*scenario, options);
  Print(settings, result);
  return ExitCodeOf(result);
}

// Whether the replay is what was recorded; if not, says where they part.
bool IsTheSame(const RunResult& recorded, const RunResult& replayed) {
  if (recorded.digest == replayed.digest &&
      recorded.signature == replayed.signature) {
    return true;
  }
  size_t same = 0;
  while (same < recorded.checkpoints.size() &&
         same < replayed.checkpoints.size() &&
         recorded.checkpoints[same] == replayed.checkpoints[same]) {
    ++same;
  }
  std::fprintf(
      stderr,
      "raft_sim: not the recorded run: digest %016llx, recorded "
      "%016llx; they part between the events %llu and %llu\n",
      static_cast<unsigned long long>(replayed.digest),
      static_cast<unsigned long long>(recorded.digest),
      static_cast<unsigned long long>(same * sim::Digest::kEventsPerCheckpoint),
      static_cast<unsigned long long>((same + 1) *
                                      sim::Digest::kEventsPerCheckpoint));
  return false;
}

int ReplayArtifact(const ReplaySettings& settings) {
  const absl::StatusOr<std::string> bytes =
      ReadWholeFile(settings.artifact, Artifact::kBytesMax);
  if (!bytes.ok()) return UsageError(bytes.status());
  const absl::StatusOr<Artifact> artifact =
      ParseArtifact(*bytes, settings.artifact);
  if (!artifact.ok()) return UsageError(artifact.status());
  if (artifact->build != BuildIdentity()) {
    std::fprintf(stderr,
                 "raft_sim: recorded by another build: %s; this is %s\n",
                 artifact->build.c_str(), BuildIdentity().c_str());
  }
  const std::unique_ptr<sim::TraceSink> trace = TraceFor(settings);
  const absl::StatusOr<RunResult> result =
      Replay(*artifact, {.lenient = settings.lenient,
                         .until = settings.until,
                         .trace = trace.get()});
  if (!result.ok()) return UsageError(result.status());
  Print(settings, *result);
  const bool must_be_the_same =
      !settings.lenient && !settings.until.has_value();
  if (must_be_the_same && !IsTheSame(artifact->result, *result)) {
    return kExitNotDeterministic;
  }
  return ExitCodeOf(*result);
}

}  // namespace

int ReplayCommandLine(const std::vector<std::string>& words) {
  const absl::StatusOr<ReplaySettings> settings = ParseSettings(words);
  if (!settings.ok()) return UsageError(settings.status());
  return settings->artifact.empty() ? ReplaySeed(*settings)
                                    : ReplayArtifact(*settings);
}

}  // namespace scenarios
