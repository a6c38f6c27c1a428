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

void SweepReport::MustReach(const std::vector<std::string>& names) {
  must_reach_.insert(names.begin(), names.end());
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
  if (result.passed()) {
    ++passed_;
    ++scenario.passed;
    return;
  }
  if (result.outcome == RunResult::Outcome::kNotDeterministic) {
    not_deterministic_ = true;
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
  Insert(report["must_reach"], &must_reach_);
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

std::vector<std::string> SweepReport::MissedDemands() const {
  return Missing(must_reach_, reached_);
}

int SweepReport::ExitCode() const {
  if (not_deterministic_) return 3;
  return not_passed() == 0 && canary_.found_all() ? 0 : 1;
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
  AppendList(&text,
             "\nrare states that these scenarios are meant to reach, "
             "and did not",
             MissedDemands());
  absl::StrAppend(
      &text, "\n", canary_.ToText(), "\n", runs_,
      runs_ == 1 ? " seed, " : " seeds, ", not_passed(), " not passed",
      inconclusive_ > 0 ? absl::StrCat(" (", inconclusive_, " inconclusive)")
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
      ",\"must_reach\":", JsonArray({must_reach_.begin(), must_reach_.end()}),
      ",\"missed\":", JsonArray(MissedDemands()), ",\"events\":", events_,
      ",\"virtual_ns\":", absl::ToInt64Nanoseconds(virtual_time_),
      ",\"run_ns\":", absl::ToInt64Nanoseconds(run_time_),
      ",\"wall_ns\":", absl::ToInt64Nanoseconds(wall), "}");
}

}  // namespace scenarios
