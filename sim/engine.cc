#include "sim/engine.h"

#include "absl/strings/str_cat.h"

#include "sim/sim_executor.h"

namespace sim {

runtime::Random Engine::Stream(absl::string_view label, uint64_t a,
                               uint64_t b) {
  const uint64_t stream = runtime::StreamSeed(seed, label, a, b);
  if (tape != nullptr) {
    tape->NameStream(stream, absl::StrCat(label, "/", a, "/", b));
  }
  return runtime::Random(stream, tape);
}

PrioritySchedule Engine::Priorities(absl::string_view label, uint64_t a,
                                    uint64_t b) {
  return PrioritySchedule(Stream(label, a, b), knobs.process.pct_depth,
                          knobs.process.pct_steps);
}

HostId Engine::running_host() const {
  return running == nullptr ? kNoHost : running->host();
}

}  // namespace sim
