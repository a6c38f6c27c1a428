#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "scenarios/artifact.h"
#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/perfetto_trace.h"
#include "scenarios/recorded_run.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "scenarios/selecting_trace.h"
#include "sim/trace.h"

namespace scenarios {
namespace {

struct ReplaySettings {
  std::string artifact;  // Or else scenario and seed.
  std::string scenario;
  uint64_t seed = 1;
  std::string directory;
  std::optional<absl::Duration> until;
  TraceSelection selection;  // Of a trace as text or JSON.
  std::string trace;         // "text", "json", "perfetto" or none.
  std::string out;           // Where the trace goes; empty: stdout.
  bool schedule = false;     // The trace shows the simulator's steps as well.
  bool lenient = false;
  bool json = false;
};

void ReadSelection(CommandLine& line, TraceSelection* selection) {
  const auto words = [&line](absl::string_view key) {
    std::string text;
    line.Text(key, &text);
    std::vector<std::string> list =
        absl::StrSplit(text, ',', absl::SkipEmpty());
    if (line.Has(key) && list.empty()) {
      line.Fail(absl::StrCat("--", key, ": expected names, separated by ','"));
    }
    return list;
  };
  selection->hosts = words("node");
  selection->kinds = words("only");
  std::optional<absl::Duration> from;
  line.Span("from", &from);
  selection->from =
      absl::ToInt64Nanoseconds(from.value_or(absl::ZeroDuration()));
}

absl::StatusOr<ReplaySettings> ParseSettings(
    const std::vector<std::string>& words) {
  CommandLine line(words, {"lenient", "json", "schedule"},
                   {"scenario", "seed", "trace", "out", "until", "scenarios",
                    "node", "only", "from"});
  ReplaySettings settings;
  line.Text("scenario", &settings.scenario);
  line.Text("scenarios", &settings.directory);
  line.Text("trace", &settings.trace);
  line.Text("out", &settings.out);
  line.Number("seed", 0, ~uint64_t{0}, &settings.seed);
  line.Span("until", &settings.until);
  ReadSelection(line, &settings.selection);
  settings.schedule = line.Has("schedule");
  settings.lenient = line.Has("lenient");
  settings.json = line.Has("json");
  if (line.positional().size() == 1 && settings.scenario.empty() &&
      !line.Has("seed")) {
    settings.artifact = line.positional()[0];
  } else if (!line.positional().empty() || settings.scenario.empty()) {
    line.Fail("replay needs an artifact, or --scenario S --seed N");
  } else if (settings.lenient) {
    line.Fail("--lenient needs an artifact: a seed has no tape");
  }
  if (line.Has("trace") && settings.trace != "text" &&
      settings.trace != "json" && settings.trace != "perfetto") {
    line.Fail("--trace: expected text, json or perfetto");
  }
  if (!line.Has("trace") && (line.Has("out") || settings.schedule)) {
    line.Fail("--out and --schedule are about a --trace");
  }
  if (!settings.selection.all() && settings.trace != "text" &&
      settings.trace != "json") {
    line.Fail("--node, --only and --from are about a --trace text or json");
  }
  if (!line.status().ok()) return line.status();
  return settings;
}

// Where the trace goes, and in which form.
class TraceOutput {
 public:
  // Errors: UNAVAILABLE.
  absl::Status Open(const ReplaySettings& settings) {
    if (!settings.out.empty()) {
      file_.open(settings.out, std::ios::trunc);
      if (!file_) {
        return absl::UnavailableError(
            absl::StrCat("--out: cannot write ", settings.out));
      }
    }
    std::ostream& out = settings.out.empty() ? std::cout : file_;
    const sim::TraceLevel level = settings.schedule ? sim::TraceLevel::kSchedule
                                                    : sim::TraceLevel::kStory;
    if (settings.trace == "text") {
      sink_ = std::make_unique<sim::TextTrace>(out, level);
    } else if (settings.trace == "json") {
      sink_ = std::make_unique<sim::JsonTrace>(out, level);
    } else if (settings.trace == "perfetto") {
      sink_ = std::make_unique<PerfettoTrace>(out, settings.schedule);
    }
    if (!settings.selection.all()) {
      selecting_ = std::make_unique<SelectingTrace>(settings.selection, *sink_);
    }
    return absl::OkStatus();
  }

  sim::TraceSink* sink() const {
    return selecting_ != nullptr ? selecting_.get() : sink_.get();
  }

  // The run is over. Errors: UNAVAILABLE.
  absl::Status Close() {
    selecting_.reset();
    sink_.reset();
    std::cout.flush();
    file_.flush();
    return file_ ? absl::OkStatus()
                 : absl::UnavailableError("--out: cannot write all of it");
  }

 private:
  std::ofstream file_;
  std::unique_ptr<sim::TraceSink> sink_;
  std::unique_ptr<sim::TraceSink> selecting_;  // In front of it, or null.
};

// A trace for programs that goes to stdout is alone there.
std::FILE* SummaryFile(const ReplaySettings& settings) {
  const bool for_programs =
      settings.trace == "json" || settings.trace == "perfetto";
  return for_programs && settings.out.empty() ? stderr : stdout;
}

void Print(const ReplaySettings& settings, const RunResult& result) {
  std::FILE* const out = SummaryFile(settings);
  if (settings.json) {
    std::fprintf(out, "%s\n", RunResultJson(result).c_str());
    return;
  }
  std::fprintf(out, "%s: %s seed %llu, %llu events, digest %016llx\n",
               OutcomeName(result.outcome), result.scenario.c_str(),
               static_cast<unsigned long long>(result.seed),
               static_cast<unsigned long long>(result.events),
               static_cast<unsigned long long>(result.digest));
  for (const std::string& knob : result.knobs) {
    std::fprintf(out, "  %s\n", knob.c_str());
  }
  for (const auto& [kind, count] : result.faults) {
    std::fprintf(out, "  struck %s %llu\n", kind.c_str(),
                 static_cast<unsigned long long>(count));
  }
  if (!result.passed()) {
    std::fprintf(out, "%s\n%s\n", result.signature.c_str(),
                 result.message.c_str());
  }
}

int ExitCodeOf(const RunResult& result) {
  return result.passed() ? kExitPassed : kExitFailed;
}

int ReplaySeed(const ReplaySettings& settings) {
  const absl::StatusOr<Scenario> scenario =
      ScenarioLibrary(settings.directory).Load(settings.scenario);
  if (!scenario.ok()) return UsageError(scenario.status());
  TraceOutput trace;
  absl::Status status = trace.Open(settings);
  if (!status.ok()) return UsageError(status);
  RunOptions options;
  options.seed = settings.seed;
  options.trace = trace.sink();
  options.until = settings.until;
  const RunResult result = RunScenario(*scenario, options);
  status = trace.Close();
  Print(settings, result);
  return status.ok() ? ExitCodeOf(result) : UsageError(status);
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
  TraceOutput trace;
  absl::Status status = trace.Open(settings);
  if (!status.ok()) return UsageError(status);
  const absl::StatusOr<Replayed> replayed =
      Replay(*artifact, {.lenient = settings.lenient,
                         .until = settings.until,
                         .trace = trace.sink()});
  status = trace.Close();
  if (!replayed.ok()) return UsageError(replayed.status());
  Print(settings, replayed->result);
  if (settings.lenient) {
    std::fprintf(stderr, "%llu choices from the tape, %llu from the dice\n",
                 static_cast<unsigned long long>(replayed->from_tape),
                 static_cast<unsigned long long>(replayed->from_dice));
  }
  if (!status.ok()) return UsageError(status);
  if (!replayed->difference.empty()) {
    std::fprintf(stderr, "raft_sim: not the recorded run: %s\n",
                 replayed->difference.ToString().c_str());
    return kExitNotDeterministic;
  }
  return ExitCodeOf(replayed->result);
}

}  // namespace

int ReplayCommandLine(const std::vector<std::string>& words) {
  const absl::StatusOr<ReplaySettings> settings = ParseSettings(words);
  if (!settings.ok()) return UsageError(settings.status());
  return settings->artifact.empty() ? ReplaySeed(*settings)
                                    : ReplayArtifact(*settings);
}

}  // namespace scenarios
