#include "scenarios/story.h"

#include <variant>

#include "absl/status/statusor.h"

#include "config/units.h"
#include "runtime/check.h"
#include "scenarios/runner.h"
#include "scenarios/timeline.h"

namespace scenarios {
namespace {

Step FollowingStep() {
  Step step;
  step.relative = true;
  return step;
}

}  // namespace

Story::Story(absl::string_view name) : next_(FollowingStep()) {
  scenario_.name = std::string(name);
}

// ---------------------------------------------------------------- the stage

Story& Story::Nodes(uint32_t nodes) {
  CHECK(nodes >= 1 && nodes <= kNodesMax, "too many or too few nodes: ", nodes);
  scenario_.cluster.nodes = nodes;
  return *this;
}

Story& Story::Lasts(const Phases& phases) {
  scenario_.phases = phases;
  return *this;
}

Story& Story::Work(const Workload& workload) {
  scenario_.workload = workload;
  return *this;
}

Story& Story::Demanding(const Demands& demands) {
  scenario_.demands = demands;
  return *this;
}

KnobSetting Story::Setting(absl::string_view knob,
                           absl::string_view value) const {
  const Knob* const found = FindKnob(knob);
  CHECK(found != nullptr, "no such knob: ", std::string(knob));
  const absl::StatusOr<Range> range = config::ParseRange(value, found->unit);
  CHECK(range.ok(), std::string(range.status().message()));
  return {found, *range};
}

Story& Story::Environment(absl::string_view knob, absl::string_view value) {
  scenario_.environment.push_back(Setting(knob, value));
  return *this;
}

Story& Story::Faults(absl::string_view knob, absl::string_view value) {
  scenario_.faults.push_back(Setting(knob, value));
  return *this;
}

Story& Story::Swarm() {
  scenario_.swarm = true;
  return *this;
}

// --------------------------------------------------------------------- when

Story& Story::At(absl::Duration time) {
  next_.at = time;
  next_.relative = false;
  return *this;
}

Story& Story::After(absl::Duration span) {
  next_.at = span;
  next_.relative = true;
  return *this;
}

// --------------------------------------------------------------------- what

template <class Deed>
Story& Story::Tell(Deed deed) {
  next_.deed = std::move(deed);
  scenario_.steps.push_back(std::exchange(next_, FollowingStep()));
  return *this;
}

Story& Story::Do(Act act) { return Tell(std::move(act)); }

Story& Story::Isolate(TargetChoice target) {
  return Do(scenarios::Isolate{std::move(target)});
}
Story& Story::Partition(const std::vector<std::vector<uint32_t>>& groups) {
  return Do(PartitionOf(groups));
}
Story& Story::Cut(TargetChoice from, TargetChoice to) {
  return Do(scenarios::Cut{std::move(from), std::move(to)});
}
Story& Story::Heal() { return Do(scenarios::Heal{}); }
Story& Story::Crash(TargetChoice target) {
  return Do(scenarios::Crash{std::move(target)});
}
Story& Story::PowerOff(TargetChoice target) {
  return Do(scenarios::PowerOff{std::move(target)});
}
Story& Story::Restart(TargetChoice target) {
  return Do(scenarios::Restart{std::move(target)});
}
Story& Story::Pause(TargetChoice target) {
  return Do(scenarios::Pause{std::move(target)});
}
Story& Story::Resume(TargetChoice target) {
  return Do(scenarios::Resume{std::move(target)});
}

Story& Story::Until(Condition condition) {
  return Tell(scenarios::Until{std::move(condition), absl::Seconds(5)});
}
Story& Story::Assert(Condition condition) {
  return Tell(scenarios::Assert{std::move(condition)});
}
Story& Story::Never(Condition condition) {
  return Tell(scenarios::Never{std::move(condition), absl::Seconds(1)});
}

Story& Story::Write(absl::string_view key, absl::string_view value) {
  Operation asked;
  asked.writes = true;
  asked.key = std::string(key);
  asked.value = std::string(value);
  return Tell(std::move(asked));
}
Story& Story::Read(absl::string_view key) {
  Operation asked;
  asked.key = std::string(key);
  return Tell(std::move(asked));
}

// --------------------------------------------------- of the step just told

template <class Deed>
Deed& Story::Told(absl::string_view what) {
  CHECK(!scenario_.steps.empty(), "no step was told: ", std::string(what));
  Deed* const deed = std::get_if<Deed>(&scenario_.steps.back().deed);
  CHECK(deed != nullptr, "not of this step: ", std::string(what));
  return *deed;
}

Story& Story::For(absl::Duration low, absl::Duration high) {
  CHECK(!scenario_.steps.empty(), "no step was told");
  Step& step = scenario_.steps.back();
  if (auto* never = std::get_if<scenarios::Never>(&step.deed)) {
    never->span = low;
    return *this;
  }
  CHECK(HasDuration(Told<Act>("For()")), "it has no duration");
  step.lasts = SpanRange{low, high};
  return *this;
}

Story& Story::Within(absl::Duration span) {
  CHECK(!scenario_.steps.empty(), "no step was told");
  if (auto* asked = std::get_if<Operation>(&scenario_.steps.back().deed)) {
    asked->within = span;
  } else {
    Told<scenarios::Until>("Within()").within = span;
  }
  return *this;
}

Story& Story::OrSkip() {
  Told<scenarios::Until>("OrSkip()").or_skip = true;
  return *this;
}

Story& Story::Via(TargetChoice asked) {
  Told<Operation>("Via()").via = std::move(asked);
  return *this;
}

Story& Story::Expect(Expectation::Kind kind) {
  Told<Operation>("Expect()").expected.push_back({kind, ""});
  return *this;
}

Story& Story::ExpectValue(absl::string_view value) {
  Told<Operation>("ExpectValue()")
      .expected.push_back({Expectation::Kind::kValue, std::string(value)});
  return *this;
}

Scenario Story::Build() const {
  Scenario scenario = scenario_;
  const TimelineError wrong = OrderSteps(scenario.phases, &scenario.steps);
  CHECK(wrong.message.empty(), "step ", wrong.step + 1, ": ", wrong.message);
  return scenario;
}

RunResult Story::Run(uint64_t seed) const {
  const Scenario scenario = Build();
  RunOptions options;
  options.seed = seed;
  return RunScenario(scenario, options);
}

}  // namespace scenarios
