// A sweep as JUnit XML, the one format that every CI reads: a test suite for
// each scenario and one for the canary. In a suite, one test case stands for
// all seeds that passed, and one for each signature that did not, with its
// evidence and the command that replays it; and one for each rare state that
// the sweep had to reach and did not.

#ifndef SCENARIOS_SWEEP_JUNIT_H_
#define SCENARIOS_SWEEP_JUNIT_H_

#include <string>

#include "absl/strings/string_view.h"

#include "scenarios/sweep_report.h"

namespace scenarios {

std::string JUnitXml(const SweepReport& report);

// `text` as XML: markup escaped, what XML 1.0 forbids replaced by "?".
std::string XmlEscaped(absl::string_view text);

}  // namespace scenarios

#endif  // SCENARIOS_SWEEP_JUNIT_H_
