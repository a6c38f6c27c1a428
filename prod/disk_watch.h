// Looks at a disk from beside it, and says in the log when it hangs and when it
// is nearly full. (What was slow and is over, the disk says itself.)
//
// Never touches the disk: it would hang as well. One thread, now and then.

#ifndef PROD_DISK_WATCH_H_
#define PROD_DISK_WATCH_H_

#include <cstdint>

#include "absl/time/time.h"

#include "prod/counters.h"
#include "runtime/instant.h"

namespace prod {

class DiskWatch {
 public:
  // A call that lasts longer is told, again when it has lasted twice as long,
  // and so on up to a minute.
  static constexpr absl::Duration kStall = absl::Seconds(1);
  static constexpr absl::Duration kStallRepeatMax = absl::Minutes(1);
  static constexpr absl::Duration kSpaceRepeat = absl::Minutes(10);

  // `disk` outlives this. Less free space than `space_needed` bytes is told.
  DiskWatch(const DiskCounters& disk, uint64_t space_needed)
      : disk_(disk), space_needed_(space_needed) {}

  // What was told, for tests: the log has it too.
  struct Told {
    bool stalled = false;
    bool space_low = false;
  };
  Told Look(runtime::Instant now);

 private:
  bool LookAtCall(runtime::Instant now);
  bool LookAtSpace(runtime::Instant now);

  const DiskCounters& disk_;
  const uint64_t space_needed_;
  int64_t call_began_ = 0;  // Of the call that was looked at last.
  absl::Duration tell_after_ = kStall;
  runtime::Instant tell_space_at_;
};

}  // namespace prod

#endif  // PROD_DISK_WATCH_H_
