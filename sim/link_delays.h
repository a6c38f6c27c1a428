// What a write may take beyond the plain latency of its link: a tail now and
// then, and the slowness of a link or a host that is slow for good.
//
// Counted: net.latency_tail each time; net.slow_link and net.slow_host once
// for each direction of a link, when it first delays something.

#ifndef SIM_LINK_DELAYS_H_
#define SIM_LINK_DELAYS_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

#include "runtime/random.h"
#include "sim/event.h"
#include "sim/network_knobs.h"

namespace sim {

class World;

// Whether one thing of this world, a host or a direction of a link, is a slow
// one. Drawn when it is first asked with a chance above zero, and the same from
// then on: with a greater chance, more of them are.
class Slowness {
 public:
  explicit Slowness(runtime::Random dice) : dice_(std::move(dice)) {}

  bool Is(uint32_t slow_ppm) {
    if (slow_ppm == 0) return false;
    if (!drawn_.has_value()) drawn_ = dice_.Below(1'000'000);
    return *drawn_ < slow_ppm;
  }

 private:
  runtime::Random dice_;
  std::optional<uint64_t> drawn_;
};

class LinkDelays {
 public:
  // All must outlive this; the hosts are those at the two ends.
  LinkDelays(World& world, HostId from, HostId to, Slowness& from_host,
             Slowness& to_host);

  // How much later than usual a write arrives. Requires: knobs.HasDelays().
  Time Draw(const NetworkKnobs& knobs);

 private:
  Time DrawTail(const NetworkKnobs& knobs);
  Time DrawSlowness(const NetworkKnobs& knobs);

  void Count(absl::string_view kind);

  World& world_;
  const HostId from_;
  const HostId to_;
  Slowness& from_host_;
  Slowness& to_host_;
  Slowness link_;
  runtime::Random tail_dice_;
  runtime::Random slow_dice_;
  bool host_counted_ = false;
  bool link_counted_ = false;
};

}  // namespace sim

#endif  // SIM_LINK_DELAYS_H_
