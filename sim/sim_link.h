// One direction between two hosts: whether it is cut, how it misbehaves now,
// and its dice. Every stream between the two shares it.
//
// The dice are two streams of the world per direction, "net" for times and
// "net.fault" for faults, so that switching a class of faults off does not
// shift the latencies.

#ifndef SIM_SIM_LINK_H_
#define SIM_SIM_LINK_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "runtime/random.h"
#include "sim/network_knobs.h"
#include "sim/world.h"

namespace sim {

class Link {
 public:
  // `world` must outlive this.
  Link(World& world, HostId from, HostId to, bool target_up);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  HostId from() const { return from_; }
  HostId to() const { return to_; }
  World& world() const { return world_; }

  // Its own knobs, or those of the world.
  const NetworkKnobs& knobs() const;
  void SetKnobs(std::optional<NetworkKnobs> knobs) { knobs_ = knobs; }

  bool cut() const { return cut_; }
  void SetCut(bool cut) { cut_ = cut; }
  // False while the host at the far end has no power: nobody answers.
  void SetTargetUp(bool up) { target_up_ = up; }
  // Nothing arrives now.
  bool blocked() const { return cut_ || !target_up_; }

  // When something of `bytes` that leaves now is at the other end. Takes its
  // share of the bandwidth.
  Time DrawArrival(size_t bytes);
  // Zero almost always; else for how long a stream stops, which is counted.
  Time DrawStall();
  // How much later a repeated or overtaken frame arrives. At least 1 ns.
  Time DrawLateness();
  // Zero almost always; else how many of `bytes` go first. Requires: bytes > 0.
  size_t DrawSplit(size_t bytes);
  // How many of the `bytes` that are there a read gets; fewer than all are
  // counted. Requires: bytes > 0.
  size_t DrawRead(size_t bytes);
  // True with this probability, and then counted under `kind` unless empty.
  bool Strikes(uint32_t parts_per_million, absl::string_view kind);
  runtime::Random& fault_dice() { return fault_dice_; }

 private:
  World& world_;
  const HostId from_;
  const HostId to_;
  std::optional<NetworkKnobs> knobs_;
  bool cut_ = false;
  bool target_up_;
  Time busy_until_ = 0;  // When the last byte so far has left; see bandwidth.
  runtime::Random time_dice_;
  runtime::Random fault_dice_;
};

}  // namespace sim

#endif  // SIM_SIM_LINK_H_
