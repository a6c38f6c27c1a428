#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/recorded_run.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep_progress.h"
#include "scenarios/sweep_report.h"
#include "scenarios/sweep_workers.h"
#include "sim/divergence.h"

namespace scenarios {
namespace {

struct RunSettings {
  std::vector<Scenario> scenarios;
  uint64_t first_seed = 1;
  uint64_t last_seed = 100;
  uint64_t shard = 1;
  uint64_t shards = 1;
  std::optional<absl::Duration> time_limit;  // Instead of a last seed.
  SweepWorkersOptions workers;
  std::string artifacts;  // A directory, or empty.
  bool json = false;
  bool verbose = false;
  bool check_determinism = false;
  bool fail_fast = false;
};

absl::StatusOr<RunSettings> ParseSettings(
    const std::vector<std::string>& words) {
  CommandLine line(
      words, {"json", "verbose", "check-determinism", "fail-fast"},
      {"seeds", "for", "jobs", "shard", "artifacts", "timeout", "scenarios"});
  RunSettings settings;
  std::string directory;
  uint64_t jobs = static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN));
  std::optional<absl::Duration> timeout;
  line.Text("scenarios", &directory);
  line.Text("artifacts", &settings.artifacts);
  line.Seeds("seeds", &settings.first_seed, &settings.last_seed);
  line.Span("for", &settings.time_limit);
  line.Span("timeout", &timeout);
  line.Number("jobs", 1, 1024, &jobs);
  line.Shard("shard", &settings.shard, &settings.shards);
  if (line.Has("seeds") && line.Has("for")) {
    line.Fail("--seeds or --for, not both");
  }
  if (line.positional().empty()) {
    line.Fail("run needs scenarios, by name or path, or all");
  }
  settings.json = line.Has("json");
  settings.verbose = line.Has("verbose");
  settings.check_determinism = line.Has("check-determinism");
  settings.fail_fast = line.Has("fail-fast");
  settings.workers.jobs = jobs;
  if (timeout.has_value()) settings.workers.seed_timeout = *timeout;
  if (!line.status().ok()) return line.status();
  absl::StatusOr<std::vector<Scenario>> scenarios =
      ScenarioLibrary(directory).LoadAll(line.positional());
  if (!scenarios.ok()) return scenarios.status();
  settings.scenarios = *std::move(scenarios);
  return settings;
}

// Twice the same, or which event differs.
// Takes blocks of every size, so that the next run finds its objects at other
// addresses than the last: what depends on an address shows.
class HeapShaker {
 public:
  void Shake() {
    ++shakes_;
    for (size_t bytes = 16; bytes <= 2048; bytes += 16) {
      for (size_t i = 0; i < 3 + 4 * shakes_; ++i) {
        blocks_.push_back(std::make_unique<std::byte[]>(bytes));
      }
    }
  }

 private:
  size_t shakes_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

RunResult RunTwice(const Scenario& scenario, uint64_t seed) {
  RunResult result;
  HeapShaker heap;
  const auto run = [&](sim::TraceSink* trace) {
    heap.Shake();
    sim::Digest digest;
    RunOptions options;
    options.seed = seed;
    options.trace = trace;
    options.digest = &digest;
    result = RunScenario(scenario, options);
    return digest;
  };
  const std::optional<sim::Divergence> divergence = sim::FindDivergence(run);
  if (!divergence.has_value()) return result;
  result.outcome = RunResult::Outcome::kNotDeterministic;
  result.signature = "not-deterministic";
  result.message = divergence->ToString();
  return result;
}

class SeedSweep {
 public:
  explicit SeedSweep(const RunSettings& settings)
      : settings_(settings),
        total_(settings.time_limit.has_value() ? 0 : TotalJobs(settings)),
        progress_(stderr, total_) {}

  int Run();

 private:
  static uint64_t TotalJobs(const RunSettings& settings) {
    const uint64_t seeds = settings.last_seed - settings.first_seed + 1;
    const uint64_t mine =
        (seeds + settings.shards - settings.shard) / settings.shards;
    return mine * settings.scenarios.size();
  }

  // Seed after seed, each through all scenarios: so that a sweep that is ended
  // early has seen something of each.
  bool Job(uint64_t n, SweepJob* job);
  bool OnResult(const SweepJob& job, RunResult result);
  // Runs the exemplars of each failure once more and keeps what happened.
  void KeepArtifacts();
  void Print(const RunResult& result);

  const RunSettings& settings_;
  const uint64_t total_;
  SweepProgress progress_;
  SweepReport report_;
};

bool SeedSweep::Job(uint64_t n, SweepJob* job) {
  if (settings_.time_limit.has_value()
          ? progress_.elapsed() >= *settings_.time_limit
          : n >= total_) {
    return false;
  }
  job->scenario = n % settings_.scenarios.size();
  job->seed = settings_.first_seed + settings_.shard - 1 +
              n / settings_.scenarios.size() * settings_.shards;
  return true;
}

void SeedSweep::Print(const RunResult& result) {
  if (settings_.json) {
    std::printf("%s\n", RunResultJson(result).c_str());
  } else if (!result.passed()) {
    progress_.Clear();
    std::printf("%s: %s\n  %s\n", OutcomeName(result.outcome),
                result.signature.c_str(), ReplayCommand(result).c_str());
  } else if (settings_.verbose) {
    progress_.Clear();
    std::printf("passed: %s seed %llu, %llu events, %s\n  %s\n",
                result.scenario.c_str(),
                static_cast<unsigned long long>(result.seed),
                static_cast<unsigned long long>(result.events),
                absl::FormatDuration(result.cpu_time).c_str(),
                absl::StrJoin(result.knobs, ", ").c_str());
  }
  std::fflush(stdout);
}

bool SeedSweep::OnResult(const SweepJob& job, RunResult result) {
  // A seed that crashed could not say who it was.
  result.scenario = settings_.scenarios[job.scenario].name;
  result.source = settings_.scenarios[job.scenario].source;
  result.seed = job.seed;
  Print(result);
  const bool go_on = result.passed() || !settings_.fail_fast;
  report_.Add(std::move(result));
  return go_on;
}

void SeedSweep::KeepArtifacts() {
  std::error_code error;
  std::filesystem::create_directories(settings_.artifacts, error);
  std::vector<RunResult> exemplars = report_.Exemplars();
  const auto path_of = [this](const RunResult& exemplar) {
    return absl::StrCat(settings_.artifacts, "/", exemplar.scenario, "-",
                        exemplar.seed, ".artifact");
  };
  const auto scenario_of = [this](const RunResult& exemplar) -> size_t {
    for (size_t i = 0; i < settings_.scenarios.size(); ++i) {
      if (settings_.scenarios[i].name == exemplar.scenario) return i;
    }
    return 0;
  };
  SweepCalls calls;
  calls.job = [&](uint64_t n, SweepJob* job) {
    if (n >= exemplars.size()) return false;
    *job = {scenario_of(exemplars[n]), exemplars[n].seed};
    return true;
  };
  calls.run = [&](const SweepJob& job) {
    Artifact artifact =
        RunRecorded(settings_.scenarios[job.scenario], job.seed);
    RunResult& result = artifact.result;
    result.artifact = path_of(result);
    const absl::Status written =
        WriteWholeFile(result.artifact, FormatArtifact(artifact));
    if (!written.ok()) result.artifact.clear();
    return result;
  };
  calls.on_result = [&](const SweepJob& job, RunResult result) {
    result.scenario = settings_.scenarios[job.scenario].name;
    if (!result.artifact.empty()) report_.SetArtifact(result);
    return true;
  };
  SweepWorkersOptions one_each = settings_.workers;
  one_each.batch_seeds = 1;
  const absl::Status done = RunSweepWorkers(one_each, calls);
  if (!done.ok()) {
    std::fprintf(stderr, "raft_sim: no artifacts: %s\n",
                 std::string(done.message()).c_str());
  }
}

int SeedSweep::Run() {
  for (const Scenario& scenario : settings_.scenarios) {
    report_.MustReach(scenario.must_reach);
  }
  report_.Catalogue(RareStates());
  SweepCalls calls;
  calls.job = [this](uint64_t n, SweepJob* job) { return Job(n, job); };
  calls.run = [this](const SweepJob& job) {
    const Scenario& scenario = settings_.scenarios[job.scenario];
    if (settings_.check_determinism) return RunTwice(scenario, job.seed);
    RunOptions options;
    options.seed = job.seed;
    return RunScenario(scenario, options);
  };
  calls.on_result = [this](const SweepJob& job, RunResult result) {
    return OnResult(job, std::move(result));
  };
  calls.on_tick = [this] {
    progress_.Show(report_.runs(), report_.not_passed());
  };
  const absl::Status swept = RunSweepWorkers(settings_.workers, calls);
  progress_.Clear();
  if (!swept.ok()) return UsageError(swept);
  const absl::Duration wall = progress_.elapsed();
  if (!settings_.artifacts.empty() && report_.not_passed() > 0) KeepArtifacts();
  std::printf("%s\n", settings_.json ? report_.ToJson(wall).c_str()
                                     : report_.ToText(wall).c_str());
  return report_.ExitCode();
}

}  // namespace

int RunCommand(const std::vector<std::string>& words) {
  const absl::StatusOr<RunSettings> settings = ParseSettings(words);
  if (!settings.ok()) return UsageError(settings.status());
  return SeedSweep(*settings).Run();
}

}  // namespace scenarios
