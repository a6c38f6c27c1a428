#include "scenarios/seed_choices.h"

#include "absl/strings/str_cat.h"

#include "runtime/random.h"
#include "scenarios/scenario.h"

namespace scenarios {
namespace {

constexpr int64_t kSegmentGrain = 4096;

template <class Choice>
Choice OneOf(const std::vector<Choice>& choices, runtime::Random dice) {
  return choices[dice.Below(choices.size())];
}

void ChooseShape(const SeedChoices& open, const runtime::Random& dice,
                 ClusterShape* shape, std::vector<std::string>* printed) {
  if (!open.nodes.empty()) {
    shape->nodes = OneOf(open.nodes, dice.Fork("nodes"));
    printed->push_back(absl::StrCat("cluster.nodes = ", shape->nodes));
  }
  if (open.pace.high > 1) {
    runtime::Random pace_dice = dice.Fork("pace");
    const int64_t pace = pace_dice.Between(open.pace.low, open.pace.high);
    shape->election_timeout_min *= pace;
    shape->election_timeout_max *= pace;
    shape->heartbeat_interval *= pace;
    printed->push_back(absl::StrCat("cluster.pace = ", pace));
  }
  if (open.segment_bytes.high > 0) {
    runtime::Random segment_dice = dice.Fork("segment_bytes");
    const int64_t grains =
        segment_dice.Between(open.segment_bytes.low / kSegmentGrain,
                             open.segment_bytes.high / kSegmentGrain);
    shape->segment_bytes = static_cast<uint64_t>(grains * kSegmentGrain);
    printed->push_back(
        absl::StrCat("cluster.segment_bytes = ", shape->segment_bytes));
  }
}

}  // namespace

std::string ScheduleChoice::ToString() const {
  switch (schedule) {
    case sim::Schedule::kRandom:
      return "random";
    case sim::Schedule::kFifo:
      return "fifo";
    case sim::Schedule::kPct:
      return absl::StrCat("pct ", depth);
  }
  return "?";
}

const char* EndingName(Ending ending) {
  return ending == Ending::kQuiet ? "quiet" : "core";
}

Scenario WithChoicesMade(const Scenario& scenario, uint64_t seed,
                         std::vector<std::string>* printed) {
  const runtime::Random dice(runtime::StreamSeed(seed, "scenario.choices"));
  const SeedChoices& open = scenario.choices;
  Scenario made = scenario;
  made.choices = {.schedules = {ScheduleChoice()},
                  .endings = {Ending::kQuiet},
                  .nodes = {},
                  .pace = {1, 1},
                  .segment_bytes = {0, 0}};
  ChooseShape(open, dice, &made.cluster, printed);
  if (!open.schedules.empty()) {
    made.choices.schedules = {OneOf(open.schedules, dice.Fork("schedule"))};
  }
  if (!open.endings.empty()) {
    made.choices.endings = {OneOf(open.endings, dice.Fork("ending"))};
  }
  printed->push_back(
      absl::StrCat("schedule = ", made.choices.schedules.front().ToString()));
  printed->push_back(
      absl::StrCat("ending = ", EndingName(made.choices.endings.front())));
  return made;
}

}  // namespace scenarios
