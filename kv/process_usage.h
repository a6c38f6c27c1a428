// What the operating system knows of this process, for INFO.
//
// The one who starts a server may say how to ask (kv/server.h): prod looks into
// /proc, simulations have nothing to look into and say the same for ever.

#ifndef KV_PROCESS_USAGE_H_
#define KV_PROCESS_USAGE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace kv {

struct ProcessUsage {
  uint64_t process_id = 0;
  std::string system;     // As uname words it: "Linux 6.1.0 x86_64".
  std::string allocator;  // "libc".

  // Memory in RAM: all of it, what is not of a file (heap and stacks), and the
  // most that all of it has been.
  uint64_t resident_bytes = 0;
  uint64_t anonymous_bytes = 0;
  uint64_t resident_peak_bytes = 0;
  uint64_t system_bytes = 0;  // RAM of the machine.

  // Processor time of the process, and of the thread that asks.
  absl::Duration cpu_user;
  absl::Duration cpu_system;
  absl::Duration thread_cpu_user;
  absl::Duration thread_cpu_system;
};

}  // namespace kv

#endif  // KV_PROCESS_USAGE_H_
