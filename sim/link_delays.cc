#include "sim/link_delays.h"

#include <algorithm>
#include <utility>

#include "sim/world.h"

namespace sim {

LinkDelays::LinkDelays(World& world, HostId from, HostId to,
                       Slowness& from_host, Slowness& to_host)
    : world_(world),
      from_(from),
      to_(to),
      from_host_(from_host),
      to_host_(to_host),
      link_(world.Stream("net.slow_link", from, to)),
      tail_dice_(world.Stream("net.tail", from, to)),
      slow_dice_(world.Stream("net.slow", from, to)) {}

void LinkDelays::Count(absl::string_view kind) {
  world_.CountFault(kind, {.host = from_, .to = to_});
}

Time LinkDelays::Draw(const NetworkKnobs& knobs) {
  return DrawTail(knobs) + DrawSlowness(knobs);
}

Time LinkDelays::DrawTail(const NetworkKnobs& knobs) {
  const uint32_t tail_ppm = knobs.latency_tail_ppm;
  if (tail_ppm == 0 || !tail_dice_.Chance(tail_ppm)) return 0;
  Count("net.latency_tail");
  const absl::Duration beyond = std::max(
      knobs.latency_tail_max - knobs.latency_max, absl::ZeroDuration());
  return absl::ToInt64Nanoseconds(
      tail_dice_.Between(absl::ZeroDuration(), beyond));
}

Time LinkDelays::DrawSlowness(const NetworkKnobs& knobs) {
  const bool from_slow = from_host_.Is(knobs.slow_host_ppm);
  const bool host_slow = to_host_.Is(knobs.slow_host_ppm) || from_slow;
  const bool link_slow = link_.Is(knobs.slow_link_ppm);
  if (!host_slow && !link_slow) return 0;
  if (host_slow && !std::exchange(host_counted_, true)) {
    Count("net.slow_host");
  }
  if (link_slow && !std::exchange(link_counted_, true)) {
    Count("net.slow_link");
  }
  return absl::ToInt64Nanoseconds(
      slow_dice_.Between(knobs.slow_latency_min, knobs.slow_latency_max));
}

}  // namespace sim
