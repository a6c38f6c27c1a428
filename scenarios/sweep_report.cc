#include "scenarios/sweep_report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace scenarios {
namespace {

void AddTo(absl::btree_map<std::string, uint64_t>* totals,
           const Counts& counts) {
  for (const auto& [name, count] : counts) (*totals)[name] += count;
}

std::vector<std::string> Missing(
    const absl::btree_set<std::string>& wanted,
    const absl::btree_map<std::string, uint64_t>& there) {
  std::vector<std::string> missing;
  for (const std::string& name : wanted) {
    const auto found = there.find(name);
    if (found == there.end() || found->second == 0) missing.push_back(name);
  }
  return missing;
}

void AppendList(std::string* text, absl::string_view title,
                const std::vector<std::string>& names) {
  if (names.empty()) return;
  absl::StrAppend(text, title, "\n");
  for (const std::string& name : names) absl::StrAppend(text, "  ", name, "\n");
}

void AppendTotals(std::string* text, absl::string_view title,
                  const absl::btree_map<std::string, uint64_t>& totals) {
  if (totals.empty()) return;
  absl::StrAppend(text, title, "\n");
  for (const auto& [name, count] : totals) {
    if (count == 0) continue;
    absl::StrAppendFormat(text, "  %12u  %s\n", count, name);
  }
}

Counts AsCounts(const absl::btree_map<std::string, uint64_t>& totals) {
  return Counts(totals.begin(), totals.end());
}

// How much simulated time fits into a second of ours.
int64_t Speed(absl::Duration virtual_time, absl::Duration run_time) {
  if (run_time <= absl::ZeroDuration()) return 0;
  return virtual_time / std::max(run_time, absl::Nanoseconds(1));
}

int64_t PerSecond(uint64_t count, absl::Duration span) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(span);
  if (milliseconds <= 0) return 0;
  return static_cast<int64_t>(count) * 1000 / milliseconds;
}

bool Shorter(const RunResult& a, const RunResult& b) {
  return std::tie(a.events, a.scenario, a.seed) <
         std::tie(b.events, b.scenario, b.seed);
}

std::string CanaryJson(const CanaryTally& canary) {
  return absl::StrCat("{\"runs\":", canary.runs, ",\"found\":", canary.found,
                      ",\"signature\":", JsonQuoted(canary.signature),
                      ",\"cost_ns\":", absl::ToInt64Nanoseconds(canary.cost),
                      "}");
}

std::string DemandsJson(
    const absl::btree_map<std::string, ReachDemand>& demands) {
  std::string json = "[";
  for (const auto& [scenario, demand] : demands) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "",
                    "{\"scenario\":", JsonQuoted(scenario),
                    ",\"states\":", JsonArray(demand.states),
                    ",\"seeds\":", demand.seeds, "}");
  }
  return json + "]";
}

std::string MissedJson(const std::vector<MissedState>& missed) {
  std::string json = "[";
  for (const MissedState& one : missed) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "",
                    "{\"scenario\":", JsonQuoted(one.scenario),
                    ",\"state\":", JsonQuoted(one.state),
                    ",\"runs\":", one.runs,
                    ",\"demanded\":", one.demanded ? "true" : "false", "}");
  }
  return json + "]";
}

void Insert(const JsonValue& names, absl::btree_set<std::string>* set) {
  for (const JsonValue& name : names.elements) set->insert(name.text);
}

}  // namespace

void CanaryTally::Add(const RunResult& result) {
  ++runs;
  cost += result.cpu_time;
  if (result.outcome != RunResult::Outcome::kFailed) return;
  ++found;
  signature = result.signature;
}

std::string CanaryTally::ToText() const {
  if (runs == 0) return "canary: not run";
  const std::string spent =
      absl::FormatDuration(absl::Trunc(cost, absl::Microseconds(100)));
  if (!found_all()) {
    return absl::StrCat("THE CANARY SURVIVED: the planted bug was found in ",
                        found, " of ", runs, " runs, ", spent,
                        ": this sweep proves nothing");
  }
  return absl::StrCat("canary: found ", found, " of ", runs, " (", signature,
                      "), ", spent);
}

void SweepReport::MustReach(const std::string& scenario, ReachDemand demand) {
  if (!demand.states.empty()) must_reach_[scenario] = std::move(demand);
}

void SweepReport::Expect(const std::vector<std::string>& fault_kinds) {
  expected_faults_.insert(fault_kinds.begin(), fault_kinds.end());
}

void SweepReport::Catalogue(const std::vector<std::string>& names) {
  catalogue_.insert(names.begin(), names.end());
}

void SweepReport::Add(RunResult result) {
  ++runs_;
  events_ += result.events;
  virtual_time_ += result.virtual_time;
  run_time_ += result.cpu_time;
  AddTo(&counts_, result.counts);
  AddTo(&faults_, result.faults);
  AddTo(&reached_, result.reached);
  Expect(result.expected_faults);
  ScenarioTotals& scenario = scenarios_[result.scenario];
  ++scenario.runs;
  scenario.run_time += result.cpu_time;
  AddTo(&scenario.reached, result.reached);
  if (result.passed()) {
    ++passed_;
    ++scenario.passed;
    return;
  }
  if (result.outcome == RunResult::Outcome::kNotDeterministic) {
    ++not_deterministic_;
  }
  if (result.outcome == RunResult::Outcome::kInconclusive) ++inconclusive_;
  Share& share = scenario.not_passed[result.signature];
  if (share.count++ == 0 || Shorter(result, share.shortest)) {
    share.shortest = result;
  }
  Group& group = groups_[result.signature];
  ++group.count;
  group.exemplars.insert(
      std::upper_bound(group.exemplars.begin(), group.exemplars.end(), result,
                       Shorter),
      std::move(result));
  if (group.exemplars.size() > kExemplarsMax) group.exemplars.pop_back();
}

absl::Status SweepReport::AddShard(const JsonValue& report, uint64_t seeds) {
  if (!report["report"].True() || !report.Has("canary")) {
    return absl::InvalidArgumentError(
        "expected the report of a sweep as the last line: it did not end");
  }
  if (report["seeds"].Unsigned() != seeds) {
    return absl::InvalidArgumentError(
        absl::StrCat("the report is about ", report["seeds"].Unsigned(),
                     " seeds, the lines before it about ", seeds));
  }
  Insert(report["catalogue"], &catalogue_);
  for (const JsonValue& demand : report["must_reach"].elements) {
    if (demand["scenario"].text.empty()) {
      return absl::InvalidArgumentError(
          "must_reach is not by scenario: of another version of raft_sim");
    }
    ReachDemand demanded{.states = {}, .seeds = demand["seeds"].Unsigned()};
    for (const JsonValue& state : demand["states"].elements) {
      demanded.states.push_back(state.text);
    }
    MustReach(demand["scenario"].text, std::move(demanded));
  }
  const JsonValue& canary = report["canary"];
  canary_.runs += canary["runs"].Unsigned();
  canary_.found += canary["found"].Unsigned();
  canary_.cost += absl::Nanoseconds(canary["cost_ns"].Signed());
  canary_.signature = canary["signature"].text;
  return absl::OkStatus();
}

std::vector<RunResult> SweepReport::Exemplars() const {
  std::vector<RunResult> exemplars;
  for (const auto& [signature, group] : groups_) {
    exemplars.insert(exemplars.end(), group.exemplars.begin(),
                     group.exemplars.end());
  }
  return exemplars;
}

void SweepReport::SetArtifact(const RunResult& kept) {
  for (auto& [signature, group] : groups_) {
    for (RunResult& exemplar : group.exemplars) {
      if (exemplar.scenario == kept.scenario && exemplar.seed == kept.seed) {
        exemplar.artifact = kept.artifact;
      }
    }
  }
  for (auto& [signature, share] : scenarios_[kept.scenario].not_passed) {
    if (share.shortest.seed == kept.seed) {
      share.shortest.artifact = kept.artifact;
    }
  }
}

std::vector<std::string> SweepReport::NeverStruck() const {
  return Missing(expected_faults_, faults_);
}

std::vector<std::string> SweepReport::NeverReached() const {
  return Missing(catalogue_, reached_);
}

std::string MissedState::ToText() const {
  return absl::StrCat(scenario, ": ", state, " in none of ", runs,
                      runs == 1 ? " seed" : " seeds");
}

std::vector<MissedState> SweepReport::Missed() const {
  std::vector<MissedState> missed;
  for (const auto& [name, demand] : must_reach_) {
    const auto scenario = scenarios_.find(name);
    if (scenario == scenarios_.end()) continue;
    const uint64_t runs = scenario->second.runs;
    for (const std::string& state : demand.states) {
      const auto reached = scenario->second.reached.find(state);
      if (reached != scenario->second.reached.end() && reached->second > 0) {
        continue;
      }
      missed.push_back({.scenario = name,
                        .state = state,
                        .runs = runs,
                        .seeds = demand.seeds,
                        .demanded = !is_shard_ && runs >= demand.seeds});
    }
  }
  return missed;
}

uint64_t SweepReport::missed_demands() const {
  const std::vector<MissedState> missed = Missed();
  return static_cast<uint64_t>(
      std::count_if(missed.begin(), missed.end(),
                    [](const MissedState& one) { return one.demanded; }));
}

uint64_t SweepReport::ran_twice() const {
  const auto found = counts_.find(kRanTwice);
  return found == counts_.end() ? 0 : found->second;
}

int SweepReport::ExitCode() const {
  if (not_deterministic_ > 0) return 3;
  const bool green =
      not_passed() == 0 && canary_.found_all() && missed_demands() == 0;
  return green ? 0 : 1;
}

// What must be reached and was not: first what was demanded, then what would be
// of more seeds.
void SweepReport::AppendMissed(std::string* text) const {
  std::vector<std::string> demanded;
  std::vector<std::string> others;
  for (const MissedState& missed : Missed()) {
    if (missed.demanded) {
      demanded.push_back(missed.ToText());
    } else {
      others.push_back(absl::StrCat(missed.ToText(),
                                    is_shard_ ? " of this shard" : "",
                                    ", demanded of ", missed.seeds));
    }
  }
  AppendList(text, "\nrare states not reached that must be (failed)", demanded);
  AppendList(text, "\nrare states not reached, in too few seeds to demand it",
             others);
}

std::string SweepReport::ToText(absl::Duration wall) const {
  std::string text;
  for (const auto& [signature, group] : groups_) {
    absl::StrAppend(&text, "\n", OutcomeName(group.exemplars[0].outcome), ": ",
                    signature, " (", group.count,
                    group.count == 1 ? " seed)\n" : " seeds)\n", "  ",
                    group.exemplars[0].message, "\n");
    for (const RunResult& exemplar : group.exemplars) {
      absl::StrAppend(&text, "  ", ReplayCommand(exemplar), "\n");
    }
  }
  AppendTotals(&text, "\nwhat happened", counts_);
  AppendTotals(&text, "\nfaults struck", faults_);
  AppendList(&text, "\nfaults configured that never struck", NeverStruck());
  AppendTotals(&text, "\nrare states reached", reached_);
  AppendList(&text, "\nrare states never reached", NeverReached());
  AppendMissed(&text);
  const uint64_t missed = missed_demands();
  absl::StrAppend(
      &text, "\n", canary_.ToText(), "\ndeterminism: ", ran_twice(), " of ",
      runs_, runs_ == 1 ? " seed" : " seeds", " ran twice, ",
      not_deterministic_, " differed\n", runs_,
      runs_ == 1 ? " seed, " : " seeds, ", not_passed(), " not passed",
      inconclusive_ > 0 ? absl::StrCat(" (", inconclusive_, " inconclusive)")
                        : "",
      missed > 0 ? absl::StrCat(", ", missed,
                                missed == 1 ? " rare state" : " rare states",
                                " missed")
                 : "",
      "; ", absl::FormatDuration(virtual_time_), " simulated in ",
      absl::FormatDuration(absl::Trunc(wall, absl::Milliseconds(1))), " (",
      Speed(virtual_time_, run_time_), "x per core, ",
      PerSecond(events_, run_time_), " events/s per core)\n");
  return text;
}

std::string SweepReport::ToJson(absl::Duration wall) const {
  std::string groups = "[";
  for (const auto& [signature, group] : groups_) {
    std::vector<std::string> replays;
    for (const RunResult& exemplar : group.exemplars) {
      replays.push_back(ReplayCommand(exemplar));
    }
    absl::StrAppend(&groups, groups.size() > 1 ? "," : "",
                    "{\"signature\":", JsonQuoted(signature), ",\"outcome\":\"",
                    OutcomeName(group.exemplars[0].outcome),
                    "\",\"count\":", group.count,
                    ",\"message\":", JsonQuoted(group.exemplars[0].message),
                    ",\"replay\":", JsonArray(replays), "}");
  }
  absl::StrAppend(&groups, "]");
  return absl::StrCat(
      "{\"report\":true,\"seeds\":", runs_, ",\"passed\":", passed_,
      ",\"inconclusive\":", inconclusive_, ",\"canary\":", CanaryJson(canary_),
      ",\"failures\":", groups, ",\"counts\":", JsonObject(AsCounts(counts_)),
      ",\"faults\":", JsonObject(AsCounts(faults_)),
      ",\"never_struck\":", JsonArray(NeverStruck()),
      ",\"reached\":", JsonObject(AsCounts(reached_)),
      ",\"never_reached\":", JsonArray(NeverReached()),
      ",\"catalogue\":", JsonArray({catalogue_.begin(), catalogue_.end()}),
      ",\"must_reach\":", DemandsJson(must_reach_),
      ",\"missed\":", MissedJson(Missed()), ",\"ran_twice\":", ran_twice(),
      ",\"differed\":", not_deterministic_, ",\"events\":", events_,
      ",\"virtual_ns\":", absl::ToInt64Nanoseconds(virtual_time_),
      ",\"run_ns\":", absl::ToInt64Nanoseconds(run_time_),
      ",\"wall_ns\":", absl::ToInt64Nanoseconds(wall), "}");
}

}  // namespace scenarios
