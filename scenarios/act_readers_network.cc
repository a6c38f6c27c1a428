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

void ReadCut(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
             Act* act) {
  YamlMap map(errors, node, "a cut");
  Cut cut;
  RequireChoice(errors, map, "from", stage.nodes(), &cut.from);
  RequireChoice(errors, map, "to", stage.nodes(), &cut.to);
  map.Done();
  *act = std::move(cut);
}

void ReadRing(YamlErrors& errors, const YAML::Node& node, const Stage&,
              Act* act) {
  if (!node.IsScalar() || node.Scalar() != "all") {
    errors.Fail(node, "expected all");
    return;
  }
  *act = Ring{};
}

void ReadCutClients(YamlErrors& errors, const YAML::Node& node,
                    const Stage& stage, Act* act) {
  using Way = CutClients::Way;
  CutClients cut;
  const bool is_target =
      !node.IsMap() || node["one_of"].IsDefined() || node["all_of"].IsDefined();
  if (is_target) {
    ReadChoice(errors, node, stage.nodes(), &cut.target);
    *act = std::move(cut);
    return;
  }
  YamlMap map(errors, node, "a cut of clients");
  RequireChoice(errors, map, "nodes", stage.nodes(), &cut.target);
  std::string way = "both";
  map.Text("lost", &way);
  if (way == "requests") {
    cut.way = Way::kRequests;
  } else if (way == "answers") {
    cut.way = Way::kAnswers;
  } else if (way != "both") {
    errors.Fail(node["lost"], "expected requests, answers or both");
  }
  if (const YAML::Node* clients = map.Find("clients")) {
    ReadClients(errors, *clients, stage, &cut.clients);
  }
  map.Done();
  *act = std::move(cut);
}

void ReadBlackhole(YamlErrors& errors, const YAML::Node& node,
                   const Stage& stage, Act* act) {
  YamlMap map(errors, node, "a black hole");
  Blackhole hole;
  RequireChoice(errors, map, "from", stage.nodes(), &hole.from);
  RequireChoice(errors, map, "to", stage.nodes(), &hole.to);
  map.Done();
  *act = std::move(hole);
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

void ReadFlap(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
              Act* act) {
  YamlMap map(errors, node, "a flapping link");
  Flap flap;
  RequireChoice(errors, map, "from", stage.nodes(), &flap.from);
  RequireChoice(errors, map, "to", stage.nodes(), &flap.to);
  map.SpanRange("period", &flap.period.low, &flap.period.high);
  if (const YAML::Node* kind = map.Find("kind")) {
    ReadKinds(errors, *kind, &flap.kinds);
  }
  map.Done();
  *act = std::move(flap);
}

void ReadSwizzle(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                 Act* act) {
  YamlMap map(errors, node, "a swizzle");
  Swizzle swizzle;
  RequireChoice(errors, map, "nodes", stage.nodes(), &swizzle.nodes);
  map.SpanRange("gap", &swizzle.gap.low, &swizzle.gap.high);
  map.Flag("cut", &swizzle.cut);
  map.Done();
  *act = std::move(swizzle);
}

void ReadFilter(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
                Act* act) {
  YamlMap map(errors, node, "a filter");
  Filter filter;
  RequireChoice(errors, map, "from", stage.nodes(), &filter.from);
  RequireChoice(errors, map, "to", stage.nodes(), &filter.to);
  if (const YAML::Node* kind = map.Find("kind")) {
    ReadKinds(errors, *kind, &filter.what.kinds);
  }
  map.Chance("drop", &filter.what.drop_ppm);
  map.Chance("duplicate", &filter.what.duplicate_ppm);
  map.SpanRange("delay", &filter.what.delay_min, &filter.what.delay_max);
  uint32_t count = 0;
  map.Count("count", 1, 1'000'000, &count);
  filter.what.strikes_max = count;
  if (map.Find("period") != nullptr) {
    SpanRange& period = filter.period.emplace();
    map.SpanRange("period", &period.low, &period.high);
  }
  map.Done();
  const bool does_something = filter.what.drop_ppm != 0 ||
                              filter.what.duplicate_ppm != 0 ||
                              filter.what.delay_max > absl::ZeroDuration();
  if (!does_something) {
    errors.Fail(node, "expected a filter to drop, duplicate or delay");
  }
  *act = std::move(filter);
}

// "all", or a map of the one thing that heals.
void ReadHeal(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
              Act* act) {
  using What = Heal::What;
  Heal heal;
  if (!node.IsMap()) {
    if (!node.IsScalar() || node.Scalar() != "all") {
      errors.Fail(node,
                  "expected all, or one of {act: NAME}, {link: {from: n1, "
                  "to: n2}}, {node: n1}, {disk: n1}");
    }
    *act = std::move(heal);
    return;
  }
  YamlMap map(errors, node, "a healing");
  if (errors.ok() && map.entries().size() != 1) {
    errors.Fail(node, "expected one thing that heals");
  }
  if (map.Find("act") != nullptr) {
    heal.what = What::kAct;
    map.Text("act", &heal.name);
  } else if (const YAML::Node* link = map.Find("link")) {
    heal.what = What::kLink;
    YamlMap ends(errors, *link, "a link");
    RequireChoice(errors, ends, "from", stage.nodes(), &heal.from);
    RequireChoice(errors, ends, "to", stage.nodes(), &heal.to);
    ends.Done();
  } else if (const YAML::Node* whole = map.Find("node")) {
    heal.what = What::kNode;
    ReadChoice(errors, *whole, stage.nodes(), &heal.from);
  } else if (const YAML::Node* disk = map.Find("disk")) {
    heal.what = What::kDisk;
    ReadChoice(errors, *disk, stage.nodes(), &heal.from);
  }
  map.Done();
  *act = std::move(heal);
}

void ReadLink(YamlErrors& errors, const YAML::Node& node, const Stage& stage,
              Act* act) {
  YamlMap map(errors, node, "a link");
  DisturbLink link;
  RequireChoice(errors, map, "from", stage.nodes(), &link.from);
  RequireChoice(errors, map, "to", stage.nodes(), &link.to);
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
