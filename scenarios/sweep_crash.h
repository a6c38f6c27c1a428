// What a dying worker of a sweep says about itself, and how the sweep reads it.
//
// REAL WORLD: signals and stacks of real processes. See sweep_workers.h.

#ifndef SCENARIOS_SWEEP_CRASH_H_
#define SCENARIOS_SWEEP_CRASH_H_

#include <csignal>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace scenarios {

// Sent to a worker that takes too long: it writes its stack and dies.
inline constexpr int kHangSignal = SIGQUIT;

// In a worker: from now on a crash, the hang signal and a refused allocation
// write the stack to stderr before the process dies. A sanitizer keeps the
// signals that it reports better.
void InstallCrashHandlers();

// In a worker: no more than this of address space, and no core files. 0: no
// limit. Means nothing to a sanitizer, whose shadow is larger than any limit.
void LimitMemory(uint64_t address_space_bytes);

// Bytes of the heap that are in use; 0 where the heap does not say.
uint64_t HeapBytesInUse();
// Set by a program that has a heap of its own beside malloc's: its part.
extern uint64_t (*own_heap_bytes_in_use)();

struct CrashStory {
  // Why, in one line without what differs between two runs: what was printed
  // before the stack or, if nothing was, the innermost function with a name.
  std::string cause;
  std::string text;  // All of it, with readable names.
};
CrashStory ReadCrash(absl::string_view stderr_text);

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_CRASH_H_
