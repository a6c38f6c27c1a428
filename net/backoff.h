// How long to wait before the next attempt: twice as long each time, up to a
// limit, with jitter so that those who failed together do not return together.

#ifndef NET_BACKOFF_H_
#define NET_BACKOFF_H_

#include "absl/time/time.h"

#include "runtime/random.h"

namespace net {

class Backoff {
 public:
  // Requires: zero < min <= max.
  Backoff(absl::Duration min, absl::Duration max);

  // Between half of the present span and all of it; the span then doubles.
  absl::Duration Next(runtime::Random& dice);

  // It worked: the next failure starts from the shortest span.
  void Reset() { span_ = min_; }

 private:
  absl::Duration min_;
  absl::Duration max_;
  absl::Duration span_;
};

}  // namespace net

#endif  // NET_BACKOFF_H_
