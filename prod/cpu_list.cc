#include "prod/cpu_list.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "runtime/status_macros.h"

namespace prod {
namespace {

absl::StatusOr<int> ParseCpu(absl::string_view text, int cpus) {
  int cpu = 0;
  const bool digits = !text.empty() && text.size() <= 6 &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || !absl::SimpleAtoi(text, &cpu)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected CPUs such as 0,2-3, not \"", text, "\""));
  }
  if (cpu >= std::min(cpus, CPU_SETSIZE)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no CPU ", cpu, ": this machine has 0 to ", cpus - 1));
  }
  return cpu;
}

}  // namespace

int CpuCount() {
  return static_cast<int>(std::max<long>(1, sysconf(_SC_NPROCESSORS_CONF)));
}

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text,
                                              int cpus) {
  std::vector<int> list;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const size_t dash = part.find('-');
    ASSIGN_OR_RETURN(const int first, ParseCpu(part.substr(0, dash), cpus));
    int last = first;
    if (dash != absl::string_view::npos) {
      ASSIGN_OR_RETURN(last, ParseCpu(part.substr(dash + 1), cpus));
    }
    if (last < first) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected CPUs from low to high, not \"", part, "\""));
    }
    for (int cpu = first; cpu <= last; ++cpu) list.push_back(cpu);
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

std::string FormatCpuList(const std::vector<int>& cpus) {
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    absl::StrAppend(&text, text.empty() ? "" : ",", cpus[i]);
    if (end - i > 1) absl::StrAppend(&text, "-", cpus[end - 1]);
    i = end;
  }
  return text;
}

absl::StatusOr<std::thread> StartThreadOn(const std::vector<int>& cpus,
                                          std::function<void()> body) {
  if (cpus.empty()) return std::thread(std::move(body));
  // A new thread has the CPUs of the one that made it, from its first moment.
  const pthread_t self = pthread_self();
  cpu_set_t before;
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (const int cpu : cpus) CPU_SET(static_cast<size_t>(cpu), &wanted);
  int error = pthread_getaffinity_np(self, sizeof(before), &before);
  if (error == 0) error = pthread_setaffinity_np(self, sizeof(wanted), &wanted);
  if (error != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot run on the CPUs ",
                                                   FormatCpuList(cpus), ": ",
                                                   std::strerror(error)));
  }
  std::thread thread(std::move(body));
  pthread_setaffinity_np(self, sizeof(before), &before);
  return thread;
}

}  // namespace prod
