#include "scenarios/core_end.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "sim/sim_network.h"

namespace scenarios {
namespace {

constexpr absl::Duration kWatchInterval = absl::Milliseconds(10);
// A flapping link is down for longer than any leader survives it.
constexpr int64_t kFlapDownTimeoutsMin = 2;
constexpr int64_t kFlapDownTimeoutsMax = 5;
// One slice takes longer than a heartbeat may be late.
constexpr uint32_t kSlowCpuFactor = 100'000;
constexpr absl::Duration kSlowLatencyMin = absl::Seconds(1);
constexpr absl::Duration kSlowLatencyMax = absl::Seconds(3);
constexpr uint32_t kDiesOfPowerPpm = 500'000;

sim::Time AsTime(absl::Duration span) { return absl::ToInt64Nanoseconds(span); }

}  // namespace

CoreEnd::CoreEnd(sim::World& world, Cluster& cluster, const Scenario& scenario)
    : world_(world),
      cluster_(cluster),
      scenario_(scenario),
      dice_(world.Stream("core.members")) {
  const uint32_t nodes = cluster_.size();
  const uint32_t majority = nodes / 2 + 1;
  uint32_t size = majority;
  if (nodes - 1 > majority) {
    size = static_cast<uint32_t>(
        dice_.Between(int64_t{majority}, int64_t{nodes} - 1));
  }
  core_ = cluster_.nodes();
  while (core_.size() > size) {
    const auto outside =
        core_.begin() + static_cast<ptrdiff_t>(dice_.Below(core_.size()));
    rest_.push_back(*outside);
    core_.erase(outside);
  }
  std::sort(rest_.begin(), rest_.end());
}

void CoreEnd::Start() {
  const absl::Duration quiet_from = scenario_.phases.QuietFrom();
  world_.At(AsTime(quiet_from), sim::EventClass::kFault,
            [this] { BreakTheRest(); });
  world_.At(AsTime(quiet_from + scenario_.demands.leader_within),
            sim::EventClass::kDriver, [this] { Watch(); });
}

// ------------------------------------------------------------ those outside

void CoreEnd::BreakTheRest() {
  for (const uint32_t node : rest_) Break(node);
}

void CoreEnd::Break(uint32_t node) {
  static constexpr auto kFaults = std::to_array<Fault>(
      {Fault::kDead, Fault::kPaused, Fault::kDeaf, Fault::kMute, Fault::kCutOff,
       Fault::kFlapping, Fault::kSlow});
  const sim::HostId host = cluster_.host(node);
  const Fault fault = kFaults[dice_.Below(kFaults.size())];
  if (fault == Fault::kDead) {
    world_.CountFault("core.outside_dead", {.host = host});
    if (dice_.Chance(kDiesOfPowerPpm)) {
      cluster_.PowerOff(node);
    } else {
      cluster_.Kill(node);
    }
    return;
  }
  // All others are alive, so that they can do harm.
  if (!cluster_.running(node)) cluster_.Boot(node);
  if (fault == Fault::kPaused) {
    world_.CountFault("core.outside_paused", {.host = host});
    world_.Pause(host);
    return;
  }
  if (world_.paused(host)) world_.Resume(host);
  switch (fault) {
    case Fault::kDeaf:
      world_.CountFault("core.outside_deaf", {.host = host});
      CutFromCore(node);
      break;
    case Fault::kMute:
      world_.CountFault("core.outside_mute", {.host = host});
      CutToCore(node);
      break;
    case Fault::kCutOff:
      world_.CountFault("core.outside_cut_off", {.host = host});
      CutFromCore(node);
      CutToCore(node);
      break;
    case Fault::kFlapping:
      world_.CountFault("core.outside_flapping", {.host = host});
      Flap(node, true);
      break;
    case Fault::kSlow:
      world_.CountFault("core.outside_slow", {.host = host});
      SlowDown(node);
      break;
    case Fault::kDead:
    case Fault::kPaused:
      break;
  }
}

void CoreEnd::CutFromCore(uint32_t node) {
  for (const uint32_t member : core_) {
    world_.network().Cut(cluster_.host(member), cluster_.host(node));
  }
}

void CoreEnd::CutToCore(uint32_t node) {
  for (const uint32_t member : core_) {
    world_.network().Cut(cluster_.host(node), cluster_.host(member));
  }
}

void CoreEnd::Flap(uint32_t node, bool cut) {
  const ClusterShape& shape = scenario_.cluster;
  absl::Duration lasts;
  if (cut) {
    CutFromCore(node);
    CutToCore(node);
    lasts = dice_.Between(kFlapDownTimeoutsMin * shape.election_timeout_max,
                          kFlapDownTimeoutsMax * shape.election_timeout_max);
  } else {
    for (const uint32_t member : core_) {
      world_.network().Heal(cluster_.host(member), cluster_.host(node));
      world_.network().Heal(cluster_.host(node), cluster_.host(member));
    }
    lasts = dice_.Between(absl::Milliseconds(1), shape.election_timeout_max);
  }
  world_.At(world_.now() + AsTime(lasts), sim::EventClass::kFault,
            [this, node, cut] { Flap(node, !cut); });
}

void CoreEnd::SlowDown(uint32_t node) {
  world_.SetCpuFactor(cluster_.host(node), kSlowCpuFactor);
  sim::NetworkKnobs knobs = world_.knobs().network;
  knobs.latency_min = kSlowLatencyMin;
  knobs.latency_max = kSlowLatencyMax;
  for (const uint32_t member : core_) {
    world_.network().SetLinkKnobs(cluster_.host(member), cluster_.host(node),
                                  knobs);
    world_.network().SetLinkKnobs(cluster_.host(node), cluster_.host(member),
                                  knobs);
  }
}

// ------------------------------------------------------------------ livelock

void CoreEnd::Watch() {
  uint64_t term = 0;
  uint64_t boots = 0;
  for (const uint32_t node : core_) boots += world_.boots(cluster_.host(node));
  if (boots != boots_) {
    // One of them has ended by itself, as by damage that came to light: what
    // follows has a cause.
    boots_ = boots;
    term_ = 0;
    leader_ = 0;
    leader_changes_ = 0;
  }
  for (const uint32_t node : core_) {
    const NodeView* view = cluster_.View(node);
    if (view != nullptr) term = std::max(term, view->term.value());
  }
  if (term_ == 0) term_ = term;
  const uint32_t leader = cluster_.leader_of_majority(core_);
  if (leader != 0 && leader_ != 0 && leader != leader_) ++leader_changes_;
  if (leader != 0) leader_ = leader;
  if (leader_changes_ > kLeaderChangesMax || term > term_ + kLeaderChangesMax) {
    Livelock(term);
    return;
  }
  world_.At(world_.now() + AsTime(kWatchInterval), sim::EventClass::kDriver,
            [this] { Watch(); });
}

void CoreEnd::Livelock(uint64_t term) {
  if (Excuse().has_value()) return;
  world_.Fail(
      "core-livelock",
      absl::StrCat("the core should be at rest, yet its leader has changed ",
                   leader_changes_, " times and its term has grown from ",
                   term_, " to ", term, "; ", cluster_.Describe(core_),
                   "; outside: ", cluster_.Describe(rest_)));
}

// ------------------------------------------------------------------- excuses

std::optional<std::string> CoreEnd::Excuse() {
  std::optional<std::string> reason = CommittedEntriesAreLost();
  if (!reason.has_value()) reason = TooFewDisksAreWhole();
  return reason;
}

std::optional<std::string> CoreEnd::CommittedEntriesAreLost() {
  const persist::Index committed = cluster_.checks().committed();
  persist::Index held;
  for (const uint32_t node : core_) {
    held = std::max(held, cluster_.checks().DurablyCommitted(node));
  }
  if (held >= committed) return std::nullopt;
  return absl::StrCat("the core holds ", held.value(), " of ",
                      committed.value(), " committed entries");
}

std::optional<std::string> CoreEnd::TooFewDisksAreWhole() {
  const auto lost = static_cast<size_t>(std::count_if(
      core_.begin(), core_.end(),
      [this](uint32_t node) { return cluster_.damage().LostForGood(node); }));
  if (2 * (core_.size() - lost) > cluster_.size()) return std::nullopt;
  return absl::StrCat("of the core, ", lost,
                      " are lost: ", cluster_.damage().Lost());
}

}  // namespace scenarios
