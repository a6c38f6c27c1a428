// One direction between two hosts: whether it is cut or clogged, how it
// misbehaves now, and its dice. Every stream between the two shares it.
//
// A cut link loses what runs into it (frames) or stalls it (byte streams); a
// clogged one keeps everything, in order, and lets it go at once when it is
// free again. A regime of its own (link_regime.h) may take it down like a cut.
//
// Limited bandwidth is shared: what one stream sends waits for what it has sent
// before and not for all that others have, as queues on the way are fair to
// each connection (fq_codel). Only a stream that is alone has all of it.
//
// The dice are two streams of the world per direction, "net" for times and
// "net.fault" for faults, so that switching a class of faults off does not
// shift the latencies; "net.ancient" for frames that come again much later, and
// those of its parts: link_delays.h, link_regime.h, frame_filter.h.

#ifndef SIM_SIM_LINK_H_
#define SIM_SIM_LINK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "sim/frame_filter.h"
#include "sim/link_delays.h"
#include "sim/link_regime.h"
#include "sim/network_knobs.h"
#include "sim/world.h"

namespace sim {

class Link {
 public:
  // One direction of one stream, and when the last byte so far will have left.
  struct Flow {
    uint64_t id = 0;
    Time busy_until = 0;
  };
  // What the two hosts at its ends are; must outlive it.
  struct Ends {
    Slowness& from;
    Slowness& to;
    bool target_up;
  };

  // `world` must outlive this.
  Link(World& world, HostId from, HostId to, Ends ends);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  HostId from() const { return from_; }
  HostId to() const { return to_; }
  World& world() const { return world_; }

  // More bandwidth than before, from now on.
  struct Hastening {
    // When what was to be there, or to have left, at `at` will be.
    Time operator()(Time at) const;

    Time now;
    uint64_t before;  // In bytes per second.
    uint64_t after;   // 0: no limit.
  };

  // Its own knobs, or those of the world.
  const NetworkKnobs& knobs() const;
  // If there is more bandwidth then, what waits for it has to hear.
  std::optional<Hastening> SetKnobs(std::optional<NetworkKnobs> knobs);

  // By somebody, or by the regime.
  bool cut() const { return cut_ || down_; }
  // Both: whether that changed anything.
  bool SetCut(bool cut) { return std::exchange(cut_, cut) != cut; }
  bool SetDown(bool down) { return std::exchange(down_, down) != down; }
  bool SetClogged(bool clogged) {
    return std::exchange(clogged_, clogged) != clogged;
  }
  // False while the host at the far end has no power: nobody answers.
  void SetTargetUp(bool up) { target_up_ = up; }
  // Nothing arrives now.
  bool blocked() const { return only_clogged() || loses(); }
  bool clogged() const { return clogged_; }
  // Nothing arrives now, but nothing is lost either.
  bool only_clogged() const { return clogged_ && !loses(); }

  Flow NewFlow() { return {.id = ++flows_}; }
  // When something of `bytes` that `flow` sends now is at the other end. Takes
  // its share of the bandwidth.
  Time DrawArrival(Flow& flow, size_t bytes);
  // What it carries now, in bytes per second; 0: no limit.
  uint64_t bandwidth();
  // The bandwidth is limited and too much of `flow` waits for it: a frame more
  // is lost, which is counted.
  bool QueueIsFull(const Flow& flow);
  // What reigns now, or null if this link knows no regimes.
  LinkRegime* regime();
  // Null if there are none; then no write is taken apart.
  FrameFilters* filters() {
    return filters_ == nullptr || filters_->empty() ? nullptr : filters_.get();
  }
  void AddFilter(uint64_t id, FrameFilter filter);
  void RemoveFilter(uint64_t id);
  void ClearFilters();
  // Zero almost always; else how much later a frame comes once more.
  Time DrawAncient();
  // Zero almost always; else for how long a stream stops, which is counted.
  Time DrawStall();
  // Zero almost always; else how long after the healing of a stall that lasted
  // `stalled` the sender tries again, which is counted.
  Time DrawBackoff(Time stalled);
  // How much later a repeated or overtaken frame arrives. At least 1 ns.
  Time DrawLateness();
  // Zero almost always; else how many of `bytes` go first. Requires: bytes > 0.
  size_t DrawSplit(size_t bytes);
  // How many of the `bytes` that are there a read gets; fewer than all are
  // counted. Requires: bytes > 0.
  size_t DrawRead(size_t bytes);
  // True with this probability, and then counted under `kind` unless empty.
  bool Strikes(uint32_t parts_per_million, absl::string_view kind);
  // It struck something on its way over this link.
  void CountFault(absl::string_view kind);
  runtime::Random& fault_dice() { return fault_dice_; }

 private:
  bool loses() const { return cut() || !target_up_; }
  // When the last byte has left if `flow` sends `nanos` worth of them now.
  Time Leaves(Flow& flow, Time nanos);

  World& world_;
  const HostId from_;
  const HostId to_;
  std::optional<NetworkKnobs> knobs_;
  bool cut_ = false;
  bool down_ = false;
  bool clogged_ = false;
  bool target_up_;
  // Where the bandwidth is limited: when the last byte so far will have left,
  // and the flows of which something waits.
  Time busy_until_ = 0;
  std::vector<Flow> waiting_;
  uint64_t flows_ = 0;
  runtime::Random time_dice_;
  runtime::Random fault_dice_;
  LinkDelays delays_;
  std::optional<runtime::Random> ancient_dice_;  // From the first use.
  std::unique_ptr<LinkRegime> regime_;           // From the first use.
  std::unique_ptr<FrameFilters> filters_;        // From the first use.
};

}  // namespace sim

#endif  // SIM_SIM_LINK_H_
