// The knobs of the disk.

#include <array>
#include <span>

#include "scenarios/knob_rows.h"

namespace scenarios {
namespace {

template <auto kField>
constexpr auto kDisk = &SetKnob<&sim::Knobs::disk, kField>;

using D = sim::DiskKnobs;

constexpr auto kRows = std::to_array<Knob>({
    {"disk.bandwidth", Unit::kCount, false, "",
     kDisk<&D::bandwidth_bytes_per_second>},
    {"disk.capacity", Unit::kCount, false, "", kDisk<&D::capacity_bytes>},
    {"disk.crash_in_call", Unit::kPartsPerMillion, true, "disk.crash_in_call",
     kDisk<&D::crash_in_call_ppm>},
    {"disk.iops", Unit::kCount, false, "", kDisk<&D::operations_per_second>},
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
    {"disk.writeback_every", Unit::kSpan, false, "",
     kDisk<&D::writeback_every>},
    // Damage to what was acknowledged.
    {"disk.bit_rot", Unit::kPartsPerMillion, true, "disk.bit_rot",
     kDisk<&D::bit_rot_ppm>},
    {"disk.latent_error", Unit::kPartsPerMillion, true, "disk.latent_error",
     kDisk<&D::latent_error_ppm>},
    {"disk.misdirected_read", Unit::kPartsPerMillion, true,
     "disk.misdirected_read", kDisk<&D::misdirected_read_ppm>},
    {"disk.misdirected_write", Unit::kPartsPerMillion, true,
     "disk.misdirected_write", kDisk<&D::misdirected_write_ppm>},
    {"disk.phantom_write", Unit::kPartsPerMillion, true, "disk.phantom_write",
     kDisk<&D::phantom_write_ppm>},
    {"disk.stale_read", Unit::kPartsPerMillion, true, "disk.stale_read",
     kDisk<&D::stale_read_ppm>},
});

}  // namespace

std::span<const Knob> DiskKnobRows() { return kRows; }

}  // namespace scenarios
