// What the network acts of a scenario do to links and connections, and how they
// are undone. Which partitions there are: strikes_partition.cc; what heals
// before its time: strikes_heal.cc.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"

#include "scenarios/knob_table.h"
#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_network.h"

namespace scenarios {

// -------------------------------------------------------------- instruments

// What is held by several strikes is let go by the last of them.
Nemesis::Undo Nemesis::HoldLinks(LinkHold& hold, Links links) {
  const uint64_t number = holds_made_++;
  for (const Link& link : links) {
    absl::btree_set<uint64_t>& holders = hold.strikes[link];
    holders.insert(number);
    if (holders.size() > 1) continue;
    (world_.network().*hold.take)(link.first, link.second);
  }
  tale_.links.insert(tale_.links.end(), links.begin(), links.end());
  return [this, &hold, number, links = std::move(links)] {
    for (const Link& link : links) {
      const auto found = hold.strikes.find(link);
      // Healed meanwhile, and perhaps held again by others.
      if (found == hold.strikes.end() || found->second.erase(number) == 0) {
        continue;
      }
      if (!found->second.empty()) continue;
      hold.strikes.erase(found);
      (world_.network().*hold.release)(link.first, link.second);
    }
  };
}

Nemesis::Undo Nemesis::AddFilters(const Links& links,
                                  const sim::FrameFilter& filter) {
  std::vector<std::pair<Link, uint64_t>> filters;
  for (const Link& link : links) {
    filters.emplace_back(
        link, world_.network().AddFilter(link.first, link.second, filter));
  }
  tale_.links.insert(tale_.links.end(), links.begin(), links.end());
  return [this, filters] {
    for (const auto& [link, id] : filters) {
      world_.network().RemoveFilter(link.first, link.second, id);
    }
  };
}

// ------------------------------------------------------------------- links

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
  tale_.links = links;
  return [this, links] {
    for (const auto& [a, b] : links) {
      world_.network().SetLinkKnobs(a, b, std::nullopt);
    }
  };
}

Nemesis::Undo Nemesis::Strike(const Filter& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  Links links = OneWay(HostsOf(from), HostsOf(to));
  if (links.empty()) return nullptr;
  if (!act.period.has_value()) return AddFilters(links, act.what);
  return FlipFlop(std::move(links), *act.period,
                  [this, what = act.what](const Links& held) {
                    return AddFilters(held, what);
                  });
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
  std::function<Undo(const Links&)> begin;
  uint64_t healings;
  uint64_t since;      // As of HealedSince().
  Undo end = nullptr;  // Not null while in force.
  bool over = false;
};

Nemesis::Undo Nemesis::FlipFlop(Links links, SpanRange period,
                                std::function<Undo(const Links&)> begin) {
  auto flapping = std::make_shared<Flapping>(Flapping{.links = std::move(links),
                                                      .period = period,
                                                      .begin = std::move(begin),
                                                      .healings = healings_,
                                                      .since = frees_});
  Flip(flapping);
  return [flapping] {
    flapping->over = true;
    if (flapping->end != nullptr) flapping->end();
  };
}

Nemesis::Undo Nemesis::Strike(const Flap& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  Links links = OneWay(HostsOf(from), HostsOf(to));
  const Nodes struck = Fewer(from, to);
  if (links.empty() || !Seize(struck)) return nullptr;
  std::function<Undo(const Links&)> begin;
  if (act.kinds.empty()) {
    begin = [this](const Links& held) { return HoldLinks(cuts_, held); };
  } else {
    constexpr uint32_t kAlwaysPpm = 1'000'000;
    begin = [this, what = sim::FrameFilter{.kinds = act.kinds,
                                           .drop_ppm = kAlwaysPpm}](
                const Links& held) { return AddFilters(held, what); };
  }
  return [this, struck,
          end = FlipFlop(std::move(links), act.period, std::move(begin))] {
    end();
    Release(struck);
  };
}

void Nemesis::Flip(const std::shared_ptr<Flapping>& flapping) {
  if (flapping->over || flapping->healings != healings_) return;
  if (flapping->end == nullptr) {
    std::erase_if(flapping->links, [&](const Link& link) {
      return HealedSince(flapping->since, link);
    });
    if (flapping->links.empty()) return;
    flapping->end = flapping->begin(flapping->links);
  } else {
    std::exchange(flapping->end, nullptr)();
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
    Later(at, [this, swizzling, node, cut = act.cut, since = frees_] {
      Swizzling::Node& one = swizzling->nodes[node];
      if (one.freed) return;
      Links links = cut ? LinksToOthers({node}) : AllLinksOf({node});
      std::erase_if(links,
                    [&](const Link& link) { return HealedSince(since, link); });
      one.free = HoldLinks(cut ? cuts_ : clogs_, std::move(links));
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
