#include "sim/sim_link.h"

#include <algorithm>

namespace sim {

Link::Link(World& world, HostId from, HostId to, bool target_up)
    : world_(world),
      from_(from),
      to_(to),
      target_up_(target_up),
      time_dice_(world.Stream("net", from, to)),
      fault_dice_(world.Stream("net.fault", from, to)) {}

const NetworkKnobs& Link::knobs() const {
  return knobs_.has_value() ? *knobs_ : world_.knobs().network;
}

Time Link::DrawArrival(size_t bytes) {
  const NetworkKnobs& now_knobs = knobs();
  const absl::Duration latency =
      time_dice_.Between(now_knobs.latency_min, now_knobs.latency_max);
  Time leaves = world_.now();
  if (const uint64_t rate = now_knobs.bandwidth_bytes_per_second; rate != 0) {
    // No write comes near the 18 GB that would overflow.
    const auto nanos =
        static_cast<Time>(uint64_t{bytes} * 1'000'000'000u / rate);
    busy_until_ = std::max(busy_until_, leaves) + nanos;
    leaves = busy_until_;
  }
  return leaves + absl::ToInt64Nanoseconds(latency);
}

Time Link::DrawStall() {
  const NetworkKnobs& now_knobs = knobs();
  if (!Strikes(now_knobs.stall_ppm, "net.stall")) return 0;
  return absl::ToInt64Nanoseconds(
      fault_dice_.Between(absl::ZeroDuration(), now_knobs.stall_max));
}

Time Link::DrawLateness() {
  const absl::Duration late_max =
      std::max(knobs().frame_late_max, absl::Nanoseconds(1));
  return absl::ToInt64Nanoseconds(
      fault_dice_.Between(absl::Nanoseconds(1), late_max));
}

size_t Link::DrawSplit(size_t bytes) {
  if (bytes < 2 || !Strikes(knobs().write_split_ppm, "")) return 0;
  return 1 + static_cast<size_t>(fault_dice_.Below(bytes - 1));
}

size_t Link::DrawRead(size_t bytes) {
  if (bytes < 2 || !Strikes(knobs().short_read_ppm, "net.short_read")) {
    return bytes;
  }
  return 1 + static_cast<size_t>(fault_dice_.Below(bytes - 1));
}

bool Link::Strikes(uint32_t parts_per_million, absl::string_view kind) {
  if (parts_per_million == 0) return false;  // A calm world draws nothing.
  if (!fault_dice_.Chance(parts_per_million)) return false;
  if (!kind.empty()) world_.CountFault(kind);
  return true;
}

}  // namespace sim
