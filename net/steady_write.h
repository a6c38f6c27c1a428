// Writing much to a stream that may be slow.
//
// A deadline for all of it would break every connection whose link is slower
// than the message is long. What tells a dead connection is that it takes
// nothing any more.

#ifndef NET_STEADY_WRITE_H_
#define NET_STEADY_WRITE_H_

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "net/stream.h"
#include "runtime/executor.h"

namespace net {

// A stream that does not take so much within the timeout takes nothing.
inline constexpr size_t kSteadyStepBytes = 64 << 10;

// Suspends. Writes all of `pieces`, in steps, each of which may take `timeout`.
// For byte streams: the steps end anywhere.
//
// Errors: as Stream::Write().
absl::Status WriteSteadily(runtime::Executor& executor, Stream& stream,
                           std::span<const std::span<const std::byte>> pieces,
                           absl::Duration timeout);

}  // namespace net

#endif  // NET_STEADY_WRITE_H_
