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
  // Bimodal: a write that the dice choose takes longer than latency_max, up to
  // this.
  uint32_t latency_tail_ppm = 0;
  absl::Duration latency_tail_max = absl::Milliseconds(100);
  // The chance that a direction of a link is slow in this world, for good; and
  // that a host is, with all that it sends and is sent. What is slow adds this
  // to every write.
  uint32_t slow_link_ppm = 0;
  uint32_t slow_host_ppm = 0;
  absl::Duration slow_latency_min = absl::Milliseconds(10);
  absl::Duration slow_latency_max = absl::Milliseconds(100);
  // What one direction of a link carries, shared fairly by the streams that
  // have something to send (sim_link.h). 0: no limit.
  uint64_t bandwidth_bytes_per_second = 0;
  // Where the bandwidth is limited: frames that find so much of their stream
  // waiting before them are lost. 0: no limit. Byte streams have their window.
  uint64_t queue_bytes = 0;

  // Frame streams only, per write (see net::Framing).
  uint32_t frame_loss_ppm = 0;
  uint32_t frame_duplicate_ppm = 0;
  uint32_t frame_reorder_ppm = 0;
  uint32_t frame_corrupt_ppm = 0;
  // A copy comes again much later, up to this, even if the connection has been
  // replaced by another since.
  uint32_t frame_ancient_ppm = 0;
  absl::Duration frame_ancient_max = absl::Seconds(10);
  // How much later a repeated, reordered or held write arrives.
  absl::Duration frame_late_max = absl::Milliseconds(50);
  // Of the writes that run into a cut: how many arrive after it has healed. The
  // others are lost.
  uint32_t frame_held_ppm = 0;

  // Regimes that come and go (link_regime.h): the chance that each reigns when
  // its turn comes. All zero: always calm.
  uint32_t regime_lossy_ppm = 0;
  uint32_t regime_laggy_ppm = 0;
  uint32_t regime_reordering_ppm = 0;
  uint32_t regime_flapping_ppm = 0;
  uint32_t regime_slow_ppm = 0;
  // How long one lasts on average, exponentially distributed.
  absl::Duration regime_dwell = absl::Seconds(2);
  // Lossy: per write. Frames are lost; a byte stream must send again.
  uint32_t regime_loss_ppm = 300'000;
  // Laggy: every write takes so much longer.
  absl::Duration regime_lag_min = absl::Milliseconds(20);
  absl::Duration regime_lag_max = absl::Milliseconds(200);
  // Reordering: per frame, which comes up to frame_late_max later.
  uint32_t regime_reorder_ppm = 300'000;
  // Flapping: how long the link is cut, and how long it is whole.
  absl::Duration regime_flap_min = absl::Milliseconds(20);
  absl::Duration regime_flap_max = absl::Milliseconds(200);
  // Slow: what the link carries.
  uint64_t regime_slow_bytes_per_second = 64 << 10;

  // Any stream.
  uint32_t reset_ppm = 0;  // Per write: the stream breaks.
  uint32_t connect_refused_ppm = 0;
  uint32_t connect_hang_ppm = 0;  // The dial gets no answer at all.
  uint32_t stall_ppm = 0;         // Per write: the stream stops for a while.
  absl::Duration stall_max = absl::Seconds(2);
  uint32_t short_read_ppm = 0;  // Per read: fewer bytes than are there.
  // Byte streams only, per stream that a cut or a dark host has stalled: the
  // sender tries again in ever longer intervals, as TCP does, so that what was
  // lost comes only up to as long after the healing as the stall had lasted.
  uint32_t resend_backoff_ppm = 0;
  // Byte streams only, per write: it leaves in two parts, each with a latency
  // of its own.
  uint32_t write_split_ppm = 0;

  // Bytes of one direction of a stream that were written and not yet read
  // before a writer waits. A single write of a frame stream may exceed it.
  size_t window_bytes = 256 << 10;

  // Whether anything above adds to the plain latency.
  bool HasDelays() const {
    return (latency_tail_ppm | slow_link_ppm | slow_host_ppm) != 0;
  }
  bool HasRegimes() const {
    return (regime_lossy_ppm | regime_laggy_ppm | regime_reordering_ppm |
            regime_flapping_ppm | regime_slow_ppm) != 0;
  }
};

}  // namespace sim

#endif  // SIM_NETWORK_KNOBS_H_
