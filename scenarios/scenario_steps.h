// The steps of a scenario file: what happens at its time.
// See scenario_file.h; includes yaml-cpp.

#ifndef SCENARIOS_SCENARIO_STEPS_H_
#define SCENARIOS_SCENARIO_STEPS_H_

#include <vector>

#include "config/yaml_reader.h"
#include "scenarios/scenario.h"

namespace scenarios {

using config::YamlErrors;
using config::YamlMap;

// Of `scenario` the cluster and the phases must have been read.
void ReadSteps(YamlErrors& errors, const YAML::Node& node,
               const Scenario& scenario, std::vector<Step>* steps);

}  // namespace scenarios

#endif  // SCENARIOS_SCENARIO_STEPS_H_
