// The knobs of the network.

#include <algorithm>
#include <array>
#include <span>

#include "scenarios/knob_rows.h"

namespace scenarios {
namespace {

template <auto kField>
constexpr auto kNetwork = &SetKnob<&sim::Knobs::network, kField>;

using N = sim::NetworkKnobs;

constexpr auto kPlain = std::to_array<Knob>({
    {"network.bandwidth", Unit::kCount, false, "",
     kNetwork<&N::bandwidth_bytes_per_second>},
    {"network.connect_hang", Unit::kPartsPerMillion, true, "net.connect_hang",
     kNetwork<&N::connect_hang_ppm>},
    {"network.connect_refused", Unit::kPartsPerMillion, true,
     "net.connect_refused", kNetwork<&N::connect_refused_ppm>},
    {"network.frame_ancient", Unit::kPartsPerMillion, true, "net.frame_ancient",
     kNetwork<&N::frame_ancient_ppm>},
    {"network.frame_ancient_max", Unit::kSpan, false, "",
     kNetwork<&N::frame_ancient_max>},
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
    {"network.latency_tail", Unit::kPartsPerMillion, true, "net.latency_tail",
     kNetwork<&N::latency_tail_ppm>},
    {"network.latency_tail_max", Unit::kSpan, false, "",
     kNetwork<&N::latency_tail_max>},
    {"network.queue", Unit::kCount, false, "", kNetwork<&N::queue_bytes>},
    {"network.resend_backoff", Unit::kPartsPerMillion, true,
     "net.resend_backed_off", kNetwork<&N::resend_backoff_ppm>},
    {"network.reset", Unit::kPartsPerMillion, true, "net.reset",
     kNetwork<&N::reset_ppm>},
    {"network.short_read", Unit::kPartsPerMillion, true, "net.short_read",
     kNetwork<&N::short_read_ppm>},
    {"network.slow_host", Unit::kPartsPerMillion, true, "net.slow_host",
     kNetwork<&N::slow_host_ppm>},
    {"network.slow_latency", Unit::kSpan, false, "",
     kNetwork<&N::slow_latency_min>, kNetwork<&N::slow_latency_max>},
    {"network.slow_link", Unit::kPartsPerMillion, true, "net.slow_link",
     kNetwork<&N::slow_link_ppm>},
    {"network.stall", Unit::kPartsPerMillion, true, "net.stall",
     kNetwork<&N::stall_ppm>},
    {"network.stall_max", Unit::kSpan, false, "", kNetwork<&N::stall_max>},
    {"network.window", Unit::kCount, false, "", kNetwork<&N::window_bytes>},
    {"network.write_split", Unit::kPartsPerMillion, true, "",
     kNetwork<&N::write_split_ppm>},
});

constexpr auto kRegimes = std::to_array<Knob>({
    {"network.regime_dwell", Unit::kSpan, false, "",
     kNetwork<&N::regime_dwell>},
    {"network.regime_flap", Unit::kSpan, false, "",
     kNetwork<&N::regime_flap_min>, kNetwork<&N::regime_flap_max>},
    {"network.regime_flapping", Unit::kPartsPerMillion, true,
     "net.regime_flapping", kNetwork<&N::regime_flapping_ppm>},
    {"network.regime_lag", Unit::kSpan, false, "", kNetwork<&N::regime_lag_min>,
     kNetwork<&N::regime_lag_max>},
    {"network.regime_laggy", Unit::kPartsPerMillion, true, "net.regime_laggy",
     kNetwork<&N::regime_laggy_ppm>},
    {"network.regime_loss", Unit::kPartsPerMillion, false, "",
     kNetwork<&N::regime_loss_ppm>},
    {"network.regime_lossy", Unit::kPartsPerMillion, true, "net.regime_lossy",
     kNetwork<&N::regime_lossy_ppm>},
    {"network.regime_reorder", Unit::kPartsPerMillion, false, "",
     kNetwork<&N::regime_reorder_ppm>},
    {"network.regime_reordering", Unit::kPartsPerMillion, true,
     "net.regime_reordering", kNetwork<&N::regime_reordering_ppm>},
    {"network.regime_slow", Unit::kPartsPerMillion, true, "net.regime_slow",
     kNetwork<&N::regime_slow_ppm>},
    {"network.regime_slow_bandwidth", Unit::kCount, false, "",
     kNetwork<&N::regime_slow_bytes_per_second>},
});

constexpr auto kAll = [] {
  std::array<Knob, kPlain.size() + kRegimes.size()> all{};
  std::copy(kPlain.begin(), kPlain.end(), all.begin());
  std::copy(kRegimes.begin(), kRegimes.end(), all.begin() + kPlain.size());
  return all;
}();

}  // namespace

std::span<const Knob> NetworkKnobRows() { return kAll; }

}  // namespace scenarios
