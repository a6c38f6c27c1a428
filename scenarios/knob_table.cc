#include "scenarios/knob_table.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "runtime/check.h"

namespace scenarios {
namespace {

using config::FormatRange;

constexpr uint32_t kSwarmOffPpm = 500'000;

template <auto kRoom, auto kField>
void Set(sim::Knobs& knobs, int64_t value) {
  auto& field = knobs.*kRoom.*kField;
  using Field = std::remove_reference_t<decltype(field)>;
  if constexpr (std::is_same_v<Field, absl::Duration>) {
    field = absl::Nanoseconds(value);
  } else {
    field = static_cast<Field>(value);
  }
}

template <auto kField>
constexpr auto kNetwork = &Set<&sim::Knobs::network, kField>;
template <auto kField>
constexpr auto kDisk = &Set<&sim::Knobs::disk, kField>;
template <auto kField>
constexpr auto kProcess = &Set<&sim::Knobs::process, kField>;

using N = sim::NetworkKnobs;
using D = sim::DiskKnobs;
using P = sim::ProcessKnobs;

constexpr auto kKnobs = std::to_array<Knob>({
    {"disk.capacity", Unit::kCount, false, "", kDisk<&D::capacity_bytes>},
    {"disk.crash_in_call", Unit::kPartsPerMillion, true, "disk.crash_in_call",
     kDisk<&D::crash_in_call_ppm>},
    {"disk.read_failure", Unit::kPartsPerMillion, true, "disk.read_failed",
     kDisk<&D::read_failure_ppm>},
    {"disk.read_latency", Unit::kSpan, false, "", kDisk<&D::read_latency_min>,
     kDisk<&D::read_latency_max>},
    {"disk.stall", Unit::kPartsPerMillion, true, "disk.stall",
     kDisk<&D::stall_ppm>},
    {"disk.stall_max", Unit::kSpan, false, "", kDisk<&D::stall_max>},
    {"disk.sync_failure", Unit::kPartsPerMillion, true, "disk.sync_failed",
     kDisk<&D::sync_failure_ppm>},
    {"disk.sync_latency", Unit::kSpan, false, "", kDisk<&D::sync_latency_min>,
     kDisk<&D::sync_latency_max>},
    {"disk.torn_sector", Unit::kPartsPerMillion, true, "disk.sector_torn",
     kDisk<&D::torn_sector_ppm>},
    {"disk.write_failure", Unit::kPartsPerMillion, true, "disk.write_failed",
     kDisk<&D::write_failure_ppm>},
    {"disk.write_latency", Unit::kSpan, false, "", kDisk<&D::write_latency_min>,
     kDisk<&D::write_latency_max>},
    {"disk.writeback", Unit::kPartsPerMillion, true, "disk.writeback",
     kDisk<&D::writeback_ppm>},
    {"network.bandwidth", Unit::kCount, false, "",
     kNetwork<&N::bandwidth_bytes_per_second>},
    {"network.connect_hang", Unit::kPartsPerMillion, true, "net.connect_hang",
     kNetwork<&N::connect_hang_ppm>},
    {"network.connect_refused", Unit::kPartsPerMillion, true,
     "net.connect_refused", kNetwork<&N::connect_refused_ppm>},
    {"network.frame_corrupt", Unit::kPartsPerMillion, true,
     "net.frame_corrupted", kNetwork<&N::frame_corrupt_ppm>},
    {"network.frame_duplicate", Unit::kPartsPerMillion, true,
     "net.frame_duplicated", kNetwork<&N::frame_duplicate_ppm>},
    {"network.frame_held", Unit::kPartsPerMillion, true, "net.frame_held",
     kNetwork<&N::frame_held_ppm>},
    {"network.frame_late_max", Unit::kSpan, false, "",
     kNetwork<&N::frame_late_max>},
    {"network.frame_loss", Unit::kPartsPerMillion, true, "net.frame_lost",
     kNetwork<&N::frame_loss_ppm>},
    {"network.frame_reorder", Unit::kPartsPerMillion, true,
     "net.frame_reordered", kNetwork<&N::frame_reorder_ppm>},
    {"network.latency", Unit::kSpan, false, "", kNetwork<&N::latency_min>,
     kNetwork<&N::latency_max>},
    {"network.reset", Unit::kPartsPerMillion, true, "net.reset",
     kNetwork<&N::reset_ppm>},
    {"network.short_read", Unit::kPartsPerMillion, true, "net.short_read",
     kNetwork<&N::short_read_ppm>},
    {"network.stall", Unit::kPartsPerMillion, true, "net.stall",
     kNetwork<&N::stall_ppm>},
    {"network.stall_max", Unit::kSpan, false, "", kNetwork<&N::stall_max>},
    {"network.window", Unit::kCount, false, "", kNetwork<&N::window_bytes>},
    {"network.write_split", Unit::kPartsPerMillion, true, "",
     kNetwork<&N::write_split_ppm>},
    {"process.buggify_active", Unit::kPartsPerMillion, true, "",
     kProcess<&P::buggify_active_ppm>},
    {"process.buggify_fire", Unit::kPartsPerMillion, false, "",
     kProcess<&P::buggify_fire_ppm>},
    {"process.clock_drift_max", Unit::kPartsPerMillion, true, "",
     kProcess<&P::clock_drift_max_ppm>},
    {"process.cpu_cost", Unit::kSpan, false, "", kProcess<&P::cpu_cost_min>,
     kProcess<&P::cpu_cost_max>},
    {"process.post_delay", Unit::kSpan, false, "", kProcess<&P::post_delay_min>,
     kProcess<&P::post_delay_max>},
});

}  // namespace

std::span<const Knob> AllKnobs() { return kKnobs; }

const Knob* FindKnob(absl::string_view name) {
  const auto found =
      std::lower_bound(kKnobs.begin(), kKnobs.end(), name,
                       [](const Knob& knob, absl::string_view wanted) {
                         return knob.name < wanted;
                       });
  return found != kKnobs.end() && found->name == name ? &*found : nullptr;
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
