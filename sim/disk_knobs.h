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
  // Any unsynced sector may become durable by itself, tried at every write.
  uint32_t writeback_ppm = 0;
  // A sector whose unsynced write a power failure took comes back as garbage,
  // neither old nor new. Beyond what persist/disk.h promises: for guests that
  // do not trust sectors.
  uint32_t torn_sector_ppm = 0;
  // The process dies inside a storage call, after its effect, before its
  // return.
  uint32_t crash_in_call_ppm = 0;

  uint64_t capacity_bytes = uint64_t{1} << 30;
};

}  // namespace sim

#endif  // SIM_DISK_KNOBS_H_
