#include "scenarios/runner.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "runtime/random.h"
#include "scenarios/at_rest.h"
#include "scenarios/client_oracle.h"
#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/core_end.h"
#include "scenarios/final_demands.h"
#include "scenarios/history.h"
#include "scenarios/idle_end.h"
#include "scenarios/nemesis.h"
#include "scenarios/redis_clients.h"
#include "scenarios/storyteller.h"
#include "sim/world.h"

namespace scenarios {
namespace {

// Everything of one run, in the order in which it is torn down.
class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options);

  RunResult Execute();

 private:
  static sim::Knobs QuietKnobs(const Scenario& scenario, uint64_t seed,
                               std::vector<std::string>* printed);
  std::vector<KnobSetting> DrawFaults();
  std::optional<CoreEnd> DrawCore();
  std::vector<uint32_t> Core() const;
  void Judge(RunResult* result);
  void Describe(RunResult* result);
  void DescribeHosts(RunResult* result);

  const RunOptions& options_;
  std::vector<std::string> knobs_;
  const Scenario scenario_;  // With all choices made.
  sim::World world_;
  History history_;
  Cluster cluster_;
  Clients clients_;
  RedisClients redis_clients_;
  std::optional<CoreEnd> core_;  // Unless everything heals.
  Nemesis nemesis_;
  Storyteller storyteller_;
  FinalDemands demands_;
  IdleEnd idle_;
  AtRest at_rest_;
};

std::vector<KnobSetting> Draw(const std::vector<KnobSetting>& settings,
                              bool swarm, uint64_t seed,
                              std::vector<std::string>* printed) {
  runtime::Random dice(runtime::StreamSeed(seed, "scenario.knobs"));
  std::vector<KnobSetting> drawn = DrawKnobs(settings, swarm, dice);
  for (const KnobSetting& setting : drawn) {
    printed->push_back(setting.ToString());
  }
  return drawn;
}

sim::Knobs Run::QuietKnobs(const Scenario& scenario, uint64_t seed,
                           std::vector<std::string>* printed) {
  sim::Knobs knobs;
  const ScheduleChoice& schedule = scenario.choices.schedules.front();
  knobs.process.schedule = schedule.schedule;
  if (schedule.depth > 0) knobs.process.pct_depth = schedule.depth;
  ApplyKnobs(Draw(scenario.environment, false, seed, printed), knobs);
  return knobs;
}

std::vector<KnobSetting> Run::DrawFaults() {
  return Draw(scenario_.faults, scenario_.swarm, options_.seed, &knobs_);
}

Run::Run(const Scenario& scenario, const RunOptions& options)
    : options_(options),
      scenario_(WithChoicesMade(scenario, options.seed, &knobs_)),
      world_({.seed = options.seed,
              .knobs = QuietKnobs(scenario_, options.seed, &knobs_),
              .tape = options.tape,
              .trace = options.trace}),
      cluster_(world_, scenario_.cluster, scenario_.atlas, options.wrap_disk),
      clients_(world_, cluster_, scenario_.workload, history_),
      redis_clients_(world_, cluster_, scenario_),
      core_(DrawCore()),
      nemesis_(world_, cluster_, scenario_, DrawFaults(), Core()),
      storyteller_(world_, cluster_, clients_, nemesis_, scenario_, history_),
      demands_(world_, cluster_, clients_, scenario_, history_),
      idle_(world_, scenario_),
      at_rest_(world_, cluster_, scenario_) {
  clients_.AddKeys(ScriptedKeys(scenario_));
}

// A core that leaves nobody out is the quiet ending.
std::optional<CoreEnd> Run::DrawCore() {
  const bool some_stay_broken =
      cluster_.size() > 2 && scenario_.choices.endings.front() == Ending::kCore;
  if (!some_stay_broken) return std::nullopt;
  return CoreEnd(world_, cluster_, scenario_);
}

std::vector<uint32_t> Run::Core() const {
  if (!core_.has_value()) return {};
  return core_->core();
}

RunResult Run::Execute() {
  cluster_.BootAllThatAreDown();
  clients_.Start();
  redis_clients_.Start(Core(), [this] { return !demands_.excused().empty(); });
  nemesis_.Start();
  storyteller_.Start();
  if (core_.has_value()) core_->Start();
  demands_.Start(Core(), core_.has_value() ? [this] { return core_->Excuse(); }
                                           : FinalDemands::Excuse());
  if (!core_.has_value()) idle_.Start();
  at_rest_.Start(Core(), [this] { return !demands_.excused().empty(); });
  const absl::Duration until = options_.until.value_or(scenario_.phases.End());
  world_.RunUntil(absl::ToInt64Nanoseconds(until));
  const bool whole = until >= scenario_.phases.End();
  if (whole && !world_.failure().has_value()) {
    cluster_.checks().OnEndOfRun();
    demands_.CheckConvergence();
  }
  RunResult result;
  Describe(&result);
  Judge(&result);
  if (options_.digest != nullptr) *options_.digest = world_.digest();
  return result;
}

void Run::Judge(RunResult* result) {
  if (const std::optional<sim::Failure>& failure = world_.failure()) {
    result->outcome = RunResult::Outcome::kFailed;
    result->signature = failure->check;
    if (absl::StartsWith(failure->check, "CHECK")) {
      const absl::string_view message = failure->message;
      absl::StrAppend(&result->signature, ": ",
                      WithoutNumbers(message.substr(0, message.find('\n'))));
    }
    result->message =
        absl::StrCat(failure->message, " (at ",
                     absl::FormatDuration(absl::Nanoseconds(failure->at)),
                     ", event ", failure->event, ")");
    return;
  }
  if (const std::optional<OracleFinding> finding =
          AskClientOracle(history_.operations())) {
    result->outcome = RunResult::Outcome::kFailed;
    result->signature = absl::StrCat("oracle.", finding->rule);
    result->message =
        absl::StrCat("key ", finding->key, ": ", finding->evidence);
    return;
  }
  const LinearizabilityResult linearizable =
      CheckLinearizability(history_.operations(), options_.budget);
  result->counts.emplace_back("linearizability.steps", linearizable.steps);
  if (linearizable.verdict == Verdict::kOk) return;
  const bool violated = linearizable.verdict == Verdict::kViolated;
  result->outcome = violated ? RunResult::Outcome::kFailed
                             : RunResult::Outcome::kInconclusive;
  result->signature =
      violated ? "linearizability" : "linearizability-without-verdict";
  result->message =
      absl::StrCat("key ", linearizable.key, ": ",
                   violated ? linearizable.evidence : "the budget ended first");
}

void Run::Describe(RunResult* result) {
  result->scenario = scenario_.name;
  result->source = scenario_.source;
  result->seed = options_.seed;
  result->digest = world_.digest().value();
  result->checkpoints = world_.digest().checkpoints();
  result->events = world_.events();
  result->virtual_time = absl::Nanoseconds(world_.now());
  const SafetyChecks& checks = cluster_.checks();
  result->counts = {
      {"check.promises", checks.promises()},
      {"client.answered", clients_.answered()},
      {"client.refused", clients_.refused()},
      {"client.unknown", clients_.unknown()},
      {"raft.committed", checks.committed().value()},
      {"raft.terms_with_leader", checks.terms_with_leader()},
  };
  redis_clients_.Count(&result->counts);
  uint64_t boots = 0;
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    boots += world_.boots(cluster_.host(node));
  }
  result->counts.emplace_back("node.boots", boots);
  const DamageLedger& damage = cluster_.damage();
  result->counts.emplace_back("node.lost_to_damage", damage.nodes_lost());
  result->counts.emplace_back("node.quorum_lost",
                              damage.Unrecoverable() ? 1 : 0);
  result->counts.emplace_back("story.skipped", storyteller_.skipped());
  if (!demands_.excused().empty()) {
    result->counts.emplace_back("ending.excused", 1);
    result->message = demands_.excused();
  }
  result->faults = world_.fault_counts().by_kind;
  result->expected_faults = nemesis_.ExpectedFaults();
  result->reached = world_.reached();
  result->knobs = knobs_;
  DescribeHosts(result);
}

// What was drawn for single hosts, as far as it is not nothing.
void Run::DescribeHosts(RunResult* result) {
  if (core_.has_value()) {
    result->knobs.push_back(
        absl::StrCat("core = n", absl::StrJoin(core_->core(), ", n")));
  }
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    const sim::HostId host = cluster_.host(node);
    const uint32_t factor = world_.drawn_cpu_factor(host);
    const int32_t drift = world_.drawn_clock_drift_ppm(host);
    if (factor > 1) {
      result->knobs.push_back(
          absl::StrCat("n", node, ".cpu_factor = ", factor));
    }
    if (drift != 0) {
      result->knobs.push_back(
          absl::StrCat("n", node, ".clock_drift = ", drift, "ppm"));
    }
  }
}

}  // namespace

RunResult RunScenario(const Scenario& scenario, const RunOptions& options) {
  return Run(scenario, options).Execute();
}

}  // namespace scenarios
