#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep_workers.h"
#include "scenarios/text_record.h"

namespace scenarios {
namespace {

// How much longer the long runs live, to see whether a world decays.
constexpr int64_t kLonger = 10;
// Of so many seeds one is also run long: about twice the work in all.
constexpr uint64_t kSeedsPerLongRun = 10;

struct BenchSettings {
  std::vector<Scenario> scenarios;
  uint64_t first_seed = 1;
  uint64_t last_seed = 100;
  bool json = false;
};

absl::StatusOr<BenchSettings> ParseSettings(
    const std::vector<std::string>& words) {
  CommandLine line(words, {"json"}, {"seeds", "scenarios"});
  BenchSettings settings;
  std::string directory;
  line.Text("scenarios", &directory);
  line.Seeds("seeds", &settings.first_seed, &settings.last_seed);
  settings.json = line.Has("json");
  if (!line.status().ok()) return line.status();
  std::vector<std::string> names = line.positional();
  if (names.empty()) names = {"std-chaos-60s"};
  absl::StatusOr<std::vector<Scenario>> scenarios =
      ScenarioLibrary(directory).LoadAll(names);
  if (!scenarios.ok()) return scenarios.status();
  settings.scenarios = *std::move(scenarios);
  return settings;
}

Scenario Longer(const Scenario& scenario) {
  Scenario longer = scenario;
  longer.phases.warm_up *= kLonger;
  longer.phases.chaos *= kLonger;
  longer.phases.quiet *= kLonger;
  return longer;
}

double Milliseconds(absl::Duration span) {
  return absl::ToDoubleMilliseconds(span);
}

double Ratio(absl::Duration a, absl::Duration b) {
  return b > absl::ZeroDuration() ? absl::FDivDuration(a, b) : 0;
}

// What one scenario costs.
class Bench {
 public:
  Bench(const BenchSettings& settings, const Scenario& scenario)
      : settings_(settings),
        lengths_{scenario, Longer(scenario)},
        seeds_(settings.last_seed - settings.first_seed + 1) {}

  // Errors: those of RunSweepWorkers().
  absl::Status Run();
  void Print() const;
  bool passed() const { return not_passed_.empty(); }

 private:
  enum Length : size_t { kNormal = 0, kLong = 1 };

  struct Costs {
    absl::Duration cpu;
    absl::Duration lived;
    uint64_t events = 0;
  };

  uint64_t long_runs() const {
    return (seeds_ + kSeedsPerLongRun - 1) / kSeedsPerLongRun;
  }
  bool Job(uint64_t n, SweepJob* job) const;
  void OnResult(const SweepJob& job, const RunResult& result);

  // Of the normal runs, sorted. Requires: one is there.
  absl::Duration Percentile(uint64_t percent) const {
    return spans_[(spans_.size() - 1) * percent / 100];
  }
  double EventsPerSecond() const;
  // How much more a long run costs than the same seeds in normal length.
  double LongerCosts() const {
    return Ratio(costs_[kLong].cpu, cpu_of_long_seeds_);
  }
  uint64_t faults() const;
  void PrintText() const;
  void PrintJson() const;

  const BenchSettings& settings_;
  const Scenario lengths_[2];
  const uint64_t seeds_;

  Costs costs_[2];                    // By length.
  absl::Duration cpu_of_long_seeds_;  // In normal length.
  std::vector<absl::Duration> spans_;
  absl::btree_map<std::string, uint64_t> faults_;  // Of the normal runs.
  std::vector<std::string> not_passed_;            // How to see each again.
};

absl::Status Bench::Run() {
  SweepCalls calls;
  calls.job = [this](uint64_t n, SweepJob* job) { return Job(n, job); };
  calls.run = [this](const SweepJob& job) {
    RunOptions options;
    options.seed = job.seed;
    return RunScenario(lengths_[job.scenario], options);
  };
  calls.on_result = [this](const SweepJob& job, const RunResult& result) {
    OnResult(job, result);
    return true;
  };
  calls.on_tick = [] {};
  // One at a time: seeds that share a core measure one another.
  const absl::Status done = RunSweepWorkers({.jobs = 1}, calls);
  std::sort(spans_.begin(), spans_.end());
  return done;
}

bool Bench::Job(uint64_t n, SweepJob* job) const {
  if (n >= seeds_ + long_runs()) return false;
  const bool is_long = n >= seeds_;
  job->scenario = is_long ? kLong : kNormal;
  job->seed = settings_.first_seed + (is_long ? n - seeds_ : n);
  return true;
}

void Bench::OnResult(const SweepJob& job, const RunResult& result) {
  if (!result.passed()) {
    const absl::string_view longer = job.scenario == kLong ? ", long" : "";
    not_passed_.push_back(
        absl::StrCat("seed ", job.seed, longer, ": ", result.signature));
  }
  Costs& costs = costs_[job.scenario];
  costs.cpu += result.cpu_time;
  costs.lived += result.virtual_time;
  costs.events += result.events;
  if (job.scenario == kLong) return;
  if (job.seed - settings_.first_seed < long_runs()) {
    cpu_of_long_seeds_ += result.cpu_time;
  }
  spans_.push_back(result.cpu_time);
  for (const auto& [kind, count] : result.faults) faults_[kind] += count;
}

double Bench::EventsPerSecond() const {
  const double seconds = absl::ToDoubleSeconds(costs_[kNormal].cpu);
  return seconds > 0 ? static_cast<double>(costs_[kNormal].events) / seconds
                     : 0;
}

uint64_t Bench::faults() const {
  uint64_t sum = 0;
  for (const auto& [kind, count] : faults_) sum += count;
  return sum;
}

void Bench::Print() const {
  for (const std::string& failure : not_passed_) {
    std::fprintf(stderr, "%s: not passed: %s\n", lengths_[0].name.c_str(),
                 failure.c_str());
  }
  settings_.json ? PrintJson() : PrintText();
}

void Bench::PrintText() const {
  const Costs& normal = costs_[kNormal];
  const auto count = static_cast<int64_t>(spans_.size());
  absl::PrintF("%s: %d seeds of %s, %d nodes\n", lengths_[0].name, count,
               absl::FormatDuration(lengths_[0].phases.End()),
               lengths_[0].cluster.nodes);
  absl::PrintF("  per seed     %.1f ms mean, %.1f median, %.1f p95\n",
               Milliseconds(normal.cpu / count), Milliseconds(Percentile(50)),
               Milliseconds(Percentile(95)));
  absl::PrintF("  events       %d a seed, %.2f million a second\n",
               normal.events / static_cast<uint64_t>(count),
               EventsPerSecond() / 1e6);
  absl::PrintF("  simulated    %.0f times real time\n",
               Ratio(normal.lived, normal.cpu));
  absl::PrintF("  %d times as long costs %.2f times as much (%d seeds)\n",
               kLonger, LongerCosts(), long_runs());
  absl::PrintF("  faults       %d struck\n", faults());
  for (const auto& [kind, struck] : faults_) {
    absl::PrintF("    %8d  %s\n", struck, kind);
  }
}

void Bench::PrintJson() const {
  const Costs& normal = costs_[kNormal];
  const auto count = static_cast<int64_t>(spans_.size());
  std::string faults;
  for (const auto& [kind, struck] : faults_) {
    absl::StrAppend(&faults, faults.empty() ? "" : ",", JsonQuoted(kind), ":",
                    struck);
  }
  absl::PrintF(
      "{\"scenario\":%s,\"seeds\":%d,\"nodes\":%d,\"ms_mean\":%.3f,"
      "\"ms_median\":%.3f,\"ms_p95\":%.3f,\"events\":%d,"
      "\"events_per_second\":%.0f,\"simulated_per_real\":%.1f,"
      "\"longer\":%d,\"longer_costs\":%.3f,\"not_passed\":%d,"
      "\"faults_struck\":%d,\"faults\":{%s}}\n",
      JsonQuoted(lengths_[0].name), count, lengths_[0].cluster.nodes,
      Milliseconds(normal.cpu / count), Milliseconds(Percentile(50)),
      Milliseconds(Percentile(95)), normal.events, EventsPerSecond(),
      Ratio(normal.lived, normal.cpu), kLonger, LongerCosts(),
      not_passed_.size(), this->faults(), faults);
}

}  // namespace

int BenchCommand(const std::vector<std::string>& words) {
  const absl::StatusOr<BenchSettings> settings = ParseSettings(words);
  if (!settings.ok()) return UsageError(settings.status());
  int exit_code = kExitPassed;
  for (const Scenario& scenario : settings->scenarios) {
    Bench bench(*settings, scenario);
    const absl::Status done = bench.Run();
    if (!done.ok()) return UsageError(done);
    bench.Print();
    if (!bench.passed()) exit_code = kExitFailed;
  }
  return exit_code;
}

}  // namespace scenarios
