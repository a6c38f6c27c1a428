// A span of time that is drawn between two bounds when it is needed.

#ifndef SCENARIOS_SPAN_RANGE_H_
#define SCENARIOS_SPAN_RANGE_H_

#include "absl/time/time.h"

namespace scenarios {

// Both ends are included.
struct SpanRange {
  absl::Duration low;
  absl::Duration high;
};
inline SpanRange Exactly(absl::Duration span) { return {span, span}; }

}  // namespace scenarios

#endif  // SCENARIOS_SPAN_RANGE_H_
