// The conditions of a scenario file: "leader", "{committed_more: 10}".
// For scenario_steps.cc; includes yaml-cpp.

#ifndef SCENARIOS_CONDITION_READER_H_
#define SCENARIOS_CONDITION_READER_H_

#include <cstdint>
#include <string>

#include "config/yaml_reader.h"
#include "scenarios/condition.h"

namespace scenarios {

// `nodes` is how many there are.
void ReadCondition(config::YamlErrors& errors, const YAML::Node& node,
                   uint32_t nodes, Condition* condition);

// Whether this program knows the rare state `name` (see runtime/probe.h).
// False: an error was noted.
bool CheckRareState(config::YamlErrors& errors, const YAML::Node& node,
                    const std::string& name);

}  // namespace scenarios

#endif  // SCENARIOS_CONDITION_READER_H_
