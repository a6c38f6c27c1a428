// A scenario told in C++: as a file would say it, read from left to right.
//
//   const RunResult result = Story("cut-off-leader")
//                                .Nodes(3)
//                                .At(absl::Seconds(3)).Isolate(Leader())
//                                .Until(NewLeader()).Within(absl::Seconds(2))
//                                .Heal()
//                                .Run(seed);
//
// At() and After() set the time of the step that comes next; without them it
// follows the step before at once. For(), Within(), OrSkip(), Via() and
// Expect() belong to the step just told. What makes no sense is a CHECK.

#ifndef SCENARIOS_STORY_H_
#define SCENARIOS_STORY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "scenarios/run_result.h"
#include "scenarios/scenario.h"

namespace scenarios {

class Story {
 public:
  explicit Story(absl::string_view name);

  // ---- the stage
  Story& Nodes(uint32_t nodes);
  Story& Lasts(const Phases& phases);
  Story& Work(const Workload& workload);
  Story& Demanding(const Demands& demands);
  // Knobs as a file writes them: ("network.frame_loss", "0%..5%"). In force all
  // the time; during the chaos phase.
  Story& Environment(absl::string_view knob, absl::string_view value);
  Story& Faults(absl::string_view knob, absl::string_view value);
  Story& Swarm();

  // ---- when
  Story& At(absl::Duration time);
  Story& After(absl::Duration span);

  // ---- what
  Story& Do(Act act);
  Story& Isolate(TargetChoice target);
  Story& Partition(const std::vector<std::vector<uint32_t>>& groups);
  Story& Cut(TargetChoice from, TargetChoice to);
  Story& Heal();
  Story& Crash(TargetChoice target);
  Story& PowerOff(TargetChoice target);
  Story& Restart(TargetChoice target);
  Story& Pause(TargetChoice target);
  Story& Resume(TargetChoice target);
  Story& Until(Condition condition);  // Within 5 s, unless Within() says else.
  Story& Assert(Condition condition);
  Story& Never(Condition condition);  // For 1 s, unless For() says else.
  Story& Write(absl::string_view key, absl::string_view value);
  Story& Read(absl::string_view key);

  // ---- of the step just told
  Story& For(absl::Duration span) { return For(span, span); }
  Story& For(absl::Duration low, absl::Duration high);
  Story& Within(absl::Duration span);
  Story& OrSkip();
  Story& Via(TargetChoice asked);
  // One more outcome that is as expected.
  Story& Expect(Expectation::Kind kind);
  Story& ExpectValue(absl::string_view value);

  // CHECKs that nodes exist and that the times fit together.
  Scenario Build() const;
  RunResult Run(uint64_t seed) const;

 private:
  template <class Deed>
  Story& Tell(Deed deed);
  template <class Deed>
  Deed& Told(absl::string_view what);
  KnobSetting Setting(absl::string_view knob, absl::string_view value) const;

  Scenario scenario_;
  Step next_;  // Its time.
};

}  // namespace scenarios

#endif  // SCENARIOS_STORY_H_
