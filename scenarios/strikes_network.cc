// What the network acts of a scenario do to links and connections, and how they
// are undone. Which partitions there are: strikes_partition.cc.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"

#include "scenarios/knob_table.h"
#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_network.h"

namespace scenarios {

// -------------------------------------------------------------- instruments

// What is held by several strikes is let go by the last of them.
Nemesis::Undo Nemesis::HoldLinks(LinkHold& hold, Links links) {
  for (const Link& link : links) {
    if (++hold.strikes[link] > 1) continue;
    (world_.network().*hold.take)(link.first, link.second);
  }
  return [this, &hold, links = std::move(links)] {
    for (const Link& link : links) {
      const auto found = hold.strikes.find(link);
      if (found == hold.strikes.end() || --found->second > 0) continue;
      hold.strikes.erase(found);
      (world_.network().*hold.release)(link.first, link.second);
    }
  };
}

void Nemesis::FreeLink(const Link& link) {
  sim::SimNetwork& network = world_.network();
  cuts_.strikes.erase(link);
  clogs_.strikes.erase(link);
  network.Heal(link.first, link.second);
  network.Unclog(link.first, link.second);
  network.ClearFilters(link.first, link.second);
}

// ------------------------------------------------------------------- links

Nemesis::Undo Nemesis::Strike(const Heal&) {
  cuts_.strikes.clear();
  clogs_.strikes.clear();
  world_.network().HealAll();
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const DisturbLink& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  sim::Knobs knobs = world_.knobs();
  ApplyKnobs(DrawKnobs(act.knobs, false, how_), knobs);
  const Links links = OneWay(HostsOf(from), HostsOf(to));
  if (links.empty()) return nullptr;
  for (const auto& [a, b] : links) {
    world_.network().SetLinkKnobs(a, b, knobs.network);
  }
  return [this, links] {
    for (const auto& [a, b] : links) {
      world_.network().SetLinkKnobs(a, b, std::nullopt);
    }
  };
}

Nemesis::Undo Nemesis::Strike(const Filter& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  std::vector<std::pair<Link, uint64_t>> filters;
  for (const Link& link : OneWay(HostsOf(from), HostsOf(to))) {
    filters.emplace_back(
        link, world_.network().AddFilter(link.first, link.second, act.what));
  }
  if (filters.empty()) return nullptr;
  return [this, filters] {
    for (const auto& [link, id] : filters) {
      world_.network().RemoveFilter(link.first, link.second, id);
    }
  };
}

Nemesis::Undo Nemesis::Strike(const Clog& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  return [this, nodes, free = HoldLinks(clogs_, AllLinksOf(nodes))] {
    free();
    Release(nodes);
  };
}

// ------------------------------------------------- flapping: cut, whole, cut

struct Nemesis::Flapping {
  Links links;
  SpanRange period;
  uint64_t healings;
  Undo heal = nullptr;  // Not null while cut.
  bool over = false;
};

Nemesis::Undo Nemesis::Strike(const Flap& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  Links links = OneWay(HostsOf(from), HostsOf(to));
  if (links.empty() || !Seize(from)) return nullptr;
  auto flapping = std::make_shared<Flapping>(Flapping{
      .links = std::move(links), .period = act.period, .healings = healings_});
  Flip(flapping);
  return [this, from, flapping] {
    flapping->over = true;
    if (flapping->heal != nullptr) flapping->heal();
    Release(from);
  };
}

void Nemesis::Flip(const std::shared_ptr<Flapping>& flapping) {
  if (flapping->over || flapping->healings != healings_) return;
  if (flapping->heal == nullptr) {
    flapping->heal = HoldLinks(cuts_, flapping->links);
  } else {
    std::exchange(flapping->heal, nullptr)();
  }
  const absl::Duration until =
      std::max(pace_.Between(flapping->period.low, flapping->period.high),
               absl::Milliseconds(1));
  Later(until, [this, flapping] { Flip(flapping); });
}

// ----------------------------------------- swizzle: one by one, in two orders

struct Nemesis::Swizzling {
  struct Node {
    Undo free = nullptr;  // Not null while held.
    bool freed = false;
  };
  absl::btree_map<uint32_t, Node> nodes;
};

Nemesis::Undo Nemesis::Strike(const Swizzle& act) {
  const Nodes nodes = Resolve(act.nodes);
  if (!Seize(nodes)) return nullptr;
  auto swizzling = std::make_shared<Swizzling>();
  absl::Duration at;
  for (const uint32_t node : Shuffled(nodes)) {
    Later(at, [this, swizzling, node, cut = act.cut] {
      Swizzling::Node& one = swizzling->nodes[node];
      if (one.freed) return;
      one.free = cut ? HoldLinks(cuts_, LinksToOthers({node}))
                     : HoldLinks(clogs_, AllLinksOf({node}));
    });
    at += pace_.Between(act.gap.low, act.gap.high);
  }
  return [this, nodes, swizzling, gap = act.gap] {
    absl::Duration free_at;
    for (const uint32_t node : Shuffled(nodes)) {
      Later(free_at, [this, swizzling, node] {
        Swizzling::Node& one = swizzling->nodes[node];
        one.freed = true;
        if (one.free != nullptr) std::exchange(one.free, nullptr)();
        Release({node});
      });
      free_at += pace_.Between(gap.low, gap.high);
    }
  };
}

// -------------------------------------------------------------- connections

Nemesis::Undo Nemesis::Strike(const ResetConnections& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  for (const sim::HostId host : HostsOf(nodes)) {
    world_.network().ResetConnections(host);
  }
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const HalfOpen& act) {
  const Nodes nodes = Resolve(act.target);
  if (nodes.empty()) return nullptr;
  for (const sim::HostId host : HostsOf(nodes)) {
    world_.network().ForgetConnections(host);
  }
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const Blackhole& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  const Links links = OneWay(HostsOf(from), HostsOf(to));
  if (links.empty()) return nullptr;
  for (const auto& [one, other] : links) {
    world_.network().SwallowConnections(one, other);
  }
  return [] {};
}

}  // namespace scenarios
