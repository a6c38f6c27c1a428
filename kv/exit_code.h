// How the process of a server ends, as its operator sees it. The simulated
// process ends the same way.

#ifndef KV_EXIT_CODE_H_
#define KV_EXIT_CODE_H_

#include "absl/status/status.h"

namespace kv {

inline constexpr int kExitUsage = 2;   // Told something that it cannot do.
inline constexpr int kExitIo = 3;      // Disk or network failed; try again.
inline constexpr int kExitDamage = 4;  // What is on the disk is damaged.

// Of a server that could not start, or could not stop in good order; 0 if OK.
int ExitCodeOf(const absl::Status& status);

}  // namespace kv

#endif  // KV_EXIT_CODE_H_
