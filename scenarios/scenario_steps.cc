#include "scenarios/scenario_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "scenarios/scenario_acts.h"
#include "scenarios/scenario_file.h"

namespace scenarios {

void ReadSteps(YamlErrors& errors, const YAML::Node& node,
               const Scenario& scenario, std::vector<Step>* steps) {
  if (!node.IsSequence() || node.size() > kStepsMax) {
    errors.Fail(
        node, absl::StrCat("expected a list of at most ", kStepsMax, " steps"));
    return;
  }
  for (const YAML::Node& item : node) {
    YamlMap map(errors, item, "a step");
    Step step;
    map.Require("at");
    map.Span("at", &step.at);
    ReadAct(errors, map, scenario.cluster.nodes, &step.act);
    if (const YAML::Node* lasts = map.Find("for")) {
      step.lasts.emplace();
      map.SpanRange("for", &step.lasts->low, &step.lasts->high);
      if (errors.ok() && !HasDuration(step.act)) {
        errors.Fail(*lasts,
                    absl::StrCat("'", ActName(step.act), "' has no duration"));
      }
    }
    map.Done();
    if (!errors.ok()) return;
    if (step.at >= scenario.phases.QuietFrom()) {
      errors.Fail(item, absl::StrCat(
                            "a step at ", absl::FormatDuration(step.at),
                            " is too late: the quiet phase begins at ",
                            absl::FormatDuration(scenario.phases.QuietFrom())));
      return;
    }
    steps->push_back(std::move(step));
  }
  std::stable_sort(steps->begin(), steps->end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
}

}  // namespace scenarios
