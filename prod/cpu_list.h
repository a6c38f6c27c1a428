// Which CPUs a thread may run on: "0,2-3".
//
// Errors: INVALID_ARGUMENT.

#ifndef PROD_CPU_LIST_H_
#define PROD_CPU_LIST_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace prod {

// CPUs of this machine, also those that are switched off.
int CpuCount();

// Ascending, without repetition; not empty.
// Errors: what is no list, and a CPU that is not below `cpus`.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text, int cpus);

// What ParseCpuList() reads back; empty for an empty list.
std::string FormatCpuList(const std::vector<int>& cpus);

// A thread that runs `body` and only on `cpus`; empty: wherever it likes.
// Errors: this process may not use them.
absl::StatusOr<std::thread> StartThreadOn(const std::vector<int>& cpus,
                                          std::function<void()> body);

}  // namespace prod

#endif  // PROD_CPU_LIST_H_
