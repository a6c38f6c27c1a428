#include "raft/stage_times.h"

#include <cstddef>

namespace raft {
namespace {

// A follower that cannot apply learns of no commit for long; what nobody asks
// for is dropped, oldest first.
constexpr size_t kStepsMax = 4096;

}  // namespace

void StageClock::Advance(Steps& steps, Index upto, runtime::Instant now) {
  if (!steps.empty() && upto <= steps.back().upto) return;
  if (steps.size() == kStepsMax) steps.pop_front();
  steps.push_back({upto, now});
}

std::optional<runtime::Instant> StageClock::At(Steps& steps, Index index) {
  while (!steps.empty() && steps.front().upto < index) steps.pop_front();
  if (steps.empty()) return std::nullopt;
  return steps.front().when;
}

}  // namespace raft
