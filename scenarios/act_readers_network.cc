// The acts that break the network, as they are written.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "scenarios/act_readers.h"
#include "scenarios/scenario_acts.h"

namespace scenarios {
namespace {

void ReadPartition(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                   Act* act) {
  Partition partition;
  if (!node.IsSequence() || node.size() < 2) {
    errors.Fail(node, "expected groups of nodes such as [[n1, n2], [n3]]");
    return;
  }
  std::vector<uint32_t> placed;
  for (const YAML::Node& group : node) {
    std::vector<uint32_t>& members = partition.groups.emplace_back();
    if (!group.IsSequence()) {
      errors.Fail(group, "expected a group of nodes such as [n1, n2]");
      return;
    }
    for (const YAML::Node& item : group) {
      uint32_t member = 0;
      if (!ReadNode(errors, item, nodes, &member)) return;
      if (std::find(placed.begin(), placed.end(), member) != placed.end()) {
        errors.Fail(item, absl::StrCat("n", member, " is in two groups"));
        return;
      }
      placed.push_back(member);
      members.push_back(member);
    }
  }
  *act = std::move(partition);
}

void ReadCut(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
             Act* act) {
  YamlMap map(errors, node, "a cut");
  Cut cut;
  RequireChoice(errors, map, "from", nodes, &cut.from);
  RequireChoice(errors, map, "to", nodes, &cut.to);
  map.Done();
  *act = std::move(cut);
}

void ReadHeal(YamlErrors& errors, const YAML::Node& node, uint32_t, Act* act) {
  if (!node.IsScalar() || node.Scalar() != "all") {
    errors.Fail(node, "expected all");
    return;
  }
  *act = Heal{};
}

void ReadLink(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              Act* act) {
  YamlMap map(errors, node, "a link");
  DisturbLink link;
  RequireChoice(errors, map, "from", nodes, &link.from);
  RequireChoice(errors, map, "to", nodes, &link.to);
  if (const YAML::Node* knobs = map.Require("knobs")) {
    ReadKnobs(errors, *knobs, "network.", &link.knobs);
  }
  map.Done();
  *act = std::move(link);
}

constexpr auto kReaders = std::to_array<ActReader>({
    {"isolate", ReadTargeted<Isolate>},
    {"partition", ReadPartition},
    {"cut", ReadCut},
    {"heal", ReadHeal},
    {"link", ReadLink},
});

}  // namespace

std::span<const ActReader> NetworkActReaders() { return kReaders; }

}  // namespace scenarios
