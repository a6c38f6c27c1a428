#include "scenarios/scenario_acts.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

using config::ParseSignedPartsPerMillion;
using config::ReadRange;
using config::ReadText;

bool ReadNode(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              uint32_t* out) {
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  uint32_t number = 0;
  const bool is_node =
      text.size() > 1 && text[0] == 'n' &&
      absl::SimpleAtoi(absl::string_view(text).substr(1), &number);
  if (!is_node || number < 1 || number > nodes) {
    return errors.Fail(node, absl::StrCat("expected a node from n1 to n", nodes,
                                          ", not '", text, "'"));
  }
  *out = number;
  return true;
}

bool ReadTarget(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                Target* out) {
  using Kind = Target::Kind;
  static constexpr auto kKinds =
      std::to_array<Kind>({Kind::kLeader, Kind::kFollower, Kind::kAny,
                           Kind::kMinority, Kind::kMajority, Kind::kAll});
  std::string text;
  if (!ReadText(errors, node, &text)) return false;
  for (const Kind kind : kKinds) {
    if (text != Target{kind, 0}.ToString()) continue;
    *out = {kind, 0};
    return true;
  }
  if (text.empty() || text[0] != 'n') {
    return errors.Fail(
        node, absl::StrCat("expected n1 to n", nodes,
                           ", leader, follower, any, minority, majority or "
                           "all, not '",
                           text, "'"));
  }
  out->kind = Kind::kNode;
  return ReadNode(errors, node, nodes, &out->node);
}

// One target or a list of them to choose from.
bool ReadChoice(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                TargetChoice* out) {
  if (!node.IsSequence()) {
    return ReadTarget(errors, node, nodes, &out->emplace_back());
  }
  if (node.size() == 0) return errors.Fail(node, "expected a target");
  for (const YAML::Node& item : node) {
    if (!ReadTarget(errors, item, nodes, &out->emplace_back())) return false;
  }
  return true;
}

bool RequireChoice(YamlErrors& errors, YamlMap& map, absl::string_view key,
                   uint32_t nodes, TargetChoice* out) {
  const YAML::Node* node = map.Require(key);
  return node != nullptr && ReadChoice(errors, *node, nodes, out);
}

// ------------------------------------------------- one reader for each act

template <class TargetedAct>
void ReadTargeted(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                  Act* act) {
  TargetedAct targeted;
  ReadChoice(errors, node, nodes, &targeted.target);
  *act = std::move(targeted);
}

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

void ReadClock(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
               Act* act) {
  YamlMap map(errors, node, "a clock");
  ClockDrift clock;
  RequireChoice(errors, map, "node", nodes, &clock.target);
  std::string drift;
  const YAML::Node* value = map.Require("drift");
  if (value != nullptr && ReadText(errors, *value, &drift)) {
    const absl::StatusOr<int32_t> parts = ParseSignedPartsPerMillion(drift);
    if (parts.ok()) {
      clock.parts_per_million = *parts;
    } else {
      errors.Fail(*value, parts.status());
    }
  }
  map.Done();
  *act = std::move(clock);
}

void ReadCpu(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
             Act* act) {
  YamlMap map(errors, node, "a cpu");
  SlowCpu cpu;
  RequireChoice(errors, map, "node", nodes, &cpu.target);
  map.Require("factor");
  map.Count("factor", 1, 10'000, &cpu.factor);
  map.Done();
  *act = std::move(cpu);
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

void ReadSetKnobs(YamlErrors& errors, const YAML::Node& node, uint32_t,
                  Act* act) {
  SetKnobs set;
  ReadKnobs(errors, node, "", &set.knobs);
  *act = std::move(set);
}

struct ActReader {
  absl::string_view name;
  void (*read)(YamlErrors&, const YAML::Node&, uint32_t, Act*);
};

constexpr auto kActReaders = std::to_array<ActReader>({
    {"isolate", ReadTargeted<Isolate>},
    {"partition", ReadPartition},
    {"cut", ReadCut},
    {"heal", ReadHeal},
    {"crash", ReadTargeted<Crash>},
    {"power_off", ReadTargeted<PowerOff>},
    {"restart", ReadTargeted<Restart>},
    {"pause", ReadTargeted<Pause>},
    {"resume", ReadTargeted<Resume>},
    {"clock", ReadClock},
    {"cpu", ReadCpu},
    {"fail_sync", ReadTargeted<FailSync>},
    {"link", ReadLink},
    {"knobs", ReadSetKnobs},
});

}  // namespace

void ReadAct(YamlErrors& errors, YamlMap& map, uint32_t nodes, Act* act) {
  absl::string_view found;
  for (const ActReader& reader : kActReaders) {
    const YAML::Node* value = map.Find(reader.name);
    if (value == nullptr) continue;
    if (!found.empty()) {
      errors.Fail(*value, absl::StrCat("expected one act, not both '", found,
                                       "' and '", reader.name, "'"));
      return;
    }
    found = reader.name;
    reader.read(errors, *value, nodes, act);
  }
  if (!found.empty() || !errors.ok()) return;
  std::string names;
  for (const ActReader& reader : kActReaders) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", reader.name);
  }
  errors.Fail(map.node(), absl::StrCat("expected an act: one of ", names));
}

void ReadKnobs(YamlErrors& errors, const YAML::Node& node,
               absl::string_view prefix, std::vector<KnobSetting>* settings) {
  YamlMap map(errors, node, "the knobs");
  for (YamlMap::Entry& entry : map.entries()) {
    if (!errors.ok()) return;
    entry.known = true;
    const Knob* knob = FindKnob(entry.key);
    if (knob == nullptr || !absl::StartsWith(knob->name, prefix)) {
      std::string names;
      for (const Knob& other : AllKnobs()) {
        if (!absl::StartsWith(other.name, prefix)) continue;
        absl::StrAppend(&names, names.empty() ? "" : ", ", other.name);
      }
      errors.Fail(entry.key_node, absl::StrCat("unknown knob '", entry.key,
                                               "'; expected one of: ", names));
      return;
    }
    Range range;
    if (ReadRange(errors, entry.value, knob->unit, &range)) {
      settings->push_back({knob, range});
    }
  }
}

}  // namespace scenarios
