#include "prod/disk_watch.h"

#include <algorithm>

#include "prod/log.h"

namespace prod {

DiskWatch::Told DiskWatch::Look(runtime::Instant now) {
  return {.stalled = LookAtCall(now), .space_low = LookAtSpace(now)};
}

bool DiskWatch::LookAtCall(runtime::Instant now) {
  const DiskCall call = disk_.call.Get();
  if (call.began_nanos != call_began_) {
    call_began_ = call.began_nanos;
    tell_after_ = kStall;
  }
  const absl::Duration lasted = call.Lasted(now);
  if (lasted < tell_after_) return false;
  tell_after_ = lasted + std::min(lasted, kStallRepeatMax);
  Log(LogLevel::kWarning, "disk.stalled",
      {{"call", call.name}, {"for_ms", absl::ToInt64Milliseconds(lasted)}});
  return true;
}

bool DiskWatch::LookAtSpace(runtime::Instant now) {
  const uint64_t size = disk_.size_bytes.value();
  const uint64_t free = disk_.free_bytes.value();
  if (size == 0 || free >= space_needed_) {  // Not known, or enough.
    tell_space_at_ = now;
    return false;
  }
  if (now < tell_space_at_) return false;
  tell_space_at_ = now + kSpaceRepeat;
  Log(LogLevel::kWarning, "disk.space_low",
      {{"free_bytes", free},
       {"size_bytes", size},
       {"wanted_bytes", space_needed_}});
  return true;
}

}  // namespace prod
