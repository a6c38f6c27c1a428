// How a scenario file writes what each seed decides for itself (see
// seed_choices.h). For scenario_file.cc; includes yaml-cpp.

#ifndef SCENARIOS_CHOICE_READERS_H_
#define SCENARIOS_CHOICE_READERS_H_

#include "yaml-cpp/yaml.h"

#include "config/yaml_reader.h"
#include "scenarios/scenario.h"

namespace scenarios {

// "random", "fifo", {pct: 3}, or a list of these.
void ReadSchedules(config::YamlErrors& errors, const YAML::Node& node,
                   SeedChoices* choices);

// "quiet", "core", or a list of these.
void ReadEndings(config::YamlErrors& errors, const YAML::Node& node,
                 SeedChoices* choices);

// The cluster and what is left open of it. `cluster->nodes` is the least
// number of nodes that a seed may have: acts name no others.
void ReadCluster(config::YamlErrors& errors, const YAML::Node& node,
                 ClusterShape* cluster, SeedChoices* choices);

}  // namespace scenarios

#endif  // SCENARIOS_CHOICE_READERS_H_
