// The acts that break the network, as they are written.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "config/units.h"
#include "config/yaml_reader.h"
#include "scenarios/act_readers.h"
#include "scenarios/raft_lens.h"
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

void ReadRing(YamlErrors& errors, const YAML::Node& node, uint32_t, Act* act) {
  if (!node.IsScalar() || node.Scalar() != "all") {
    errors.Fail(node, "expected all");
    return;
  }
  *act = Ring{};
}

void ReadCutClients(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                    Act* act) {
  using Way = CutClients::Way;
  CutClients cut;
  if (!node.IsMap()) {
    ReadChoice(errors, node, nodes, &cut.target);
    *act = std::move(cut);
    return;
  }
  YamlMap map(errors, node, "a cut of clients");
  RequireChoice(errors, map, "nodes", nodes, &cut.target);
  std::string way = "both";
  map.Text("lost", &way);
  if (way == "requests") {
    cut.way = Way::kRequests;
  } else if (way == "answers") {
    cut.way = Way::kAnswers;
  } else if (way != "both") {
    errors.Fail(node["lost"], "expected requests, answers or both");
  }
  map.Done();
  *act = std::move(cut);
}

void ReadFlap(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
              Act* act) {
  YamlMap map(errors, node, "a flapping link");
  Flap flap;
  RequireChoice(errors, map, "from", nodes, &flap.from);
  RequireChoice(errors, map, "to", nodes, &flap.to);
  map.SpanRange("period", &flap.period.low, &flap.period.high);
  map.Done();
  *act = std::move(flap);
}

void ReadBlackhole(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                   Act* act) {
  YamlMap map(errors, node, "a black hole");
  Blackhole hole;
  RequireChoice(errors, map, "from", nodes, &hole.from);
  RequireChoice(errors, map, "to", nodes, &hole.to);
  map.Done();
  *act = std::move(hole);
}

void ReadSwizzle(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                 Act* act) {
  YamlMap map(errors, node, "a swizzle");
  Swizzle swizzle;
  RequireChoice(errors, map, "nodes", nodes, &swizzle.nodes);
  map.SpanRange("gap", &swizzle.gap.low, &swizzle.gap.high);
  map.Flag("cut", &swizzle.cut);
  map.Done();
  *act = std::move(swizzle);
}

void ReadKinds(YamlErrors& errors, const YAML::Node& node,
               std::vector<std::string>* kinds) {
  const std::span<const absl::string_view> known = RaftLens::Kinds();
  const auto read_one = [&](const YAML::Node& item) {
    std::string kind;
    if (!config::ReadText(errors, item, &kind)) return;
    if (std::find(known.begin(), known.end(), kind) == known.end()) {
      errors.Fail(item, absl::StrCat("expected a kind of message, not '", kind,
                                     "': one of ", absl::StrJoin(known, ", ")));
      return;
    }
    kinds->push_back(std::move(kind));
  };
  if (!node.IsSequence()) {
    read_one(node);
    return;
  }
  for (const YAML::Node& item : node) read_one(item);
}

void ReadFilter(YamlErrors& errors, const YAML::Node& node, uint32_t nodes,
                Act* act) {
  YamlMap map(errors, node, "a filter");
  Filter filter;
  RequireChoice(errors, map, "from", nodes, &filter.from);
  RequireChoice(errors, map, "to", nodes, &filter.to);
  if (const YAML::Node* kind = map.Find("kind")) {
    ReadKinds(errors, *kind, &filter.what.kinds);
  }
  map.Chance("drop", &filter.what.drop_ppm);
  map.Chance("duplicate", &filter.what.duplicate_ppm);
  map.SpanRange("delay", &filter.what.delay_min, &filter.what.delay_max);
  uint32_t count = 0;
  map.Count("count", 1, 1'000'000, &count);
  filter.what.strikes_max = count;
  map.Done();
  const bool does_something = filter.what.drop_ppm != 0 ||
                              filter.what.duplicate_ppm != 0 ||
                              filter.what.delay_max > absl::ZeroDuration();
  if (!does_something) {
    errors.Fail(node, "expected a filter to drop, duplicate or delay");
  }
  *act = std::move(filter);
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
    {"bridge", ReadTargeted<Bridge>},
    {"ring", ReadRing},
    {"split", ReadTargeted<Split>},
    {"cut_clients", ReadCutClients},
    {"flap", ReadFlap},
    {"clog", ReadTargeted<Clog>},
    {"swizzle", ReadSwizzle},
    {"reset_connections", ReadTargeted<ResetConnections>},
    {"half_open", ReadTargeted<HalfOpen>},
    {"blackhole", ReadBlackhole},
    {"filter", ReadFilter},
    {"heal", ReadHeal},
    {"link", ReadLink},
});

}  // namespace

std::span<const ActReader> NetworkActReaders() { return kReaders; }

}  // namespace scenarios
