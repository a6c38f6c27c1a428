#include "runtime/probe.h"

#include <cstddef>

// The linker makes these from the section's name. Weak: a program without a
// single site still links.
extern "C" {
extern const runtime::ProbeSite* const __start_probe_sites[]
    __attribute__((weak));
extern const runtime::ProbeSite* const __stop_probe_sites[]
    __attribute__((weak));
}

namespace runtime {

ProbeSink* probe_sink = nullptr;

std::span<const ProbeSite* const> ProbeSites() {
  const ProbeSite* const* begin = __start_probe_sites;
  const ProbeSite* const* end = __stop_probe_sites;
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace runtime
