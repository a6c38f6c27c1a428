#include "scenarios/storyteller.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {
namespace {

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

bool AsksAnything(const Scenario& scenario) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) {
                       return std::holds_alternative<Operation>(step.deed);
                     });
}

bool Meets(const KvSession::Outcome& outcome, const Expectation& expected) {
  using Kind = Expectation::Kind;
  const bool answered = outcome.kind == KvSession::Outcome::Kind::kAnswered;
  switch (expected.kind) {
    case Kind::kDone:
      return answered;
    case Kind::kValue:
      return answered && outcome.answer == Answer::Text(expected.value);
    case Kind::kNil:
      return answered && outcome.answer == Answer::Nil();
    case Kind::kRefused:
      return outcome.kind == KvSession::Outcome::Kind::kRefused;
    case Kind::kUnknown:
      return outcome.kind == KvSession::Outcome::Kind::kUnknown;
  }
  return false;
}

std::string OutcomeText(const KvSession::Outcome& outcome) {
  switch (outcome.kind) {
    case KvSession::Outcome::Kind::kAnswered:
      return absl::StrCat("answered with ", outcome.answer.ToString());
    case KvSession::Outcome::Kind::kRefused:
      return "refused";
    case KvSession::Outcome::Kind::kUnknown:
      return "unknown";
  }
  return "?";
}

}  // namespace

Storyteller::Storyteller(sim::World& world, Cluster& cluster,
                         const Clients& clients, Nemesis& nemesis,
                         const Scenario& scenario, History& history)
    : world_(world),
      cluster_(cluster),
      clients_(clients),
      nemesis_(nemesis),
      scenario_(scenario),
      history_(history) {
  if (AsksAnything(scenario)) host_ = world.AddHost("script");
}

Storyteller::~Storyteller() {
  if (host_.has_value()) world_.Kill(*host_);
}

void Storyteller::Start() {
  for (size_t step = 0; step < scenario_.steps.size(); ++step) {
    const Step& one = scenario_.steps[step];
    // The first step follows the beginning of the run.
    if (!one.relative || step == 0) Plan(step, one.at);
  }
}

void Storyteller::Plan(size_t step, absl::Duration at) {
  world_.At(AsTime(at), sim::EventClass::kFault, [this, step] { Play(step); });
}

void Storyteller::After(absl::Duration span, sim::Action action) {
  world_.At(world_.now() + AsTime(span), sim::EventClass::kFault,
            std::move(action));
}

void Storyteller::Play(size_t step) {
  GiveUp();
  std::visit([this, step](const auto& deed) { Play(step, deed); },
             scenario_.steps[step].deed);
}

void Storyteller::Done(size_t step) {
  const size_t next = step + 1;
  if (next >= scenario_.steps.size() || !scenario_.steps[next].relative) return;
  After(scenario_.steps[next].at, [this, next] { Play(next); });
}

void Storyteller::SkipBehind(size_t step) {
  for (size_t next = step + 1; next < scenario_.steps.size(); ++next) {
    if (!scenario_.steps[next].relative) return;
    ++skipped_;
  }
}

Storyteller::Watch Storyteller::WatchFor(const Condition& condition) const {
  return std::make_shared<const ConditionWatch>(world_, cluster_, clients_,
                                                condition);
}

void Storyteller::Fail(size_t step, absl::string_view check,
                       absl::string_view what) {
  const std::string& place = scenario_.steps[step].place;
  world_.Fail(
      check,
      absl::StrCat(place.empty() ? absl::StrCat("step ", step + 1) : place,
                   ": ", what, ": ", DescribeNodes(cluster_)));
}

// ------------------------------------------------------------------- deeds

void Storyteller::Play(size_t step, const Act& act) {
  const Step& told = scenario_.steps[step];
  nemesis_.StrikeNow(act, told.lasts, told.name, told.said);
  Done(step);
}

void Storyteller::Play(size_t step, const Assert& demand) {
  if (!WatchFor(demand.condition)->Holds()) {
    Fail(step, "assert",
         absl::StrCat("assert ", demand.condition.ToString(), " is not so"));
    return;
  }
  Done(step);
}

void Storyteller::Play(size_t step, const Until& until) {
  WaitFor(step, WatchFor(until.condition),
          absl::Nanoseconds(world_.now()) + until.within);
}

void Storyteller::WaitFor(size_t step, const Watch& watch,
                          absl::Duration deadline) {
  if (watch->Holds()) {
    Done(step);
    return;
  }
  const Until& until = std::get<Until>(scenario_.steps[step].deed);
  const absl::Duration left = deadline - absl::Nanoseconds(world_.now());
  if (left > absl::ZeroDuration()) {
    After(std::min(left, kLookEvery),
          [this, step, watch, deadline] { WaitFor(step, watch, deadline); });
  } else if (until.or_skip) {
    SkipBehind(step);
  } else {
    Fail(step, "until",
         absl::StrCat("until ", until.condition.ToString(), ": not within ",
                      absl::FormatDuration(until.within)));
  }
}

void Storyteller::Play(size_t step, const Never& never) {
  Forbid(step, WatchFor(never.condition),
         absl::Nanoseconds(world_.now()) + never.span);
  Done(step);
}

void Storyteller::Forbid(size_t step, const Watch& watch, absl::Duration end) {
  if (watch->Holds()) {
    const Never& never = std::get<Never>(scenario_.steps[step].deed);
    Fail(step, "never",
         absl::StrCat("never ", never.condition.ToString(), ": it is so"));
    return;
  }
  const absl::Duration left = end - absl::Nanoseconds(world_.now());
  if (left <= absl::ZeroDuration()) return;
  After(std::min(left, kLookEvery),
        [this, step, watch, end] { Forbid(step, watch, end); });
}

// ----------------------------------------------------- the scripted client

void Storyteller::Play(size_t step, const Operation& asked) {
  std::vector<uint32_t> nodes;
  if (!asked.via.empty()) nodes = nemesis_.Resolve(asked.via);
  if (!asked.via.empty() && nodes.empty()) {  // Nobody plays that role.
    Judge(
        step, asked,
        {.kind = KvSession::Outcome::Kind::kRefused, .answer = Answer::Nil()});
    return;
  }
  std::vector<net::Address> servers;
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    const bool is_asked = nodes.empty() || std::find(nodes.begin(), nodes.end(),
                                                     node) != nodes.end();
    if (is_asked) servers.push_back(cluster_.rpc_address(node));
  }
  asking_ = step;
  world_.Boot(*host_, [this, step, &asked,
                       servers = std::move(servers)](sim::Process& process) {
    Ask(step, asked, servers, process);
  });
}

void Storyteller::Ask(size_t step, const Operation& asked,
                      const std::vector<net::Address>& servers,
                      sim::Process& process) {
  KvSession session(process, servers);
  const KvSession::Outcome outcome = ExecuteRecorded(
      world_, session, history_,
      {.client = kClientNumber,
       .operation = asked.writes ? kv::Operation::kSet : kv::Operation::kGet,
       .key = asked.key,
       .argument = asked.value,
       .expected = ""},
      process.network_executor().Now() + asked.within);
  asking_.reset();
  Judge(step, asked, outcome);
}

void Storyteller::Judge(size_t step, const Operation& asked,
                        const KvSession::Outcome& outcome) {
  const bool met = asked.expected.empty() ||
                   std::any_of(asked.expected.begin(), asked.expected.end(),
                               [&outcome](const Expectation& expected) {
                                 return Meets(outcome, expected);
                               });
  if (met) {
    After(absl::ZeroDuration(), [this, step] { Done(step); });
    return;
  }
  const std::string expected = absl::StrJoin(
      asked.expected, " or ", [](std::string* out, const Expectation& one) {
        absl::StrAppend(out, one.ToString());
      });
  Fail(step, "expect",
       absl::StrCat(asked.writes ? "write of " : "read of ", asked.key,
                    ": expected ", expected, ", but it is ",
                    OutcomeText(outcome)));
}

void Storyteller::GiveUp() {
  if (!asking_.has_value()) return;
  const size_t step = *std::exchange(asking_, std::nullopt);
  world_.Kill(*host_);
  KvSession::Outcome outcome;
  outcome.kind = KvSession::Outcome::Kind::kUnknown;
  Judge(step, std::get<Operation>(scenario_.steps[step].deed), outcome);
}

std::vector<std::string> ScriptedKeys(const Scenario& scenario) {
  absl::btree_set<std::string> keys;
  for (const Step& step : scenario.steps) {
    const auto* asked = std::get_if<Operation>(&step.deed);
    if (asked != nullptr && asked->writes) keys.insert(asked->key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace scenarios
