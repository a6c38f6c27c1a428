#include "sim/sim_pipe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/check.h"

namespace sim {
namespace {

constexpr int64_t kFlippedBitsMax = 8;
// What a link with limited bandwidth delivers at once.
constexpr size_t kSegmentBytes = 16 << 10;

runtime::Bytes FlipBits(const runtime::Bytes& data, runtime::Random& dice) {
  return runtime::Bytes::Build(data.size(), [&](std::span<std::byte> out) {
    std::copy(data.data(), data.data() + data.size(), out.begin());
    const int64_t flips = dice.Between(int64_t{1}, kFlippedBitsMax);
    for (int64_t i = 0; i < flips; ++i) {
      const uint64_t position = dice.Below(out.size());
      const uint64_t bit = dice.Below(8);
      out[position] ^= std::byte{static_cast<unsigned char>(1u << bit)};
    }
  });
}

}  // namespace

Pipe::Pipe(PipeEnds& ends, Link& link, Link& back, net::Framing framing)
    : ends_(ends),
      link_(link),
      back_(back),
      framing_(framing),
      flow_(link.NewFlow()) {}

// ---- the writer's end

size_t Pipe::room() {
  AbsorbCredits();
  const size_t window = std::max<size_t>(link_.knobs().window_bytes, 1);
  return used_bytes_ >= window ? 0 : window - used_bytes_;
}

bool Pipe::HasRoomFor(size_t bytes) {
  const size_t room_bytes = room();
  if (bytes <= room_bytes || used_bytes_ == 0) return true;
  if (framing_ == net::Framing::kFrames) return false;
  return room_bytes >= std::max<size_t>(link_.knobs().window_bytes / 4, 1);
}

void Pipe::AwaitRoom() {
  writer_waits_ = true;
  ArmRoom();
}

void Pipe::SendData(runtime::Bytes data, Time stall) {
  CHECK(!data.empty());
  used_bytes_ += data.size();
  Parcel parcel{.kind = Parcel::Kind::kData,
                .charged = true,
                .arrival = 0,
                .data = std::move(data)};
  if (framing_ == net::Framing::kBytes) {
    SendBytes(std::move(parcel), stall);
  } else if (FrameFilters* const filters = link_.filters()) {
    SendFiltered(std::move(parcel), stall, *filters);
  } else {
    SendFrame(std::move(parcel), stall);
  }
}

void Pipe::SendBytes(Parcel parcel, Time stall) {
  if (link_.knobs().HasRegimes() && link_.regime()->Loses()) {
    link_.CountFault("net.segment_resent");
    stall += absl::ToInt64Nanoseconds(LinkRegime::kResendAfter);
  }
  if (const size_t first = link_.DrawSplit(parcel.data.size()); first != 0) {
    Parcel head{.kind = Parcel::Kind::kData,
                .charged = true,
                .arrival = NextInOrder(first, stall),
                .data = parcel.data.Slice(0, first)};
    parcel.data = parcel.data.Slice(first, parcel.data.size() - first);
    stall = 0;  // The second part is behind the first anyway.
    Insert(std::move(head));
  }
  const Time before = last_in_order_;
  parcel.arrival = NextInOrder(parcel.data.size(), stall);
  InsertData(std::move(parcel), before);
}

void Pipe::SendFiltered(Parcel parcel, Time stall, FrameFilters& filters) {
  std::vector<SeenMessage> messages;
  if (const MessageLens* const lens = ends_.lens()) {
    messages = lens->Look(parcel.data, MessageLens::Detail::kKinds);
  }
  size_t known = 0;
  for (const SeenMessage& message : messages) known += message.bytes;
  CHECK_LE(known, parcel.data.size(), "the lens sees more than there is");
  if (const size_t rest = parcel.data.size() - known; rest > 0) {
    messages.push_back({.kind = "", .bytes = rest});
  }
  size_t begin = 0;
  for (const SeenMessage& message : messages) {
    Parcel part{.charged = true,
                .data = parcel.data.Slice(begin, message.bytes)};
    begin += message.bytes;
    const FrameFilters::Verdict verdict = filters.Judge(message.kind);
    if (verdict.strikes) TellFiltered(message.kind, verdict);
    if (verdict.drop) {
      taken_bytes_ += part.data.size();
      GiveBack(part.data.size());
      continue;
    }
    if (verdict.duplicate) {
      Parcel again{.data = part.data};
      SendFrame(std::move(again), stall, verdict.delay + link_.DrawLateness());
    }
    SendFrame(std::move(part), stall, verdict.delay);
  }
}

void Pipe::TellFiltered(absl::string_view message,
                        const FrameFilters::Verdict& verdict) {
  World& world = link_.world();
  world.CountFault("net.filtered");
  if (!world.traced()) return;
  world.Explain(TraceLevel::kStory, link_.from(), "net.struck",
                {{"what", "net.filtered"},
                 {"to", world.host_name(link_.to())},
                 {"message", message},
                 {"lost", verdict.drop},
                 {"twice", verdict.duplicate},
                 {"late_ns", verdict.delay}});
}

void Pipe::SendFrame(Parcel parcel, Time stall, Time late) {
  const NetworkKnobs& knobs = link_.knobs();
  if (link_.cut()) {
    FrameMeetsCut(std::move(parcel));
    return;
  }
  if (IsLost(knobs)) {
    if (parcel.charged) {
      taken_bytes_ += parcel.data.size();
      GiveBack(parcel.data.size());
    }
    return;
  }
  const Time before = last_in_order_;
  parcel.arrival = NextInOrder(parcel.data.size(), stall) + late;
  if (knobs.frame_ancient_ppm != 0) {
    const Time later = link_.DrawAncient();
    if (later != 0) ends_.OnKept(*this, parcel.data, later);
  }
  if (link_.Strikes(knobs.frame_duplicate_ppm, "net.frame_duplicated")) {
    Parcel again = parcel;
    again.charged = false;
    again.arrival += link_.DrawLateness();
    Insert(std::move(again));
  }
  if (link_.Strikes(knobs.frame_corrupt_ppm, "net.frame_corrupted")) {
    parcel.data = FlipBits(parcel.data, link_.fault_dice());
  }
  if (link_.Strikes(knobs.frame_reorder_ppm, "net.frame_reordered")) {
    parcel.arrival += link_.DrawLateness();
  }
  if (knobs.HasRegimes()) {
    parcel.arrival += link_.regime()->DrawOvertaken();
  }
  InsertData(std::move(parcel), before);
}

bool Pipe::IsLost(const NetworkKnobs& knobs) {
  if (link_.Strikes(knobs.frame_loss_ppm, "net.frame_lost")) return true;
  if (knobs.HasRegimes() && link_.regime()->Loses()) {
    link_.CountFault("net.frame_lost");
    return true;
  }
  return knobs.queue_bytes != 0 && link_.QueueIsFull(flow_);
}

void Pipe::SendAncient(runtime::Bytes frame) {
  Insert(Parcel{.arrival = link_.world().now(), .data = std::move(frame)});
}

void Pipe::FrameMeetsCut(Parcel parcel) {
  if (link_.Strikes(link_.knobs().frame_held_ppm, "net.frame_held")) {
    held_.push_back(std::move(parcel));
    return;
  }
  link_.CountFault("net.frame_cut");
  if (parcel.charged) LoseInCut(parcel.data.size());
}

void Pipe::SendControl(Parcel::Kind kind) {
  Time arrival = NextInOrder(0, 0);
  if (kind == Parcel::Kind::kClose) {
    // Whoever reads the end has been sent everything before it.
    arrival = std::max(arrival, last_of_all_);
    last_in_order_ = arrival;
  }
  Insert(
      Parcel{.kind = kind, .charged = false, .arrival = arrival, .data = {}});
}

void Pipe::SendReset() {
  if (reset_under_way_) return;
  reset_under_way_ = true;
  SendControl(Parcel::Kind::kReset);
}

void Pipe::Retry(Parcel parcel, absl::Duration delay) {
  parcel.arrival =
      link_.world().now() + std::max<Time>(absl::ToInt64Nanoseconds(delay), 1);
  Insert(std::move(parcel));
}

// What keeps the order is never earlier than what left before it.
Time Pipe::NextInOrder(size_t bytes, Time stall) {
  const Time drawn = link_.DrawArrival(flow_, bytes) + stall;
  last_in_order_ = std::max(last_in_order_, drawn);
  return last_in_order_;
}

// ---- the way

void Pipe::InsertData(Parcel parcel, Time not_before) {
  const uint64_t rate = link_.bandwidth();
  const size_t size = parcel.data.size();
  if (rate == 0 || size <= kSegmentBytes) {
    Insert(std::move(parcel));
    return;
  }
  Time last = std::max(not_before, link_.world().now());
  for (size_t begin = 0; begin < size; begin += kSegmentBytes) {
    const size_t bytes = std::min(kSegmentBytes, size - begin);
    const size_t rest = size - begin - bytes;
    const auto ahead =
        static_cast<Time>(uint64_t{rest} * 1'000'000'000u / rate);
    last = std::max(last, parcel.arrival - ahead);
    Insert({.kind = parcel.kind,
            .charged = parcel.charged,
            .arrival = last,
            .data = parcel.data.Slice(begin, bytes),
            .more = rest > 0,
            .whole = rest > 0 ? runtime::Bytes() : parcel.data});
  }
}

void Pipe::Insert(Parcel parcel) {
  auto place = flight_.end();
  while (place != flight_.begin() &&
         std::prev(place)->arrival > parcel.arrival) {
    --place;
  }
  // Not into a write that comes in segments.
  while (place != flight_.end() && place != flight_.begin() &&
         std::prev(place)->more) {
    ++place;
    parcel.arrival = std::max(parcel.arrival, std::prev(place)->arrival);
  }
  last_of_all_ = std::max(last_of_all_, parcel.arrival);
  flight_.insert(place, std::move(parcel));
  Arm();
}

void Pipe::Arm() {
  if (flight_.empty() || flight_.front().arrival >= armed_at_) return;
  armed_at_ = flight_.front().arrival;
  link_.world().At(armed_at_, EventClass::kGuest,
                   [pipe = Shared()] { pipe->DeliverDue(); });
}

void Pipe::DeliverDue() {
  const Time now = link_.world().now();
  // An event that was under way when an earlier one was armed comes too late:
  // its parcels have arrived, or are armed again.
  if (now < armed_at_) return;
  armed_at_ = kNever;
  while (!flight_.empty() && flight_.front().arrival <= now) {
    Parcel parcel = std::move(flight_.front());
    flight_.pop_front();
    // The window is not given back either: nobody acknowledges.
    if (swallows_) continue;
    if (link_.blocked()) {
      Hold(std::move(parcel));
      continue;
    }
    if (parcel.kind == Parcel::Kind::kReset) reset_under_way_ = false;
    if (parcel.charged) taken_bytes_ += parcel.data.size();
    ends_.OnArrival(*this, std::move(parcel));
  }
  Arm();
}

void Pipe::Hold(Parcel parcel) {
  const bool is_frame =
      framing_ == net::Framing::kFrames && parcel.kind == Parcel::Kind::kData;
  if (link_.only_clogged()) {
    link_.CountFault("net.clogged");
    parcel.clogged = is_frame;
    held_.push_back(std::move(parcel));
    return;
  }
  if (is_frame && link_.cut()) {
    FrameMeetsCut(std::move(parcel));
    return;
  }
  if (is_frame) {  // The host is off.
    if (parcel.charged) LoseInCut(parcel.data.size());
    return;
  }
  if (parcel.kind == Parcel::Kind::kReset && held_.empty()) {
    // Nobody sends a reset twice.
    reset_under_way_ = false;
    link_.CountFault("net.half_open");
    return;
  }
  if (held_.empty() && link_.cut()) {
    link_.CountFault("net.stream_stalled_by_cut");
  }
  if (held_.empty()) stalled_since_ = link_.world().now();
  held_.push_back(std::move(parcel));
}

void Pipe::Unblock() {
  if (!link_.blocked()) taken_bytes_ += std::exchange(cut_bytes_, 0);
  if (withheld_bytes_ != 0 && !back_.cut()) {
    const size_t bytes = std::exchange(withheld_bytes_, 0);
    Consumed(bytes);
  }
  if (held_.empty() || link_.blocked()) return;
  const Time restart = link_.DrawArrival(flow_, 0);
  const Time stalled_since = std::exchange(stalled_since_, kNever);
  if (framing_ == net::Framing::kBytes) {
    const Time stalled =
        stalled_since == kNever ? 0 : link_.world().now() - stalled_since;
    RetimeBytes(restart + link_.DrawBackoff(stalled));
  } else {
    RetimeFrames(restart);
  }
  Arm();
}

void Pipe::Hasten(const Link::Hastening& sooner) {
  for (Parcel& parcel : flight_) parcel.arrival = sooner(parcel.arrival);
  last_in_order_ = sooner(last_in_order_);
  last_of_all_ = sooner(last_of_all_);
  flow_.busy_until = sooner(flow_.busy_until);
  Arm();
}

// What was held goes first, in its order, and what left since behind it.
void Pipe::RetimeBytes(Time restart) {
  for (Parcel& parcel : flight_) held_.push_back(std::move(parcel));
  flight_ = std::exchange(held_, {});
  for (Parcel& parcel : flight_) {
    parcel.arrival = std::max(parcel.arrival, restart);
  }
  last_in_order_ = std::max(last_in_order_, restart);
  last_of_all_ = std::max(last_of_all_, restart);
}

// What a clog held goes on at once; what a cut held comes late, among the new
// frames.
void Pipe::RetimeFrames(Time restart) {
  for (Parcel& parcel : std::exchange(held_, {})) {
    if (std::exchange(parcel.clogged, false)) {
      parcel.arrival = link_.world().now();
    } else if (parcel.kind == Parcel::Kind::kData) {
      parcel.arrival = restart + link_.DrawLateness();
    } else {
      parcel.arrival = std::max(restart, last_of_all_);
      last_in_order_ = std::max(last_in_order_, parcel.arrival);
    }
    Insert(std::move(parcel));
  }
}

void Pipe::Discard() {
  const auto is_lost = [](const Parcel& parcel) {
    return parcel.kind != Parcel::Kind::kReset &&
           parcel.kind != Parcel::Kind::kOpened;
  };
  std::erase_if(flight_, is_lost);
  std::erase_if(held_, is_lost);
}

void Pipe::SenderLostPower() {
  // Old frames of the dead still arrive; bytes behind a gap would not.
  // A clog lets go of what it holds, whoever sent it.
  if (framing_ == net::Framing::kFrames || !link_.blocked() ||
      link_.only_clogged()) {
    return;
  }
  flight_.clear();
  held_.clear();
  reset_under_way_ = false;
}

// ---- the window

void Pipe::Consumed(size_t bytes) {
  if (framing_ == net::Framing::kBytes && back_.cut()) {
    withheld_bytes_ += bytes;
    return;
  }
  AbsorbCredits();
  const Time latency = absl::ToInt64Nanoseconds(back_.knobs().latency_min);
  credits_.push_back({.at = link_.world().now() + latency, .bytes = bytes});
  if (writer_waits_) ArmRoom();
}

void Pipe::LoseInCut(size_t bytes) {
  cut_bytes_ += bytes;
  GiveBack(bytes);
}

void Pipe::GiveBack(size_t bytes) {
  CHECK_LE(bytes, used_bytes_);
  used_bytes_ -= bytes;
  if (std::exchange(writer_waits_, false)) ends_.OnRoom(*this);
}

void Pipe::AbsorbCredits() {
  const Time now = link_.world().now();
  while (!credits_.empty() && credits_.front().at <= now) {
    CHECK_LE(credits_.front().bytes, used_bytes_);
    used_bytes_ -= credits_.front().bytes;
    credits_.pop_front();
  }
}

void Pipe::ArmRoom() {
  if (room_armed_ || credits_.empty()) return;
  room_armed_ = true;
  const Time at = std::max(credits_.front().at, link_.world().now());
  link_.world().At(at, EventClass::kGuest, [pipe = Shared()] {
    pipe->room_armed_ = false;
    pipe->AbsorbCredits();
    if (std::exchange(pipe->writer_waits_, false)) {
      pipe->ends_.OnRoom(*pipe);
    }
  });
}

std::shared_ptr<Pipe> Pipe::Shared() {
  return {ends_.shared_from_this(), this};
}

}  // namespace sim
