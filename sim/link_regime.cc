#include "sim/link_regime.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "sim/sim_link.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace sim {
namespace {

// Whatever the knobs say: changes are events, and must not be all there is.
constexpr absl::Duration kDwellMin = absl::Milliseconds(1);
constexpr absl::Duration kFlapMin = absl::Milliseconds(1);

constexpr auto kTurns =
    std::to_array<Regime>({Regime::kLossy, Regime::kLaggy, Regime::kReordering,
                           Regime::kFlapping, Regime::kSlow});

uint32_t ChanceOf(Regime regime, const NetworkKnobs& knobs) {
  switch (regime) {
    case Regime::kCalm:
      return 0;
    case Regime::kLossy:
      return knobs.regime_lossy_ppm;
    case Regime::kLaggy:
      return knobs.regime_laggy_ppm;
    case Regime::kReordering:
      return knobs.regime_reordering_ppm;
    case Regime::kFlapping:
      return knobs.regime_flapping_ppm;
    case Regime::kSlow:
      return knobs.regime_slow_ppm;
  }
  return 0;
}

}  // namespace

const char* RegimeName(Regime regime) {
  switch (regime) {
    case Regime::kCalm:
      return "calm";
    case Regime::kLossy:
      return "lossy";
    case Regime::kLaggy:
      return "laggy";
    case Regime::kReordering:
      return "reordering";
    case Regime::kFlapping:
      return "flapping";
    case Regime::kSlow:
      return "slow";
  }
  return "?";
}

LinkRegime::LinkRegime(Link& link)
    : link_(link),
      dice_(link.world().Stream("net.regime", link.from(), link.to())),
      flap_dice_(
          link.world().Stream("net.regime_flap", link.from(), link.to())),
      toll_dice_(
          link.world().Stream("net.regime_toll", link.from(), link.to())) {}

// --------------------------------------------------------------- what it does

bool LinkRegime::Loses() {
  return current_ == Regime::kLossy &&
         toll_dice_.Chance(link_.knobs().regime_loss_ppm);
}

Time LinkRegime::DrawLag() {
  if (current_ != Regime::kLaggy) return 0;
  const NetworkKnobs& knobs = link_.knobs();
  return absl::ToInt64Nanoseconds(
      toll_dice_.Between(knobs.regime_lag_min, knobs.regime_lag_max));
}

Time LinkRegime::DrawOvertaken() {
  if (current_ != Regime::kReordering) return 0;
  const NetworkKnobs& knobs = link_.knobs();
  if (!toll_dice_.Chance(knobs.regime_reorder_ppm)) return 0;
  link_.CountFault("net.frame_reordered");
  const absl::Duration late_max =
      std::max(knobs.frame_late_max, absl::Nanoseconds(1));
  return absl::ToInt64Nanoseconds(
      toll_dice_.Between(absl::Nanoseconds(1), late_max));
}

uint64_t LinkRegime::Bandwidth(uint64_t usual) const {
  if (current_ != Regime::kSlow) return usual;
  const uint64_t slow =
      std::max<uint64_t>(link_.knobs().regime_slow_bytes_per_second, 1);
  return usual == 0 ? slow : std::min(usual, slow);
}

// ------------------------------------------------------------------- changes

void LinkRegime::Change() {
  const NetworkKnobs& knobs = link_.knobs();
  reigns_ = knobs.HasRegimes();
  if (!reigns_) {
    Become(Regime::kCalm);
    return;
  }
  Become(DrawRegime());
  const absl::Duration dwell =
      std::max(dice_.Exponential(knobs.regime_dwell), kDwellMin);
  World& world = link_.world();
  world.At(world.now() + absl::ToInt64Nanoseconds(dwell), EventClass::kFault,
           [this] { Change(); });
}

Regime LinkRegime::DrawRegime() {
  const Regime turn = kTurns[dice_.Below(kTurns.size())];
  // Drawn without regard to the knobs: see the top of the header.
  const uint64_t share = dice_.Below(1'000'000);
  return share < ChanceOf(turn, link_.knobs()) ? turn : Regime::kCalm;
}

void LinkRegime::Become(Regime next) {
  if (next == current_) return;
  current_ = next;
  World& world = link_.world();
  world.Record(link_.to(), "net.regime",
               {{"from", absl::string_view(world.host_name(link_.from()))},
                {"regime", RegimeName(next)}});
  if (next == Regime::kCalm) return;
  link_.CountFault(absl::StrCat("net.regime_", RegimeName(next)));
  if (next == Regime::kFlapping && !flips_) Flip();
}

void LinkRegime::Flip() {
  const NetworkKnobs& knobs = link_.knobs();
  World& world = link_.world();
  flips_ = current_ == Regime::kFlapping && knobs.HasRegimes();
  down_ = flips_ && !down_;
  if (down_) link_.CountFault("net.regime_flap");
  world.network().SetDown(link_.from(), link_.to(), down_);
  if (!flips_) return;
  const absl::Duration until =
      std::max(flap_dice_.Between(knobs.regime_flap_min, knobs.regime_flap_max),
               kFlapMin);
  world.At(world.now() + absl::ToInt64Nanoseconds(until), EventClass::kFault,
           [this] { Flip(); });
}

}  // namespace sim
