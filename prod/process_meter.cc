#include "prod/process_meter.h"

#include <array>
#include <string>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "prod/unique_fd.h"

namespace prod {
namespace {

// The kernel makes it anew for each reader; it is much smaller than this.
std::string ReadStatus() {
  const UniqueFd file(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> text;
  const ssize_t size =
      file.get() < 0 ? -1 : read(file.get(), text.data(), text.size());
  return size <= 0 ? std::string()
                   : std::string(text.data(), static_cast<size_t>(size));
}

std::pair<absl::Duration, absl::Duration> CpuOf(int who) {
  rusage usage{};
  if (getrusage(who, &usage) != 0) return {};
  return {absl::DurationFromTimeval(usage.ru_utime),
          absl::DurationFromTimeval(usage.ru_stime)};
}

}  // namespace

void ParseMemory(absl::string_view status, kv::ProcessUsage& usage) {
  struct Field {
    absl::string_view name;
    uint64_t kv::ProcessUsage::*bytes;
  };
  constexpr Field kFields[] = {
      {"VmRSS:", &kv::ProcessUsage::resident_bytes},
      {"RssAnon:", &kv::ProcessUsage::anonymous_bytes},
      {"VmHWM:", &kv::ProcessUsage::resident_peak_bytes}};
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    for (const Field& field : kFields) {
      absl::string_view rest = line;
      uint64_t kibibytes = 0;
      if (absl::ConsumePrefix(&rest, field.name) &&
          absl::ConsumeSuffix(&rest, "kB") &&
          absl::SimpleAtoi(rest, &kibibytes)) {
        usage.*field.bytes = kibibytes << 10;
      }
    }
  }
}

kv::ProcessUsage MeasureProcess() {
  kv::ProcessUsage usage;
  usage.process_id = static_cast<uint64_t>(getpid());
  utsname system{};
  if (uname(&system) == 0) {
    usage.system =
        absl::StrCat(system.sysname, " ", system.release, " ", system.machine);
  }
  usage.allocator = "libc";
  ParseMemory(ReadStatus(), usage);
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0) {
    usage.system_bytes =
        static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
  }
  std::tie(usage.cpu_user, usage.cpu_system) = CpuOf(RUSAGE_SELF);
  std::tie(usage.thread_cpu_user, usage.thread_cpu_system) =
      CpuOf(RUSAGE_THREAD);
  return usage;
}

}  // namespace prod
