#include "scenarios/scenario_file.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "config/yaml_reader.h"
#include "scenarios/choice_readers.h"
#include "scenarios/condition_reader.h"
#include "scenarios/inert_act.h"
#include "scenarios/scenario_acts.h"
#include "scenarios/scenario_steps.h"

namespace scenarios {
namespace {

using config::ReadCount;
using config::ReadText;

bool IsName(absl::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void ReadPhases(YamlErrors& errors, const YAML::Node& node, Phases* phases) {
  YamlMap map(errors, node, "the phases");
  map.Span("warm_up", &phases->warm_up);
  map.Span("chaos", &phases->chaos);
  map.Span("quiet", &phases->quiet);
  map.Done();
}

void ReadMix(YamlErrors& errors, const YAML::Node& node, OperationMix* mix) {
  constexpr uint64_t kShareMax = 1'000'000;
  YamlMap map(errors, node, "the mix");
  *mix = {.get = 0, .set = 0, .increment = 0, .compare_and_set = 0};
  map.Count("get", 0, kShareMax, &mix->get);
  map.Count("set", 0, kShareMax, &mix->set);
  map.Count("increment", 0, kShareMax, &mix->increment);
  map.Count("compare_and_set", 0, kShareMax, &mix->compare_and_set);
  map.Done();
  if (mix->get + mix->set + mix->increment + mix->compare_and_set == 0) {
    errors.Fail(node, "expected at least one share above 0");
  }
}

void ReadBank(YamlErrors& errors, const YAML::Node& node, BankWork* bank) {
  constexpr uint32_t kAccountsMax = 1000;
  YamlMap map(errors, node, "the bank");
  bank->clients = 2;
  map.Count("clients", 1, kClientsMax, &bank->clients);
  map.Count("accounts", 2, kAccountsMax, &bank->accounts);
  map.Span("interval", &bank->interval);
  map.Flag("stay", &bank->stay);
  map.Done();
  if (bank->interval <= absl::ZeroDuration()) {
    errors.Fail(node, "expected an interval above 0");
  }
}

void ReadLeases(YamlErrors& errors, const YAML::Node& node, LeaseWork* leases) {
  constexpr uint32_t kKeysMax = 1000;
  YamlMap map(errors, node, "the leases");
  leases->clients = 2;
  map.Count("clients", 1, kClientsMax, &leases->clients);
  map.Count("keys", 1, kKeysMax, &leases->keys);
  map.Span("interval", &leases->interval);
  map.SpanRange("lasts", &leases->lasts.low, &leases->lasts.high);
  map.Flag("stay", &leases->stay);
  map.Done();
  if (leases->interval <= absl::ZeroDuration() ||
      leases->lasts.low < absl::Milliseconds(1)) {
    errors.Fail(node, "expected an interval above 0, and to last 1ms or more");
  }
}

void ReadBulk(YamlErrors& errors, const YAML::Node& node, BulkWork* bulk) {
  YamlMap map(errors, node, "the bulk");
  bulk->clients = 2;
  map.Count("clients", 1, kClientsMax, &bulk->clients);
  map.Span("interval", &bulk->interval);
  map.Done();
  if (bulk->interval <= absl::ZeroDuration()) {
    errors.Fail(node, "expected an interval above 0");
  }
}

void ReadWatches(YamlErrors& errors, const YAML::Node& node,
                 WatchWork* watches) {
  YamlMap map(errors, node, "the watches");
  watches->clients = 2;
  map.Count("clients", 1, kClientsMax, &watches->clients);
  map.Span("interval", &watches->interval);
  map.SpanRange("lasts", &watches->lasts.low, &watches->lasts.high);
  map.Span("pause_max", &watches->pause_max);
  map.Done();
  if (watches->interval <= absl::ZeroDuration() ||
      watches->lasts.low < absl::Milliseconds(1)) {
    errors.Fail(node, "expected an interval above 0, and to last 1ms or more");
  }
}

void ReadWorkload(YamlErrors& errors, const YAML::Node& node,
                  Workload* workload) {
  YamlMap map(errors, node, "the workload");
  map.Count("clients", 0, kClientsMax, &workload->clients);
  map.Count("readers", 0, kClientsMax, &workload->readers);
  map.Count("pipeline", 1, kPipelineMax, &workload->pipeline);
  map.Span("interval", &workload->interval);
  map.Count("keys", 1, 100'000, &workload->keys);
  map.Count("value_bytes", 1, 64 << 10, &workload->value_bytes);
  map.Span("timeout", &workload->timeout);
  map.Chance("renew_session", &workload->renew_session_ppm);
  if (const YAML::Node* mix = map.Find("mix")) {
    ReadMix(errors, *mix, &workload->mix);
  }
  if (const YAML::Node* bank = map.Find("bank")) {
    ReadBank(errors, *bank, &workload->bank);
  }
  if (const YAML::Node* leases = map.Find("leases")) {
    ReadLeases(errors, *leases, &workload->leases);
  }
  if (const YAML::Node* bulk = map.Find("bulk")) {
    ReadBulk(errors, *bulk, &workload->bulk);
  }
  if (const YAML::Node* watches = map.Find("watches")) {
    ReadWatches(errors, *watches, &workload->watches);
  }
  map.Done();
  if (workload->interval <= absl::ZeroDuration() ||
      workload->timeout <= absl::ZeroDuration()) {
    errors.Fail(node, "expected an interval and a timeout above 0");
  }
  if (workload->readers > workload->clients) {
    errors.Fail(node, absl::StrCat("expected at most as many readers as "
                                   "clients, ",
                                   workload->clients));
  }
}

// Beside the act.
constexpr std::array<absl::string_view, 2> kStrikeKeys = {"for", "weight"};

void ReadStrikes(YamlErrors& errors, const YAML::Node& node, Stage stage,
                 Chaos* chaos) {
  stage.struck_max = chaos->struck_max;
  if (!node.IsSequence() || node.size() == 0 || node.size() > kStepsMax) {
    errors.Fail(node, "expected a list of strikes");
    return;
  }
  for (const YAML::Node& item : node) {
    YamlMap map(errors, item, "a strike");
    Chaos::Strike strike;
    if (!ReadAct(errors, map, stage, &strike.act, &strike.said)) {
      map.RefuseUnknown(kStrikeKeys);
      errors.Fail(item, absl::StrCat("expected an act: one of ", ActNames()));
    }
    const bool lasts = errors.ok() && HasDuration(strike.act);
    if (errors.ok() && !lasts && !IsInstant(strike.act)) {
      errors.Fail(item, absl::StrCat("'", ActName(strike.act),
                                     "' has no duration: not for chaos"));
    }
    if (lasts) {
      map.Require("for");
      map.SpanRange("for", &strike.lasts.low, &strike.lasts.high);
    }
    map.Count("weight", 1, 1'000'000, &strike.weight);
    map.Done();
    if (!errors.ok()) return;
    chaos->strikes.push_back(std::move(strike));
  }
}

void ReadChaos(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
               Chaos* chaos) {
  YamlMap map(errors, node, "the chaos");
  map.Span("mean_gap", &chaos->mean_gap);
  if (const YAML::Node* value = map.Find("struck_max")) {
    if (!(value->IsScalar() && value->Scalar() == "minority")) {
      ReadCount(errors, *value, 1, stage.nodes(), &chaos->struck_max);
    }
  }
  if (const YAML::Node* strikes = map.Require("strikes")) {
    ReadStrikes(errors, *strikes, stage, chaos);
  }
  map.Done();
  if (chaos->mean_gap <= absl::ZeroDuration()) {
    errors.Fail(node, "expected a mean_gap above 0");
  }
}

void ReadDemands(YamlErrors& errors, const YAML::Node& node,
                 const Phases& phases, Demands* demands) {
  YamlMap map(errors, node, "the demands");
  map.Span("leader_within", &demands->leader_within);
  map.Span("write_within", &demands->write_within);
  map.Span("redis_within", &demands->redis_within);
  map.Done();
  if (demands->leader_within > phases.quiet ||
      demands->write_within > phases.quiet) {
    errors.Fail(node, absl::StrCat("expected demands within the quiet phase (",
                                   absl::FormatDuration(phases.quiet), ")"));
  }
  // Then the clients stop.
  if (demands->redis_within > phases.quiet / 2) {
    errors.Fail(node,
                "expected redis_within to be half of the quiet phase, or "
                "less");
  }
}

void ReadRareStates(YamlErrors& errors, const YAML::Node& node,
                    std::vector<std::string>* names) {
  if (!node.IsSequence() || node.size() > kStepsMax) {
    errors.Fail(node, "expected a list of names");
    return;
  }
  for (const YAML::Node& item : node) {
    std::string name;
    if (!ReadText(errors, item, &name)) return;
    if (!CheckRareState(errors, item, name)) return;
    names->push_back(std::move(name));
  }
}

// [raft.vote_split], or {states: [raft.vote_split], seeds: 200}.
void ReadMustReach(YamlErrors& errors, const YAML::Node& node,
                   Scenario* scenario) {
  constexpr uint64_t kSeedsMax = 1'000'000;
  if (!node.IsMap()) {
    ReadRareStates(errors, node, &scenario->must_reach);
    return;
  }
  YamlMap map(errors, node, "what must be reached");
  if (const YAML::Node* states = map.Require("states")) {
    ReadRareStates(errors, *states, &scenario->must_reach);
  }
  map.Count("seeds", 1, kSeedsMax, &scenario->must_reach_seeds);
  map.Done();
}

void ReadAtlas(YamlErrors& errors, const YAML::Node& node, Atlas* atlas) {
  std::string text;
  if (!ReadText(errors, node, &text)) return;
  if (text == "within") {
    *atlas = Atlas::kWithin;
  } else if (text == "beyond") {
    *atlas = Atlas::kBeyond;
  } else {
    errors.Fail(node,
                absl::StrCat("expected within or beyond, not '", text, "'"));
  }
}

void ReadScenario(YamlErrors& errors, const YAML::Node& root,
                  Scenario* scenario) {
  YamlMap map(errors, root, "a scenario");
  map.Require("name");
  map.Text("name", &scenario->name);
  if (errors.ok() && !IsName(scenario->name)) {
    errors.Fail(root["name"], "expected a name of a-z, 0-9 and '-'");
  }
  map.Text("description", &scenario->description);
  if (const YAML::Node* node = map.Find("cluster")) {
    ReadCluster(errors, *node, &scenario->cluster, &scenario->choices);
  }
  if (const YAML::Node* node = map.Find("schedule")) {
    ReadSchedules(errors, *node, &scenario->choices);
  }
  if (const YAML::Node* node = map.Find("ending")) {
    ReadEndings(errors, *node, &scenario->choices);
  }
  if (const YAML::Node* node = map.Find("phases")) {
    ReadPhases(errors, *node, &scenario->phases);
  }
  if (const YAML::Node* node = map.Find("workload")) {
    ReadWorkload(errors, *node, &scenario->workload);
  }
  if (const YAML::Node* node = map.Find("environment")) {
    ReadKnobs(errors, *node, "", &scenario->environment);
  }
  if (const YAML::Node* node = map.Find("faults")) {
    ReadKnobs(errors, *node, "", &scenario->faults);
  }
  map.Flag("swarm", &scenario->swarm);
  if (const YAML::Node* node = map.Find("atlas")) {
    ReadAtlas(errors, *node, &scenario->atlas);
  }
  if (const YAML::Node* node = map.Find("chaos")) {
    ReadChaos(errors, *node, StageOf(*scenario), &scenario->chaos.emplace());
  }
  if (const YAML::Node* node = map.Find("steps")) {
    ReadSteps(errors, *node, *scenario, &scenario->steps);
  }
  if (const YAML::Node* node = map.Find("demands")) {
    ReadDemands(errors, *node, scenario->phases, &scenario->demands);
  }
  if (const YAML::Node* node = map.Find("must_reach")) {
    ReadMustReach(errors, *node, scenario);
  }
  map.Done();
}

}  // namespace

absl::StatusOr<Scenario> ParseScenario(absl::string_view text,
                                       absl::string_view file) {
  if (text.size() > kScenarioBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": expected at most ", kScenarioBytesMax,
                     " bytes, not ", text.size()));
  }
  YamlErrors errors{std::string(file)};
  Scenario scenario;
  scenario.text = std::string(text);
  try {
    YAML::Node root;
    if (config::ReadDocument(errors, scenario.text, &root)) {
      ReadScenario(errors, root, &scenario);
    }
  } catch (const YAML::Exception& error) {
    errors.Fail(error.mark, error.msg);
  } catch (const std::exception& error) {
    errors.Fail(YAML::Mark::null_mark(), error.what());
  }
  if (!errors.ok()) return errors.status();
  return scenario;
}

}  // namespace scenarios
