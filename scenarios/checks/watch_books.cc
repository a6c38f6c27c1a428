#include "scenarios/checks/watch_books.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace scenarios {

void WatchBooks::OnLeaseDone(Lease& lease) const {
  const WallTimes::Span decided = walls_.Since(lease.asked, lease.node);
  lease.deadline = {decided.low_ms + lease.lasts_ms,
                    decided.high_ms + lease.lasts_ms};
}

bool WatchBooks::CertainlyExpired(const Watched& one,
                                  const WallTimes::Moment& asked,
                                  uint32_t node) const {
  if (!one.lease.has_value()) return false;
  return one.lease->deadline.high_ms < walls_.Since(asked, node).low_ms;
}

bool WatchBooks::MayHaveExpired(const Watched& one) const {
  if (!one.lease.has_value()) return false;
  const WallTimes::Span lived =
      walls_.Since(one.lease->asked, WallTimes::kAllNodes);
  return one.lease->deadline.low_ms <= lived.high_ms;
}

void WatchBooks::OnExecuted(const std::vector<Watched>& watched,
                            const WallTimes::Moment& asked, uint32_t node) {
  ++executed_;
  for (const Watched& one : watched) {
    const bool expired = one.was_there && CertainlyExpired(one, asked, node);
    if (!one.changed && !expired) continue;
    violations_.Report(
        "exec-on-changed-key",
        absl::StrCat("n", node, " executes a transaction that watches ",
                     one.key, ", which ",
                     one.changed ? "was changed" : "has expired", " since"));
    return;
  }
}

void WatchBooks::OnCalledOff(const std::vector<Watched>& watched) {
  ++called_off_;
  for (const Watched& one : watched) {
    const bool excused = one.changed || one.may_have_changed ||
                         !one.was_there || MayHaveExpired(one);
    if (excused) return;
  }
  violations_.Report(
      "exec-called-off-for-nothing",
      absl::StrCat("a transaction that watches ",
                   absl::StrJoin(watched, ", ",
                                 [](std::string* out, const Watched& one) {
                                   absl::StrAppend(out, one.key);
                                 }),
                   " is called off, and none of them can have changed"));
}

}  // namespace scenarios
