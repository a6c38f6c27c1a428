// What the kernel says of this process, for INFO (kv/process_usage.h).

#ifndef PROD_PROCESS_METER_H_
#define PROD_PROCESS_METER_H_

#include "absl/strings/string_view.h"

#include "kv/process_usage.h"

namespace prod {

// A few system calls. "The thread that asks" is the one that calls.
kv::ProcessUsage MeasureProcess();

// The memory that /proc/self/status tells of, in its words.
void ParseMemory(absl::string_view status, kv::ProcessUsage& usage);

}  // namespace prod

#endif  // PROD_PROCESS_METER_H_
