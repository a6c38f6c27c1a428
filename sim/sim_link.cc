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

Time Link::DrawArrival(Flow& flow, size_t bytes) {
  const NetworkKnobs& now_knobs = knobs();
  Time latency = absl::ToInt64Nanoseconds(
      time_dice_.Between(now_knobs.latency_min, now_knobs.latency_max));
  if (now_knobs.HasDelays()) [[unlikely]] {
    latency += delays_.Draw(now_knobs);
  }
  if (now_knobs.HasRegimes()) [[unlikely]] {
    latency += regime()->DrawLag();
  }
  const uint64_t rate = bandwidth();
  if (rate == 0) return world_.now() + latency;
  // No write comes near the 18 GB that would overflow.
  const auto nanos = static_cast<Time>(uint64_t{bytes} * 1'000'000'000u / rate);
  return Leaves(flow, nanos) + latency;
}

// In turns with the others who wait, and never later than behind all of them.
// Whoever is alone makes up for what the others have had of its share.
Time Link::Leaves(Flow& flow, Time nanos) {
  const Time now = world_.now();
  busy_until_ = std::max(busy_until_, now) + nanos;
  std::erase_if(waiting_, [&](const Flow& one) {
    return one.busy_until <= now || one.id == flow.id;
  });
  if (waiting_.empty()) {
    flow.busy_until = busy_until_;
  } else {
    const Time in_turns = std::max(flow.busy_until, now) +
                          nanos * static_cast<Time>(1 + waiting_.size());
    flow.busy_until = std::min(in_turns, busy_until_);
  }
  waiting_.push_back(flow);
  return flow.busy_until;
}

Time Link::Hastening::operator()(Time at) const {
  if (at <= now || after == 0) return std::min(at, now);
  __extension__ using Wide = unsigned __int128;
  return now + static_cast<Time>(static_cast<Wide>(at - now) * before / after);
}

std::optional<Link::Hastening> Link::SetKnobs(
    std::optional<NetworkKnobs> knobs) {
  const uint64_t before = this->knobs().bandwidth_bytes_per_second;
  knobs_ = knobs;
  const uint64_t after = this->knobs().bandwidth_bytes_per_second;
  if (before == 0 || (after != 0 && after <= before)) return std::nullopt;
  const Hastening sooner{.now = world_.now(), .before = before, .after = after};
  busy_until_ = sooner(busy_until_);
  for (Flow& flow : waiting_) flow.busy_until = sooner(flow.busy_until);
  return sooner;
}

uint64_t Link::bandwidth() {
  const uint64_t usual = knobs().bandwidth_bytes_per_second;
  LinkRegime* const reigning = regime();
  return reigning == nullptr ? usual : reigning->Bandwidth(usual);
}

bool Link::QueueIsFull(const Flow& flow) {
  const uint64_t queue_bytes = knobs().queue_bytes;
  if (queue_bytes == 0 || flow.busy_until <= world_.now()) return false;
  const uint64_t rate = bandwidth();
  if (rate == 0) return false;
  // In milliseconds, so that nothing overflows.
  const auto waits_ms =
      static_cast<uint64_t>(flow.busy_until - world_.now()) / 1'000'000u;
  if (waits_ms * rate / 1000 < queue_bytes) return false;
  CountFault("net.queue_full");
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
  CountFault(kind);
  return true;
}

void Link::CountFault(absl::string_view kind) {
  world_.CountFault(kind, {.host = from_, .to = to_});
}

}  // namespace sim
