#include "persist/stores_under_way.h"

#include <algorithm>

#include "absl/time/time.h"

#include "runtime/check.h"
#include "runtime/probe.h"

namespace persist {
namespace {

// For the probe.
constexpr absl::Duration kLongWait = absl::Seconds(1);

}  // namespace

void StoresUnderWay::Add(const Store& store, runtime::Instant now) {
  uint64_t bytes = 0;
  for (const Record& record : store.entries) bytes += record.payload.size();
  stores_.push_back({now, bytes});
  bytes_ += bytes;
  stores_peak_ = std::max<uint64_t>(stores_peak_, stores_.size());
  bytes_peak_ = std::max(bytes_peak_, bytes_);
}

void StoresUnderWay::Remove(uint64_t count, runtime::Instant now) {
  CHECK_LE(count, stores_.size(), "durable, and never submitted");
  for (uint64_t i = 0; i < count; ++i) {
    SOMETIMES(now - stores_.front().since >= kLongWait,
              "wal.store_waited_long");
    bytes_ -= stores_.front().bytes;
    stores_.pop_front();
  }
}

StoreRoom StoresUnderWay::room() const {
  if (stores_.size() >= 2 * limits_.stores_max) return StoreRoom::kNone;
  const bool full =
      stores_.size() >= limits_.stores_max || bytes_ >= limits_.bytes_max;
  return full ? StoreRoom::kFull : StoreRoom::kFree;
}

void StoresUnderWay::FillIn(PersisterStats& stats, runtime::Instant now) const {
  stats.stores_waiting = stores_.size();
  stats.bytes_waiting = bytes_;
  stats.stores_waiting_peak = stores_peak_;
  stats.bytes_waiting_peak = bytes_peak_;
  stats.oldest_age =
      stores_.empty() ? absl::ZeroDuration() : now - stores_.front().since;
}

}  // namespace persist
