// How much memory another process has in use, as the kernel counts it.

#ifndef TESTS_CLUSTER_PROCESS_MEMORY_H_
#define TESTS_CLUSTER_PROCESS_MEMORY_H_

#include <cstdint>

#include <sys/types.h>

namespace cluster {

// Resident now (VmRSS).
uint64_t ResidentBytes(pid_t process);

// The most that was resident (VmHWM) since the last ForgetResidentPeak().
uint64_t ResidentPeakBytes(pid_t process);
void ForgetResidentPeak(pid_t process);

}  // namespace cluster

#endif  // TESTS_CLUSTER_PROCESS_MEMORY_H_
