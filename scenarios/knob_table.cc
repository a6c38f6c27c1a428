#include "scenarios/knob_table.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "scenarios/knob_rows.h"

namespace scenarios {
namespace {

using config::FormatRange;

constexpr uint32_t kSwarmOffPpm = 500'000;

template <auto kField>
constexpr auto kProcess = &SetKnob<&sim::Knobs::process, kField>;

using P = sim::ProcessKnobs;

constexpr auto kKnobs = std::to_array<Knob>({
    {"process.allocation_failure", Unit::kPartsPerMillion, true,
     "process.allocation_failure", kProcess<&P::allocation_failure_ppm>},
    {"process.buggify_active", Unit::kPartsPerMillion, true, "",
     kProcess<&P::buggify_active_ppm>},
    {"process.buggify_fire", Unit::kPartsPerMillion, false, "",
     kProcess<&P::buggify_fire_ppm>},
    {"process.clock_drift_max", Unit::kPartsPerMillion, true, "clock.drift",
     kProcess<&P::clock_drift_max_ppm>},
    {"process.cpu_cost", Unit::kSpan, false, "", kProcess<&P::cpu_cost_min>,
     kProcess<&P::cpu_cost_max>},
    {"process.cpu_factor", Unit::kCount, true, "cpu.slow_host",
     kProcess<&P::cpu_factor_min>, kProcess<&P::cpu_factor_max>},
    {"process.crash_at_suspend", Unit::kPartsPerMillion, true,
     "process.crash_at_suspend", kProcess<&P::crash_at_suspend_ppm>},
    {"process.crash_in_recovery", Unit::kPartsPerMillion, true,
     "process.crash_in_recovery", kProcess<&P::crash_in_recovery_ppm>},
    {"process.post_delay", Unit::kSpan, false, "", kProcess<&P::post_delay_min>,
     kProcess<&P::post_delay_max>},
    {"process.work_cost", Unit::kSpan, false, "", kProcess<&P::work_cost>},
});

}  // namespace

std::span<const Knob> AllKnobs() {
  static const std::vector<Knob> all = [] {
    std::vector<Knob> knobs(kKnobs.begin(), kKnobs.end());
    for (const std::span<const Knob> rows :
         {DiskKnobRows(), NetworkKnobRows()}) {
      knobs.insert(knobs.end(), rows.begin(), rows.end());
    }
    std::sort(knobs.begin(), knobs.end(),
              [](const Knob& a, const Knob& b) { return a.name < b.name; });
    return knobs;
  }();
  return all;
}

const Knob* FindKnob(absl::string_view name) {
  const std::span<const Knob> all = AllKnobs();
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const Knob& knob, absl::string_view wanted) {
                         return knob.name < wanted;
                       });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::string KnobSetting::ToString() const {
  return absl::StrCat(knob->name, " = ", FormatRange(range, knob->unit));
}

std::vector<KnobSetting> DrawKnobs(std::span<const KnobSetting> settings,
                                   bool swarm, runtime::Random& dice) {
  std::vector<KnobSetting> drawn;
  for (const KnobSetting& setting : settings) {
    // Each knob has dice of its own, so that one more line in a scenario
    // leaves the other draws as they were.
    runtime::Random knob_dice = dice.Fork(setting.knob->name);
    KnobSetting value = setting;
    if (setting.knob->set_high == nullptr) {
      const int64_t at =
          knob_dice.Between(setting.range.low, setting.range.high);
      value.range = {at, at};
    }
    const bool off =
        swarm && setting.knob->is_fault && knob_dice.Chance(kSwarmOffPpm);
    if (off) value.range = {0, 0};
    drawn.push_back(value);
  }
  return drawn;
}

void ApplyKnobs(std::span<const KnobSetting> drawn, sim::Knobs& knobs) {
  for (const KnobSetting& setting : drawn) {
    setting.knob->set(knobs, setting.range.low);
    if (setting.knob->set_high != nullptr) {
      setting.knob->set_high(knobs, setting.range.high);
    } else {
      CHECK_EQ(setting.range.low, setting.range.high,
               "not drawn yet: ", setting.knob->name);
    }
  }
}

}  // namespace scenarios
