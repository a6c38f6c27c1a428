#include "scenarios/sweep.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "runtime/random.h"
#include "scenarios/commands.h"
#include "scenarios/rare_states.h"
#include "scenarios/recorded_run.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep_junit.h"
#include "sim/divergence.h"

namespace scenarios {
namespace {

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

// Twice the same, or which event differs.
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
  result.counts.emplace_back(SweepReport::kRanTwice, 1);
  if (!divergence.has_value()) return result;
  result.outcome = RunResult::Outcome::kNotDeterministic;
  result.signature = "not-deterministic";
  result.message = divergence->ToString();
  return result;
}

}  // namespace

absl::Status Sweep::CheckOutputs(const SweepSettings& settings) {
  std::error_code error;
  if (!settings.artifacts.empty()) {
    std::filesystem::create_directories(settings.artifacts, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("--artifacts: cannot make the directory ",
                       settings.artifacts, ": ", error.message()));
    }
  }
  // Appending leaves what an earlier sweep wrote until there is something new.
  if (!settings.junit.empty() &&
      !std::ofstream(settings.junit, std::ios::app)) {
    return absl::UnavailableError(
        absl::StrCat("--junit: cannot write ", settings.junit));
  }
  return absl::OkStatus();
}

Sweep::Sweep(const SweepSettings& settings)
    : settings_(settings),
      total_(settings.time_limit.has_value() ? 0 : TotalSeeds()),
      progress_(stderr, total_,
                settings.time_limit.value_or(absl::ZeroDuration())) {}

uint64_t Sweep::TotalSeeds() const {
  const uint64_t seeds = settings_.last_seed - settings_.first_seed + 1;
  const uint64_t mine =
      (seeds + settings_.shards - settings_.shard) / settings_.shards;
  return mine * settings_.scenarios.size();
}

bool Sweep::Job(uint64_t n, SweepJob* job) {
  const uint64_t first = settings_.first_seed + settings_.shard - 1;
  if (n < kCanaryRuns) {
    *job = {settings_.scenarios.size(),
            runtime::StreamSeed(first, "sweep.canary", n)};
    return true;
  }
  n -= kCanaryRuns;
  if (settings_.time_limit.has_value()
          ? progress_.elapsed() >= *settings_.time_limit
          : n >= total_) {
    return false;
  }
  const uint64_t round = n / settings_.scenarios.size();
  *job = {n % settings_.scenarios.size(), first + round * settings_.shards};
  return true;
}

RunResult Sweep::RunJob(const SweepJob& job) const {
  if (IsCanary(job)) return settings_.canary(job.seed);
  const Scenario& scenario = settings_.scenarios[job.scenario];
  if (RunsTwice(job)) return RunTwice(scenario, job.seed);
  RunOptions options;
  options.seed = job.seed;
  return RunScenario(scenario, options);
}

// The same seeds of a scenario, however the sweep is cut into shards; but for
// the first one, so that no sweep is without any.
bool Sweep::RunsTwice(const SweepJob& job) const {
  constexpr uint64_t kWhole = 1'000'000;
  if (settings_.twice_ppm == 0) return false;
  if (job.seed == settings_.first_seed + settings_.shard - 1) return true;
  const std::string& name = settings_.scenarios[job.scenario].name;
  return runtime::StreamSeed(job.seed, absl::StrCat("sweep.twice/", name)) %
             kWhole <
         settings_.twice_ppm;
}

bool Sweep::OnResult(const SweepJob& job, RunResult result) {
  if (IsCanary(job)) {
    report_.AddCanary(result);
    return true;
  }
  // A seed that crashed could not say who it was.
  result.scenario = settings_.scenarios[job.scenario].name;
  result.source = settings_.scenarios[job.scenario].source;
  result.seed = job.seed;
  PrintSeed(result);
  const bool go_on = result.passed() || !settings_.fail_fast;
  report_.Add(std::move(result));
  return go_on;
}

void Sweep::PrintSeed(const RunResult& result) {
  if (settings_.json) {
    std::printf("%s\n", RunResultJson(result).c_str());
  } else if (!result.passed()) {
    const auto group = report_.groups().find(result.signature);
    // The report lists more of the same, the shortest first.
    if (group != report_.groups().end()) return;
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

void Sweep::KeepArtifacts() {
  std::vector<RunResult> exemplars = report_.Exemplars();
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
    result.artifact = absl::StrCat(settings_.artifacts, "/", result.scenario,
                                   "-", result.seed, ".artifact");
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

int Sweep::Run() {
  for (const Scenario& scenario : settings_.scenarios) {
    report_.MustReach(scenario.name, {.states = scenario.must_reach,
                                      .seeds = scenario.must_reach_seeds});
  }
  if (settings_.shards > 1) report_.BeShard();
  report_.Catalogue(RareStateNames());
  SweepCalls calls;
  calls.job = [this](uint64_t n, SweepJob* job) { return Job(n, job); };
  calls.run = [this](const SweepJob& job) { return RunJob(job); };
  calls.on_result = [this](const SweepJob& job, RunResult result) {
    return OnResult(job, std::move(result));
  };
  calls.on_tick = [this] {
    progress_.Show({.done = report_.runs(),
                    .not_passed = report_.not_passed(),
                    .virtual_time = report_.virtual_time()});
  };
  const absl::Status swept = RunSweepWorkers(settings_.workers, calls);
  progress_.Clear();
  return swept.ok() ? Finish() : UsageError(swept);
}

int Sweep::Finish() {
  const absl::Duration wall = progress_.elapsed();
  if (!settings_.artifacts.empty() && report_.not_passed() > 0) KeepArtifacts();
  std::printf("%s\n", settings_.json ? report_.ToJson(wall).c_str()
                                     : report_.ToText(wall).c_str());
  std::fflush(stdout);
  if (settings_.junit.empty()) return report_.ExitCode();
  const absl::Status written =
      WriteWholeFile(settings_.junit, JUnitXml(report_));
  return written.ok() ? report_.ExitCode() : UsageError(written);
}

}  // namespace scenarios
