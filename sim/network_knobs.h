// How the simulated network behaves, and misbehaves. See sim/knobs.h.

#ifndef SIM_NETWORK_KNOBS_H_
#define SIM_NETWORK_KNOBS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sim {

struct NetworkKnobs {
  // One way, per write, drawn uniformly.
  absl::Duration latency_min = absl::Microseconds(100);
  absl::Duration latency_max = absl::Microseconds(500);
  // What one direction of a link carries. 0: no limit.
  uint64_t bandwidth_bytes_per_second = 0;

  // Frame streams only, per write (see net::Framing).
  uint32_t frame_loss_ppm = 0;
  uint32_t frame_duplicate_ppm = 0;
  uint32_t frame_reorder_ppm = 0;
  uint32_t frame_corrupt_ppm = 0;
  // How much later a repeated, reordered or held write arrives.
  absl::Duration frame_late_max = absl::Milliseconds(50);
  // Of the writes that run into a cut: how many arrive after it has healed. The
  // others are lost.
  uint32_t frame_held_ppm = 0;

  // Any stream.
  uint32_t reset_ppm = 0;  // Per write: the stream breaks.
  uint32_t connect_refused_ppm = 0;
  uint32_t connect_hang_ppm = 0;  // The dial gets no answer at all.
  uint32_t stall_ppm = 0;         // Per write: the stream stops for a while.
  absl::Duration stall_max = absl::Seconds(2);
  uint32_t short_read_ppm = 0;  // Per read: fewer bytes than are there.
  // Byte streams only, per write: it leaves in two parts, each with a latency
  // of its own.
  uint32_t write_split_ppm = 0;

  // Bytes of one direction of a stream that were written and not yet read
  // before a writer waits. A single write of a frame stream may exceed it.
  size_t window_bytes = 256 << 10;
};

}  // namespace sim

#endif  // SIM_NETWORK_KNOBS_H_
