// What the network acts of a scenario do, and how they are undone.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "scenarios/knob_table.h"
#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_network.h"

namespace scenarios {

Nemesis::Undo Nemesis::Strike(const Isolate& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  std::vector<Link> links;
  for (uint32_t other = 1; other <= cluster_.size(); ++other) {
    for (const uint32_t node : nodes) {
      if (std::find(nodes.begin(), nodes.end(), other) != nodes.end()) continue;
      links.emplace_back(node, other);
      links.emplace_back(other, node);
    }
  }
  return [this, nodes, heal = CutLinks(std::move(links))] {
    heal();
    Release(nodes);
  };
}

Nemesis::Undo Nemesis::Strike(const Partition& act) {
  std::vector<Link> links;
  for (const auto& group : act.groups) {
    for (const auto& other_group : act.groups) {
      if (&group == &other_group) continue;
      for (const uint32_t from : group) {
        for (const uint32_t to : other_group) links.emplace_back(from, to);
      }
    }
  }
  return CutLinks(std::move(links));
}

Nemesis::Undo Nemesis::Strike(const Cut& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  std::vector<Link> links;
  for (const uint32_t a : from) {
    for (const uint32_t b : to) {
      if (a != b) links.emplace_back(a, b);
    }
  }
  if (links.empty() || !Seize(from)) return nullptr;
  return [this, from, heal = CutLinks(std::move(links))] {
    heal();
    Release(from);
  };
}

Nemesis::Undo Nemesis::Strike(const Heal&) {
  cuts_.clear();
  world_.network().HealAll();
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const DisturbLink& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  sim::Knobs knobs = world_.knobs();
  ApplyKnobs(DrawKnobs(act.knobs, false, how_), knobs);
  std::vector<Link> links;
  for (const uint32_t a : from) {
    for (const uint32_t b : to) {
      if (a != b) links.emplace_back(a, b);
    }
  }
  if (links.empty()) return nullptr;
  for (const auto& [a, b] : links) {
    world_.network().SetLinkKnobs(cluster_.host(a), cluster_.host(b),
                                  knobs.network);
  }
  return [this, links] {
    for (const auto& [a, b] : links) {
      world_.network().SetLinkKnobs(cluster_.host(a), cluster_.host(b),
                                    std::nullopt);
    }
  };
}

}  // namespace scenarios
