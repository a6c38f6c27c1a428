#include "sim/frame_filter.h"

#include <algorithm>
#include <utility>

namespace sim {
namespace {

bool Matches(const FrameFilter& filter, absl::string_view kind) {
  return filter.kinds.empty() ||
         std::find(filter.kinds.begin(), filter.kinds.end(), kind) !=
             filter.kinds.end();
}

}  // namespace

void FrameFilters::Add(uint64_t id, FrameFilter filter) {
  filters_.insert_or_assign(id, Active{.filter = std::move(filter)});
}

FrameFilters::Verdict FrameFilters::Judge(absl::string_view kind) {
  for (auto& [id, active] : filters_) {
    const uint64_t strikes_max = active.filter.strikes_max;
    if (strikes_max != 0 && active.strikes >= strikes_max) continue;
    if (!Matches(active.filter, kind)) continue;
    const Verdict verdict = Apply(active.filter);
    if (!verdict.strikes) continue;
    ++active.strikes;
    return verdict;
  }
  return {};
}

FrameFilters::Verdict FrameFilters::Apply(const FrameFilter& filter) {
  Verdict verdict;
  verdict.drop = filter.drop_ppm != 0 && dice_.Chance(filter.drop_ppm);
  if (!verdict.drop) {
    verdict.duplicate =
        filter.duplicate_ppm != 0 && dice_.Chance(filter.duplicate_ppm);
    if (filter.delay_max > absl::ZeroDuration()) {
      verdict.delay = absl::ToInt64Nanoseconds(
          dice_.Between(filter.delay_min, filter.delay_max));
    }
  }
  verdict.strikes = verdict.drop || verdict.duplicate || verdict.delay != 0;
  return verdict;
}

}  // namespace sim
