// How long a Write() may take.
//
// With a deadline: until then, whatever happens. While moving: as long as the
// other host goes on taking bytes, however slowly; it ends when none is taken
// for so long. That is what tells a slow way from a dead one, whatever the size
// of what is written.

#ifndef NET_PATIENCE_H_
#define NET_PATIENCE_H_

#include <cstdint>

#include "absl/time/time.h"

#include "runtime/instant.h"

namespace net {

class Patience {
 public:
  // Not explicit: a deadline is what most callers have.
  Patience(runtime::Instant deadline)  // NOLINT(google-explicit-constructor)
      : deadline_(deadline) {}

  // Requires: stall_max > 0.
  static Patience WhileMoving(absl::Duration stall_max) {
    Patience patience(runtime::Instant::InfiniteFuture());
    patience.stall_max_ = stall_max;
    return patience;
  }

 private:
  friend class PatientWait;

  runtime::Instant deadline_;
  absl::Duration stall_max_ = absl::InfiniteDuration();
};

// One write that waits for room: when to look whether bytes are taken, and when
// to give up. For the twins of Stream.
class PatientWait {
 public:
  // `taken`: of all bytes of the stream, by now.
  PatientWait(Patience patience, runtime::Instant now, uint64_t taken)
      : patience_(patience), taken_(taken), moved_at_(now) {
    Plan(now);
  }

  // Wait until then at most.
  runtime::Instant next_look() const { return next_look_; }

  // It is next_look(), or later. False: the time is up.
  bool GoesOn(runtime::Instant now, uint64_t taken) {
    if (taken != taken_) {
      taken_ = taken;
      moved_at_ = now;
    }
    if (now >= patience_.deadline_ || now - moved_at_ >= patience_.stall_max_) {
      return false;
    }
    Plan(now);
    return true;
  }

 private:
  // How often to look within stall_max: what is given up was still for so long
  // and a fourth of it more at most.
  static constexpr int kLooks = 4;

  void Plan(runtime::Instant now) {
    next_look_ = patience_.deadline_;
    if (patience_.stall_max_ != absl::InfiniteDuration()) {
      next_look_ = now + patience_.stall_max_ / kLooks;
    }
  }

  Patience patience_;
  uint64_t taken_;
  runtime::Instant moved_at_;  // When bytes were last seen to be taken.
  runtime::Instant next_look_;
};

}  // namespace net

#endif  // NET_PATIENCE_H_
