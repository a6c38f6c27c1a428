#include "sim/priority_schedule.h"

#include <algorithm>

namespace sim {

void PrioritySchedule::BeginWindow() {
  salt_ = dice_.Next();
  changes_taken_ = 0;
  lowered_.clear();
  change_points_.clear();
  for (uint32_t i = 1; i < depth_; ++i) {
    change_points_.push_back(static_cast<uint32_t>(dice_.Below(steps_)));
  }
  std::sort(change_points_.begin(), change_points_.end());
}

void PrioritySchedule::Lower(uint64_t thread) {
  ++changes_taken_;
  ++changes_;
  std::erase(lowered_, thread);
  lowered_.push_back(thread);
}

uint64_t PrioritySchedule::PriorityOf(uint64_t thread) const {
  constexpr uint64_t kAboveAllLowered = uint64_t{1} << 63;
  for (size_t i = 0; i < lowered_.size(); ++i) {
    if (lowered_[i] == thread) return lowered_.size() - i;
  }
  return runtime::MixHash(salt_, thread) | kAboveAllLowered;
}

}  // namespace sim
