#include "sim/disk_dice.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "sim/world.h"

namespace sim {
namespace {

constexpr absl::string_view kFaultNames[kDiskFaults] = {
    "disk.read_failed", "disk.write_failed", "disk.sync_failed",
    "disk.crash_in_call"};

// A call to a device that is stuck looks this often whether it still is.
constexpr absl::Duration kAskStuckAgainAfter = absl::Milliseconds(5);

}  // namespace

DiskDice::DiskDice(World& world, HostId host)
    : world_(world),
      host_(host),
      latency_(world.Stream("disk.latency", host)),
      faults_(world.Stream("disk.faults", host)),
      layouts_(world.Stream("disk.layouts", host)),
      writeback_(world.Stream("disk.writeback", host)) {}

const DiskKnobs& DiskDice::knobs() const {
  return knobs_.has_value() ? *knobs_ : world_.knobs().disk;
}

DiskDice::Timing DiskDice::Plan(Call call, uint64_t bytes) {
  const DiskKnobs& now = knobs();
  absl::Duration low = now.read_latency_min;
  absl::Duration high = now.read_latency_max;
  if (call == Call::kWrite) {
    low = now.write_latency_min;
    high = now.write_latency_max;
  } else if (call == Call::kSync) {
    low = now.sync_latency_min;
    high = now.sync_latency_max;
  }
  absl::Duration span = latency_.Between(low, std::max(low, high));
  const bool effect_first = latency_.Below(2) == 0;
  if (now.stall_ppm > 0 && faults_.Chance(now.stall_ppm)) {
    StallFor(faults_.Between(absl::ZeroDuration(), now.stall_max));
  }
  // A write goes to the page cache: it is its sync that the device sees.
  const bool limited =
      now.operations_per_second > 0 || now.bandwidth_bytes_per_second > 0;
  if (limited && call != Call::kWrite) span += TakeTurn(now, bytes);
  return {.span = span, .effect_first = effect_first};
}

absl::Duration DiskDice::TakeTurn(const DiskKnobs& knobs, uint64_t bytes) {
  constexpr uint64_t kSecond = 1'000'000'000;
  uint64_t takes = 0;
  if (knobs.operations_per_second > 0) {
    takes = kSecond / knobs.operations_per_second;
  }
  if (knobs.bandwidth_bytes_per_second > 0) {
    // No call moves more than a few GiB: no overflow.
    takes = std::max(takes, bytes * kSecond / knobs.bandwidth_bytes_per_second);
  }
  const Time begins = std::max(now(), busy_until_);
  if (begins > now()) {
    world_.CountFault("disk.throttled", {.host = host_});
  }
  busy_until_ = begins + static_cast<Time>(takes);
  return absl::Nanoseconds(busy_until_ - now());
}

Time DiskDice::now() const { return world_.now(); }

absl::Duration DiskDice::AskAgainAfter() const {
  if (stuck_) return kAskStuckAgainAfter;
  return absl::Nanoseconds(std::max<Time>(0, stalled_until_ - now()));
}

void DiskDice::SetStuck(bool stuck) {
  if (stuck && !stuck_) {
    world_.CountFault("disk.stuck");
    world_.Record(host_, "disk.stuck", {});
  }
  stuck_ = stuck;
}

void DiskDice::StallFor(absl::Duration span) {
  const Time until = world_.now() + absl::ToInt64Nanoseconds(span);
  stalled_until_ = std::max(stalled_until_, until);
  world_.CountFault("disk.stall");
  world_.Record(host_, "disk.stall",
                {{"nanos", absl::ToInt64Nanoseconds(span)}});
}

bool DiskDice::Strikes(DiskFault fault) {
  const size_t kind = static_cast<size_t>(fault);
  const uint32_t ppm = PartsPerMillion(fault);
  bool strikes = ppm > 0 && faults_.Chance(ppm);
  if (ordered_[kind] > 0) {
    --ordered_[kind];
    strikes = true;
  }
  if (strikes) {
    world_.CountFault(kFaultNames[kind]);
    world_.Record(host_, kFaultNames[kind], {});
  }
  return strikes;
}

std::optional<CrashOrder> DiskDice::TakeCrash(Call call,
                                              absl::string_view path) {
  if (crashes_.empty() || call == Call::kRead) return std::nullopt;
  const CrashOrder& order = crashes_.front();
  const CrashOrder::Call made =
      call == Call::kSync ? CrashOrder::Call::kSync : CrashOrder::Call::kWrite;
  const bool meant =
      order.call == CrashOrder::Call::kEither || order.call == made;
  if (!meant || !absl::StrContains(path, order.file)) return std::nullopt;
  CrashOrder taken = std::move(crashes_.front());
  crashes_.pop_front();
  world_.CountFault("disk.crash_at");
  world_.Record(host_, "disk.crash_at",
                {{"path", path}, {"sync", call == Call::kSync}});
  return taken;
}

bool DiskDice::WritesBack() {
  const uint32_t ppm = knobs().writeback_ppm;
  return ppm > 0 && faults_.Chance(ppm);
}

std::optional<absl::Duration> DiskDice::NextWriteback() {
  const absl::Duration every = knobs().writeback_every;
  if (every <= absl::ZeroDuration()) return std::nullopt;
  return writeback_.Exponential(every);
}

uint32_t DiskDice::PartsPerMillion(DiskFault fault) const {
  switch (fault) {
    case DiskFault::kReadFails:
      return knobs().read_failure_ppm;
    case DiskFault::kWriteFails:
      return knobs().write_failure_ppm;
    case DiskFault::kSyncFails:
      return knobs().sync_failure_ppm;
    case DiskFault::kCrashInCall:
      return knobs().crash_in_call_ppm;
  }
  return 0;
}

}  // namespace sim
