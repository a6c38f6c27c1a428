// How the acts of a scenario file are read: one reader for each act, in one
// table for each subject. For scenario_acts.cc; includes yaml-cpp.

#ifndef SCENARIOS_ACT_READERS_H_
#define SCENARIOS_ACT_READERS_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "yaml-cpp/yaml.h"

#include "config/yaml_reader.h"
#include "scenarios/act.h"
#include "scenarios/inert_act.h"
#include "scenarios/target.h"

namespace scenarios {

using config::YamlErrors;
using config::YamlMap;

// Reads the value behind the name of an act that happens on `stage`.
struct ActReader {
  absl::string_view name;
  void (*read)(YamlErrors&, const YAML::Node&, const Stage& stage, Act*);
};

std::span<const ActReader> NetworkActReaders();
std::span<const ActReader> DiskActReaders();
std::span<const ActReader> ProcessActReaders();

// "n1" up to the number of nodes. False: an error was noted.
bool ReadNode(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              uint32_t* out);
// "n1", a role, or a number of nodes. False: an error was noted.
bool ReadTarget(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                Target* out);
// One target, {one_of: [...]} to choose from, or {all_of: [...]}.
bool ReadChoice(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                TargetChoice* out);
// The same, behind a key of `map` that must be there.
bool RequireChoice(YamlErrors& errors, YamlMap& map, absl::string_view key,
                   uint32_t nodes, TargetChoice* out);

// A client's host such as "c1" or "r2", or "script", that is there on `stage`.
bool ReadClient(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                std::string* out);
// One or a list: all of these.
bool ReadClients(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                 std::vector<std::string>* out);

// The groups of a partition (partition_reader.cc).
void ReadPartition(YamlErrors& errors, const YAML::Node& node,
                   const Stage& stage, Act* act);

// Of an act that is nothing but its target.
template <class TargetedAct>
void ReadTargeted(YamlErrors& errors, const YAML::Node& node,
                  const Stage& stage, Act* act) {
  TargetedAct targeted;
  ReadChoice(errors, node, stage.nodes(), &targeted.target);
  *act = std::move(targeted);
}

}  // namespace scenarios

#endif  // SCENARIOS_ACT_READERS_H_
