// How the acts of a scenario file are read: one reader for each act, in one
// table for each subject. For scenario_acts.cc; includes yaml-cpp.

#ifndef SCENARIOS_ACT_READERS_H_
#define SCENARIOS_ACT_READERS_H_

#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/string_view.h"
#include "yaml-cpp/yaml.h"

#include "config/yaml_reader.h"
#include "scenarios/act.h"
#include "scenarios/target.h"

namespace scenarios {

using config::YamlErrors;
using config::YamlMap;

// Reads the value behind the name of an act; `nodes` is how many there are.
struct ActReader {
  absl::string_view name;
  void (*read)(YamlErrors&, const YAML::Node&, uint32_t nodes, Act*);
};

std::span<const ActReader> NetworkActReaders();
std::span<const ActReader> DiskActReaders();
std::span<const ActReader> ProcessActReaders();

// "n1" up to the number of nodes. False: an error was noted.
bool ReadNode(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              uint32_t* out);
// One target or a list of them to choose from.
bool ReadChoice(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                TargetChoice* out);
// The same, behind a key of `map` that must be there.
bool RequireChoice(YamlErrors& errors, YamlMap& map, absl::string_view key,
                   uint32_t nodes, TargetChoice* out);

// Of an act that is nothing but its target.
template <class TargetedAct>
void ReadTargeted(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                  Act* act) {
  TargetedAct targeted;
  ReadChoice(errors, node, nodes, &targeted.target);
  *act = std::move(targeted);
}

}  // namespace scenarios

#endif  // SCENARIOS_ACT_READERS_H_
