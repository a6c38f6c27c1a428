// Who is told, piece by piece, what a walk through a value costs that may be
// long: others may have their turns then (kv/pace.h). Nobody else changes the
// value meanwhile.

#ifndef KV_VALUES_STEPS_H_
#define KV_VALUES_STEPS_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

namespace kv {

// May suspend.
using Steps = absl::FunctionRef<void(size_t work)>;
// Nobody has a turn in between.
inline void AtOnce(size_t /*work*/) {}

}  // namespace kv

#endif  // KV_VALUES_STEPS_H_
