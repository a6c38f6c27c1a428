// The acts of a scenario file: "isolate: leader", "cut: {from: n1, to: all}".
// See scenario_file.h; includes yaml-cpp.

#ifndef SCENARIOS_SCENARIO_ACTS_H_
#define SCENARIOS_SCENARIO_ACTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "config/yaml_reader.h"
#include "scenarios/inert_act.h"
#include "scenarios/scenario.h"

namespace scenarios {

using config::YamlErrors;
using config::YamlMap;

// Reads the one act that `map`, a step or a strike, names, and how it is
// written: "isolate: leader". False: none. What can strike nobody on `stage` is
// an error.
bool ReadAct(YamlErrors& errors, YamlMap& map, const Stage& stage, Act* act,
             std::string* said);

// All of them, for errors: "isolate, partition, ...".
std::string ActNames();

// A map from knob names to values. Only knobs that begin with `prefix`.
void ReadKnobs(YamlErrors& errors, const YAML::Node& node,
               absl::string_view prefix, std::vector<KnobSetting>* settings);

}  // namespace scenarios

#endif  // SCENARIOS_SCENARIO_ACTS_H_
