// How the simulated disk behaves, and misbehaves. See sim/knobs.h.

#ifndef SIM_DISK_KNOBS_H_
#define SIM_DISK_KNOBS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sim {

struct DiskKnobs {
  absl::Duration read_latency_min = absl::Microseconds(50);
  absl::Duration read_latency_max = absl::Microseconds(100);
  absl::Duration write_latency_min = absl::Microseconds(2);
  absl::Duration write_latency_max = absl::Microseconds(10);
  absl::Duration sync_latency_min = absl::Microseconds(500);
  absl::Duration sync_latency_max = absl::Milliseconds(2);

  // A sync fails: EIO once, the pages are then clean but not stable, the next
  // sync succeeds, a crash brings the old bytes back.
  uint32_t sync_failure_ppm = 0;
  uint32_t write_failure_ppm = 0;
  uint32_t read_failure_ppm = 0;
  // The device stops answering for a while.
  uint32_t stall_ppm = 0;
  absl::Duration stall_max = absl::Seconds(2);
  // Any unsynced sector may become durable by itself: tried at every write,
  // and as time goes by, every so often on average (zero: never).
  uint32_t writeback_ppm = 0;
  absl::Duration writeback_every = absl::ZeroDuration();
  // A sector whose unsynced write a power failure took is neither old nor new:
  // a mixture of both, or garbage. Beyond what persist/disk.h promises: for
  // guests that do not trust sectors.
  uint32_t torn_sector_ppm = 0;
  // The process dies inside a storage call, after its effect, before its
  // return.
  uint32_t crash_in_call_ppm = 0;

  uint64_t capacity_bytes = uint64_t{1} << 30;
  // How much a device that is asked by everyone at once does in a second: reads
  // and syncs, and the bytes they move. 0: no limit.
  uint64_t bandwidth_bytes_per_second = 0;
  uint64_t operations_per_second = 0;

  // ---- damage to what was acknowledged, where the gate of the disk lets it
  // happen (sim/disk_damage.h). Tried at every sync: somewhere at rest a bit
  // flips, a sector becomes unreadable; a part of what is synced is not
  // written, or is written to another place.
  uint32_t bit_rot_ppm = 0;
  uint32_t latent_error_ppm = 0;
  uint32_t phantom_write_ppm = 0;
  uint32_t misdirected_write_ppm = 0;
  // Tried at every read: one sector of it is as it was before it was last
  // written, or is another one.
  uint32_t stale_read_ppm = 0;
  uint32_t misdirected_read_ppm = 0;
};

}  // namespace sim

#endif  // SIM_DISK_KNOBS_H_
