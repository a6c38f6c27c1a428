#include "sim/sim_link.h"

#include <algorithm>

namespace sim {
namespace {

// Linux' longest interval between two tries (TCP_RTO_MAX).
constexpr Time kBackoffMax = 120 * Time{1'000'000'000};

}  // namespace

Link::Link(World& world, HostId from, HostId to, Ends ends)
    : world_(world),
      from_(from),
      to_(to),
      target_up_(ends.target_up),
      time_dice_(world.Stream("net", from, to)),
      fault_dice_(world.Stream("net.fault", from, to)),
      delays_(world, from, to, ends.from, ends.to) {}

const NetworkKnobs& Link::knobs() const {
  return knobs_.has_value() ? *knobs_ : world_.knobs().network;
}

Time Link::DrawArrival(size_t bytes) {
  const NetworkKnobs& now_knobs = knobs();
  Time latency = absl::ToInt64Nanoseconds(
      time_dice_.Between(now_knobs.latency_min, now_knobs.latency_max));
  if (now_knobs.HasDelays()) [[unlikely]] {
    latency += delays_.Draw(now_knobs);
  }
  uint64_t rate = now_knobs.bandwidth_bytes_per_second;
  if (now_knobs.HasRegimes()) [[unlikely]] {
    latency += regime()->DrawLag();
    rate = regime()->Bandwidth(rate);
  }
  Time leaves = world_.now();
  if (rate != 0) {
    // No write comes near the 18 GB that would overflow.
    const auto nanos =
        static_cast<Time>(uint64_t{bytes} * 1'000'000'000u / rate);
    busy_until_ = std::max(busy_until_, leaves) + nanos;
    leaves = busy_until_;
  }
  return leaves + latency;
}

bool Link::QueueIsFull() {
  const uint64_t queue_bytes = knobs().queue_bytes;
  if (queue_bytes == 0 || busy_until_ <= world_.now()) return false;
  uint64_t rate = knobs().bandwidth_bytes_per_second;
  if (LinkRegime* const reigning = regime()) rate = reigning->Bandwidth(rate);
  if (rate == 0) return false;
  // In milliseconds, so that nothing overflows.
  const auto waits_ms =
      static_cast<uint64_t>(busy_until_ - world_.now()) / 1'000'000u;
  if (waits_ms * rate / 1000 < queue_bytes) return false;
  world_.CountFault("net.queue_full");
  return true;
}

LinkRegime* Link::regime() {
  if (!knobs().HasRegimes()) return nullptr;
  if (regime_ == nullptr) regime_ = std::make_unique<LinkRegime>(*this);
  regime_->Begin();
  return regime_.get();
}

void Link::AddFilter(uint64_t id, FrameFilter filter) {
  if (filters_ == nullptr) {
    filters_ =
        std::make_unique<FrameFilters>(world_.Stream("net.filter", from_, to_));
  }
  filters_->Add(id, std::move(filter));
}

void Link::RemoveFilter(uint64_t id) {
  if (filters_ != nullptr) filters_->Remove(id);
}

void Link::ClearFilters() {
  if (filters_ != nullptr) filters_->Clear();
}

Time Link::DrawAncient() {
  const NetworkKnobs& now_knobs = knobs();
  if (now_knobs.frame_ancient_ppm == 0) return 0;
  if (!ancient_dice_.has_value()) {
    ancient_dice_ = world_.Stream("net.ancient", from_, to_);
  }
  if (!ancient_dice_->Chance(now_knobs.frame_ancient_ppm)) return 0;
  const absl::Duration age_min =
      std::min(now_knobs.frame_late_max, now_knobs.frame_ancient_max);
  return absl::ToInt64Nanoseconds(
      ancient_dice_->Between(age_min, now_knobs.frame_ancient_max));
}

Time Link::DrawStall() {
  const NetworkKnobs& now_knobs = knobs();
  if (!Strikes(now_knobs.stall_ppm, "net.stall")) return 0;
  return absl::ToInt64Nanoseconds(
      fault_dice_.Between(absl::ZeroDuration(), now_knobs.stall_max));
}

Time Link::DrawBackoff(Time stalled) {
  if (stalled <= 0) return 0;
  if (!Strikes(knobs().resend_backoff_ppm, "net.resend_backed_off")) return 0;
  return fault_dice_.Between(int64_t{0}, std::min(stalled, kBackoffMax));
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
  if (kind.empty()) return true;
  world_.CountFault(kind);
  if (world_.traced()) {
    world_.Explain(TraceLevel::kStory, from_, "net.struck",
                   {{"what", kind}, {"to", world_.host_name(to_)}});
  }
  return true;
}

}  // namespace sim
