#include "scenarios/nemesis.h"

#include <algorithm>
#include <variant>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "scenarios/roles.h"
#include "sim/sim_disk.h"
#include "sim/sim_network.h"

namespace scenarios {
namespace {

// A process that ended by itself is started again after this.
constexpr absl::Duration kRebootAfterMin = absl::Milliseconds(100);
constexpr absl::Duration kRebootAfterMax = absl::Seconds(2);
constexpr uint32_t kPowerOffBeforeRebootPpm = 500'000;
constexpr uint32_t kStrikeOffPpm = 300'000;

std::vector<uint32_t> OneOrNobody(uint32_t node) {
  if (node == 0) return {};
  return {node};
}

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

Nemesis::Nemesis(sim::World& world, Cluster& cluster, const Scenario& scenario,
                 std::vector<KnobSetting> drawn, std::vector<uint32_t> core)
    : world_(world),
      cluster_(cluster),
      scenario_(scenario),
      faults_(std::move(drawn)),
      core_(std::move(core)),
      quiet_knobs_(world.knobs()),
      when_(world.Stream("nemesis.when")),
      whom_(world.Stream("nemesis.whom")),
      how_(world.Stream("nemesis.how")),
      pace_(world.Stream("nemesis.pace")),
      cuts_{&sim::SimNetwork::Cut, &sim::SimNetwork::Heal},
      clogs_{&sim::SimNetwork::Clog, &sim::SimNetwork::Unclog} {
  cluster_.SetExitHandler([this](uint32_t node, int) { OnExit(node); });
  if (!scenario_.chaos.has_value()) return;
  runtime::Random swarm = world.Stream("nemesis.swarm");
  for (const Chaos::Strike& strike : scenario_.chaos->strikes) {
    const bool off = scenario_.swarm && swarm.Chance(kStrikeOffPpm);
    if (!off) strikes_.push_back(&strike);
  }
}

void Nemesis::Start() {
  world_.At(AsTime(scenario_.phases.warm_up), sim::EventClass::kFault,
            [this] { BeginChaos(); });
  world_.At(AsTime(scenario_.phases.QuietFrom()), sim::EventClass::kFault,
            [this] { BeQuiet(); });
}

void Nemesis::StrikeNow(const Act& act, std::optional<SpanRange> lasts,
                        const std::string& name, const std::string& said) {
  if (quiet_) return;
  Do({.act = act,
      .lasts = lasts,
      .bounded = false,
      .name = name,
      .said = said});
}

std::vector<std::string> Nemesis::ExpectedFaults() const {
  absl::btree_set<std::string> expected;
  for (const KnobSetting& setting : faults_) {
    if (setting.range.high > 0 && !setting.knob->strikes_as.empty()) {
      expected.emplace(setting.knob->strikes_as);
    }
  }
  for (const Step& step : scenario_.steps) {
    const Act* act = std::get_if<Act>(&step.deed);
    if (act == nullptr) continue;
    expected.insert(absl::StrCat("nemesis.", ActName(*act)));
  }
  for (const Chaos::Strike* strike : strikes_) {
    expected.insert(absl::StrCat("nemesis.", ActName(strike->act)));
  }
  return {expected.begin(), expected.end()};
}

// ------------------------------------------------------------------ phases

void Nemesis::BeginChaos() {
  AddKnobLayer(faults_);
  if (!strikes_.empty()) PlanStrike();
}

void Nemesis::PlanStrike() {
  const absl::Duration gap = when_.Exponential(scenario_.chaos->mean_gap);
  world_.At(world_.now() + AsTime(gap), sim::EventClass::kFault, [this] {
    if (quiet_) return;
    StrikeAtRandom();
    PlanStrike();
  });
}

void Nemesis::StrikeAtRandom() {
  uint64_t weights = 0;
  for (const Chaos::Strike* strike : strikes_) weights += strike->weight;
  uint64_t share = how_.Below(weights);
  for (const Chaos::Strike* strike : strikes_) {
    if (share < strike->weight) {
      Do({.act = strike->act,
          .lasts = strike->lasts,
          .bounded = true,
          .name = "",
          .said = strike->said});
      return;
    }
    share -= strike->weight;
  }
}

void Nemesis::BeQuiet() {
  quiet_ = true;
  ++healings_;
  struck_.clear();
  loops_.clear();
  stopped_.clear();
  knob_layers_.clear();
  named_.clear();
  ApplyKnobLayers();
  if (core_.empty()) {
    cuts_.strikes.clear();
    clogs_.strikes.clear();
    world_.network().HealAll();
  }
  for (const uint32_t node : core_.empty() ? cluster_.nodes() : core_) {
    HealNode(node);
  }
  for (const uint32_t node : cluster_.nodes()) {
    if (Heals(node)) BootIfDown(node);
  }
}

bool Nemesis::Heals(uint32_t node) const {
  return core_.empty() || std::binary_search(core_.begin(), core_.end(), node);
}

void Nemesis::HealNode(uint32_t node) {
  const sim::HostId host = cluster_.host(node);
  for (const uint32_t other : cluster_.nodes()) {
    if (other == node || !Heals(other)) continue;
    world_.network().SetLinkKnobs(host, cluster_.host(other), std::nullopt);
    if (core_.empty()) continue;
    FreeLink({host, cluster_.host(other)});
  }
  // Clients are never broken for good. Nodes are the first hosts of the world.
  for (sim::HostId client = cluster_.size();
       !core_.empty() && client < world_.host_count(); ++client) {
    FreeLink({host, client});
    FreeLink({client, host});
  }
  CalmDisk(node);
  world_.disk(host).CancelCrashes();
  world_.SetClockDrift(host, 0);
  world_.SetCpuFactor(host, 1);
  if (world_.paused(host)) world_.Resume(host);
}

// -------------------------------------------------------------------- acts

bool Nemesis::Do(const Order& order) {
  bounded_ = order.bounded;
  tale_ = {};
  Undo undo =
      std::visit([this](const auto& one) { return Strike(one); }, order.act);
  if (undo == nullptr) {
    world_.CountFault("nemesis.struck_nobody");
    TellNobody(order, tale_);
    return false;
  }
  world_.CountFault(absl::StrCat("nemesis.", ActName(order.act)));
  absl::Duration lasts;
  if (order.lasts.has_value()) {
    lasts = how_.Between(order.lasts->low, order.lasts->high);
  }
  TellStrike(order, tale_, lasts);
  const bool told = world_.traced() && HasDuration(order.act);
  // Whoever comes first, its time or its healing, undoes it.
  auto once = std::make_shared<Undo>(
      [this, undo = std::move(undo), tale = std::move(tale_),
       what = told ? SaidOf(order) : std::string()] {
        undo();
        if (!what.empty()) TellEnd(what, tale);
      });
  if (!order.name.empty()) named_[order.name] = once;
  if (order.lasts.has_value()) {
    Later(lasts, [once] {
      if (*once != nullptr) std::exchange(*once, nullptr)();
    });
  }
  return true;
}

void Nemesis::Later(absl::Duration after, Undo undo) {
  world_.At(world_.now() + AsTime(after), sim::EventClass::kFault,
            [this, healings = healings_, undo = std::move(undo)] {
              if (healings == healings_) undo();
            });
}

// ----------------------------------------------------------------- targets

Nemesis::Nodes Nemesis::Running() const {
  Nodes nodes;
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    if (cluster_.running(node)) nodes.push_back(node);
  }
  return nodes;
}

Nemesis::Nodes Nemesis::Some(Nodes among, size_t count) {
  Nodes chosen;
  while (chosen.size() < count && !among.empty()) {
    const auto at =
        among.begin() + static_cast<ptrdiff_t>(whom_.Below(among.size()));
    chosen.push_back(*at);
    among.erase(at);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Nemesis::Nodes Nemesis::Resolve(const TargetChoice& choice) {
  CHECK(!choice.empty(), "an act without a target");
  Nodes nodes = NodesOf(choice[whom_.Below(choice.size())], {});
  tale_.nodes.insert(tale_.nodes.end(), nodes.begin(), nodes.end());
  return nodes;
}

Nemesis::Nodes Nemesis::NodesOf(const Target& target, const Nodes& taken) {
  const auto free = [&taken](Nodes nodes) {
    std::erase_if(nodes, [&taken](uint32_t node) {
      return std::find(taken.begin(), taken.end(), node) != taken.end();
    });
    return nodes;
  };
  const uint32_t leader = cluster_.leader();
  switch (target.kind) {
    case Target::Kind::kNode:
      return free({target.node});
    case Target::Kind::kLeader:
      if (leader != 0) return free({leader});
      return Some(free(Running()), 1);
    case Target::Kind::kFollower: {
      Nodes others = free(Running());
      std::erase(others, leader);
      return Some(std::move(others), 1);
    }
    case Target::Kind::kAny:
      return Some(free(Running()), 1);
    case Target::Kind::kMinority:
      return Some(free(AllNodes()), Minority());
    case Target::Kind::kMajority:
      return Some(free(AllNodes()), cluster_.size() - Minority());
    case Target::Kind::kAll:
      return free(AllNodes());
    case Target::Kind::kSome: {
      const size_t count = 1 + whom_.Below(cluster_.size());
      return Some(free(AllNodes()), count);
    }
    case Target::Kind::kAllOf: {
      Nodes nodes;
      Nodes more = taken;
      for (const Target& member : target.members) {
        const Nodes some = NodesOf(member, more);
        nodes.insert(nodes.end(), some.begin(), some.end());
        more.insert(more.end(), some.begin(), some.end());
      }
      std::sort(nodes.begin(), nodes.end());
      return nodes;
    }
    default:
      return free(OneOrNobody(PlayerOf(cluster_, target.kind)));
  }
}

bool Nemesis::Seize(const Nodes& nodes) {
  if (nodes.empty()) return false;
  if (bounded_) {
    const uint32_t configured = scenario_.chaos->struck_max;
    const uint32_t struck_max = configured == 0 ? Minority() : configured;
    absl::btree_set<uint32_t> struck(nodes.begin(), nodes.end());
    for (const auto& [node, count] : struck_) struck.insert(node);
    if (struck.size() > struck_max) return false;
  }
  for (const uint32_t node : nodes) ++struck_[node];
  return true;
}

void Nemesis::Release(const Nodes& nodes) {
  for (const uint32_t node : nodes) {
    const auto found = struck_.find(node);
    if (found != struck_.end() && --found->second == 0) struck_.erase(found);
  }
}

// -------------------------------------------------------------- instruments

void Nemesis::BootIfDown(uint32_t node) {
  stopped_.erase(node);
  if (!cluster_.running(node)) cluster_.Boot(node);
}

void Nemesis::OnExit(uint32_t node) {
  // An operator has stopped it, and will start it.
  if (stopped_.contains(node) && cluster_.ended_as_asked(node)) return;
  // It would refuse again, and for the same reason.
  if (cluster_.damage().LostForGood(node)) return;
  const absl::Duration after = how_.Between(kRebootAfterMin, kRebootAfterMax);
  const bool power_off = how_.Chance(kPowerOffBeforeRebootPpm) && !quiet_;
  world_.At(world_.now() + AsTime(quiet_ ? kRebootAfterMin : after),
            sim::EventClass::kFault, [this, node, power_off] {
              if (cluster_.running(node)) return;
              if (quiet_ && !Heals(node)) return;  // Dead for good.
              if (power_off) cluster_.PowerOff(node);
              cluster_.Boot(node);
            });
}

Nemesis::Undo Nemesis::Strike(const SetKnobs& act) {
  return AddKnobLayer(DrawKnobs(act.knobs, false, how_));
}

void Nemesis::ApplyKnobLayers() {
  sim::Knobs knobs = quiet_knobs_;
  for (const auto& [number, settings] : knob_layers_) {
    ApplyKnobs(settings, knobs);
  }
  const sim::ProcessKnobs before = world_.knobs().process;
  const sim::ProcessKnobs& now = knobs.process;
  world_.knobs() = knobs;
  const bool drift = before.clock_drift_max_ppm != now.clock_drift_max_ppm;
  const bool factor = before.cpu_factor_min != now.cpu_factor_min ||
                      before.cpu_factor_max != now.cpu_factor_max;
  for (uint32_t node = 1; node <= cluster_.size(); ++node) {
    if (drift) world_.DrawClockDrift(cluster_.host(node));
    if (factor) world_.DrawCpuFactor(cluster_.host(node));
  }
}

Nemesis::Undo Nemesis::AddKnobLayer(std::vector<KnobSetting> settings) {
  const uint64_t number = knob_layers_made_++;
  knob_layers_[number] = std::move(settings);
  ApplyKnobLayers();
  return [this, number] {
    knob_layers_.erase(number);
    ApplyKnobLayers();
  };
}

}  // namespace scenarios
