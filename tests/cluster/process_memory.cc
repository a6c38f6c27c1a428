#include "tests/cluster/process_memory.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace cluster {
namespace {

uint64_t StatusField(pid_t process, const std::string& name) {
  std::ifstream in(absl::StrCat("/proc/", process, "/status"));
  std::string word;
  while (in >> word) {
    uint64_t kibibytes = 0;
    if (word == name && in >> kibibytes) return kibibytes << 10;
  }
  CHECK(false, "no ", name, " of process ", process);
}

}  // namespace

uint64_t ResidentBytes(pid_t process) { return StatusField(process, "VmRSS:"); }

uint64_t ResidentPeakBytes(pid_t process) {
  return StatusField(process, "VmHWM:");
}

void ForgetResidentPeak(pid_t process) {
  std::ofstream out(absl::StrCat("/proc/", process, "/clear_refs"));
  out << "5" << std::flush;
  CHECK(out.good(), "cannot forget the peak of process ", process);
}

}  // namespace cluster
