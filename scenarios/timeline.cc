#include "scenarios/timeline.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

// `latest`: when the step may happen at the latest.
std::string TooLate(const Phases& phases, const Step& step,
                    absl::Duration latest) {
  const absl::Duration quiet = phases.QuietFrom();
  const std::string when = absl::FormatDuration(latest);
  if (latest >= quiet) {
    return absl::StrCat("a step ",
                        step.relative ? "that may come as late as " : "at ",
                        when, " is too late: the quiet phase begins at ",
                        absl::FormatDuration(quiet));
  }
  const absl::Duration done = latest + step.TakesAtMost();
  if (done > quiet) {
    return absl::StrCat("a step that may take until ",
                        absl::FormatDuration(done),
                        " is too late: the quiet phase begins at ",
                        absl::FormatDuration(quiet));
  }
  const auto* never = std::get_if<Never>(&step.deed);
  if (never != nullptr && latest + never->span > phases.End()) {
    return absl::StrCat("a step that watches until ",
                        absl::FormatDuration(latest + never->span),
                        " is too late: the run ends at ",
                        absl::FormatDuration(phases.End()));
  }
  return "";
}

}  // namespace

bool IsStory(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.relative || step.TakesAtMost() > absl::ZeroDuration();
  });
}

TimelineError OrderSteps(const Phases& phases, std::vector<Step>* steps) {
  const bool story = IsStory(*steps);
  absl::Duration done;  // The step before is done by then.
  for (size_t i = 0; i < steps->size(); ++i) {
    const Step& step = (*steps)[i];
    const absl::Duration latest = step.relative ? done + step.at : step.at;
    if (story && latest < done) {
      return {i, absl::StrCat("a step at ", absl::FormatDuration(latest),
                              " stands behind one that may not be done before ",
                              absl::FormatDuration(done))};
    }
    std::string too_late = TooLate(phases, step, latest);
    if (!too_late.empty()) return {i, std::move(too_late)};
    done = latest + step.TakesAtMost();
  }
  if (!story) {
    std::stable_sort(steps->begin(), steps->end(),
                     [](const Step& a, const Step& b) { return a.at < b.at; });
  }
  return {};
}

}  // namespace scenarios
