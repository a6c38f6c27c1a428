#include "sim/knobs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sim {
namespace {

// Collects "name = value" lines.
class Lines {
 public:
  void Add(absl::string_view name, absl::Duration value) {
    absl::StrAppend(&text_, name, " = ", absl::FormatDuration(value), "\n");
  }
  void Add(absl::string_view name, uint64_t value) {
    absl::StrAppend(&text_, name, " = ", value, "\n");
  }
  void Add(absl::string_view name, absl::string_view value) {
    absl::StrAppend(&text_, name, " = ", value, "\n");
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

absl::string_view ScheduleName(Schedule schedule) {
  switch (schedule) {
    case Schedule::kRandom:
      return "random";
    case Schedule::kFifo:
      return "fifo";
    case Schedule::kPct:
      return "pct";
  }
  return "?";
}

void AddProcess(const ProcessKnobs& knobs, Lines& lines) {
  lines.Add("process.schedule", ScheduleName(knobs.schedule));
  lines.Add("process.pct_depth", knobs.pct_depth);
  lines.Add("process.pct_steps", knobs.pct_steps);
  lines.Add("process.cpu_cost_min", knobs.cpu_cost_min);
  lines.Add("process.cpu_cost_max", knobs.cpu_cost_max);
  lines.Add("process.work_cost", knobs.work_cost);
  lines.Add("process.post_delay_min", knobs.post_delay_min);
  lines.Add("process.post_delay_max", knobs.post_delay_max);
  lines.Add("process.cpu_factor_min", knobs.cpu_factor_min);
  lines.Add("process.cpu_factor_max", knobs.cpu_factor_max);
  lines.Add("process.clock_drift_max_ppm", knobs.clock_drift_max_ppm);
  lines.Add("process.crash_at_suspend_ppm", knobs.crash_at_suspend_ppm);
  lines.Add("process.crash_in_recovery_ppm", knobs.crash_in_recovery_ppm);
  lines.Add("process.allocation_failure_ppm", knobs.allocation_failure_ppm);
  lines.Add("process.buggify_active_ppm", knobs.buggify_active_ppm);
  lines.Add("process.buggify_fire_ppm", knobs.buggify_fire_ppm);
}

void AddRegimes(const NetworkKnobs& knobs, Lines& lines) {
  lines.Add("network.regime_lossy_ppm", knobs.regime_lossy_ppm);
  lines.Add("network.regime_laggy_ppm", knobs.regime_laggy_ppm);
  lines.Add("network.regime_reordering_ppm", knobs.regime_reordering_ppm);
  lines.Add("network.regime_flapping_ppm", knobs.regime_flapping_ppm);
  lines.Add("network.regime_slow_ppm", knobs.regime_slow_ppm);
  lines.Add("network.regime_dwell", knobs.regime_dwell);
  lines.Add("network.regime_loss_ppm", knobs.regime_loss_ppm);
  lines.Add("network.regime_lag_min", knobs.regime_lag_min);
  lines.Add("network.regime_lag_max", knobs.regime_lag_max);
  lines.Add("network.regime_reorder_ppm", knobs.regime_reorder_ppm);
  lines.Add("network.regime_flap_min", knobs.regime_flap_min);
  lines.Add("network.regime_flap_max", knobs.regime_flap_max);
  lines.Add("network.regime_slow_bytes_per_second",
            knobs.regime_slow_bytes_per_second);
}

void AddNetwork(const NetworkKnobs& knobs, Lines& lines) {
  lines.Add("network.latency_min", knobs.latency_min);
  lines.Add("network.latency_max", knobs.latency_max);
  lines.Add("network.latency_tail_ppm", knobs.latency_tail_ppm);
  lines.Add("network.latency_tail_max", knobs.latency_tail_max);
  lines.Add("network.slow_link_ppm", knobs.slow_link_ppm);
  lines.Add("network.slow_host_ppm", knobs.slow_host_ppm);
  lines.Add("network.slow_latency_min", knobs.slow_latency_min);
  lines.Add("network.slow_latency_max", knobs.slow_latency_max);
  lines.Add("network.bandwidth_bytes_per_second",
            knobs.bandwidth_bytes_per_second);
  lines.Add("network.queue_bytes", knobs.queue_bytes);
  lines.Add("network.frame_loss_ppm", knobs.frame_loss_ppm);
  lines.Add("network.frame_duplicate_ppm", knobs.frame_duplicate_ppm);
  lines.Add("network.frame_reorder_ppm", knobs.frame_reorder_ppm);
  lines.Add("network.frame_corrupt_ppm", knobs.frame_corrupt_ppm);
  lines.Add("network.frame_ancient_ppm", knobs.frame_ancient_ppm);
  lines.Add("network.frame_ancient_max", knobs.frame_ancient_max);
  lines.Add("network.frame_late_max", knobs.frame_late_max);
  lines.Add("network.frame_held_ppm", knobs.frame_held_ppm);
  AddRegimes(knobs, lines);
  lines.Add("network.reset_ppm", knobs.reset_ppm);
  lines.Add("network.connect_refused_ppm", knobs.connect_refused_ppm);
  lines.Add("network.connect_hang_ppm", knobs.connect_hang_ppm);
  lines.Add("network.stall_ppm", knobs.stall_ppm);
  lines.Add("network.stall_max", knobs.stall_max);
  lines.Add("network.short_read_ppm", knobs.short_read_ppm);
  lines.Add("network.write_split_ppm", knobs.write_split_ppm);
  lines.Add("network.window_bytes", knobs.window_bytes);
}

void AddDisk(const DiskKnobs& knobs, Lines& lines) {
  lines.Add("disk.read_latency_min", knobs.read_latency_min);
  lines.Add("disk.read_latency_max", knobs.read_latency_max);
  lines.Add("disk.write_latency_min", knobs.write_latency_min);
  lines.Add("disk.write_latency_max", knobs.write_latency_max);
  lines.Add("disk.sync_latency_min", knobs.sync_latency_min);
  lines.Add("disk.sync_latency_max", knobs.sync_latency_max);
  lines.Add("disk.sync_failure_ppm", knobs.sync_failure_ppm);
  lines.Add("disk.write_failure_ppm", knobs.write_failure_ppm);
  lines.Add("disk.read_failure_ppm", knobs.read_failure_ppm);
  lines.Add("disk.stall_ppm", knobs.stall_ppm);
  lines.Add("disk.stall_max", knobs.stall_max);
  lines.Add("disk.writeback_ppm", knobs.writeback_ppm);
  lines.Add("disk.writeback_every", knobs.writeback_every);
  lines.Add("disk.torn_sector_ppm", knobs.torn_sector_ppm);
  lines.Add("disk.crash_in_call_ppm", knobs.crash_in_call_ppm);
  lines.Add("disk.capacity_bytes", knobs.capacity_bytes);
  lines.Add("disk.bandwidth_bytes_per_second",
            knobs.bandwidth_bytes_per_second);
  lines.Add("disk.operations_per_second", knobs.operations_per_second);
  lines.Add("disk.bit_rot_ppm", knobs.bit_rot_ppm);
  lines.Add("disk.latent_error_ppm", knobs.latent_error_ppm);
  lines.Add("disk.phantom_write_ppm", knobs.phantom_write_ppm);
  lines.Add("disk.misdirected_write_ppm", knobs.misdirected_write_ppm);
  lines.Add("disk.stale_read_ppm", knobs.stale_read_ppm);
  lines.Add("disk.misdirected_read_ppm", knobs.misdirected_read_ppm);
}

}  // namespace

std::string Knobs::ToString() const {
  Lines lines;
  AddProcess(process, lines);
  AddNetwork(network, lines);
  AddDisk(disk, lines);
  return lines.Take();
}

}  // namespace sim
