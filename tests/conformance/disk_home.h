// A disk and the processes that use it one after the other, in the simulator
// and in the real world. What a test of persist/disk.h may know of either.

#ifndef TESTS_CONFORMANCE_DISK_HOME_H_
#define TESTS_CONFORMANCE_DISK_HOME_H_

#include <functional>
#include <memory>

#include "persist/disk.h"

namespace conformance {

class DiskHome {
 public:
  virtual ~DiskHome() = default;
  // Runs `body` as a process that has the disk, and waits for its end. The next
  // call is the next process, on the same disk; the first one finds it empty.
  virtual void Run(std::function<void(persist::Disk&)> body) = 0;
};

std::unique_ptr<DiskHome> MakeSimulatedHome();
std::unique_ptr<DiskHome> MakeRealHome();

}  // namespace conformance

#endif  // TESTS_CONFORMANCE_DISK_HOME_H_
