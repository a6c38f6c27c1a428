#include "scenarios/idle_end.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

// Shorter than the time that the final reads leave (scenarios/quiet_end.h).
constexpr absl::Duration kIdle = absl::Milliseconds(400);

// One heartbeat to one follower and its answer, on all the ways from fiber to
// fiber, with a store of the commit index. Four times what it takes.
constexpr uint64_t kEventsPerBeat = 80;
// Whatever comes to an end in the meantime.
constexpr uint64_t kEventsBeside = 500;

}  // namespace

uint64_t IdleEventsMax(const ClusterShape& shape, absl::Duration span) {
  const auto beats = static_cast<uint64_t>(span / shape.heartbeat_interval) + 1;
  return beats * shape.nodes * kEventsPerBeat + kEventsBeside;
}

void IdleEnd::Start() {
  const sim::Time end = absl::ToInt64Nanoseconds(scenario_.phases.End());
  world_.At(end - absl::ToInt64Nanoseconds(kIdle), sim::EventClass::kDriver,
            [this] { events_before_ = world_.events(); });
  world_.At(end - 1, sim::EventClass::kDriver, [this] { Check(); });
}

void IdleEnd::Check() {
  const uint64_t events = world_.events() - events_before_;
  const uint64_t events_max = IdleEventsMax(scenario_.cluster, kIdle);
  if (events <= events_max) return;
  world_.Fail(
      "busy-when-idle",
      absl::StrCat(events, " events in the last ", absl::FormatDuration(kIdle),
                   ", though nobody asks for anything; at most ", events_max,
                   " are due"));
}

}  // namespace scenarios
