// The shapes in which a nemesis cuts a cluster apart.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_network.h"

namespace scenarios {

// --------------------------------------------------------------- geography

Nemesis::Nodes Nemesis::AllNodes() const { return cluster_.nodes(); }

Nemesis::Nodes Nemesis::Others(const Nodes& nodes) const {
  Nodes others = AllNodes();
  std::erase_if(others, [&nodes](uint32_t node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  });
  return others;
}

Nemesis::Nodes Nemesis::Shuffled(Nodes nodes) {
  Nodes shuffled;
  while (!nodes.empty()) {
    const auto at =
        nodes.begin() + static_cast<ptrdiff_t>(whom_.Below(nodes.size()));
    shuffled.push_back(*at);
    nodes.erase(at);
  }
  return shuffled;
}

Nemesis::HostList Nemesis::HostsOf(const Nodes& nodes) const {
  HostList hosts;
  for (const uint32_t node : nodes) hosts.push_back(cluster_.host(node));
  return hosts;
}

// Whoever is no node.
Nemesis::HostList Nemesis::ClientHosts() const {
  const HostList nodes = HostsOf(AllNodes());
  HostList clients;
  for (sim::HostId host = 0; host < world_.host_count(); ++host) {
    if (std::find(nodes.begin(), nodes.end(), host) == nodes.end()) {
      clients.push_back(host);
    }
  }
  return clients;
}

// Those that are there.
Nemesis::HostList Nemesis::HostsNamed(
    const std::vector<std::string>& names) const {
  HostList hosts;
  for (const sim::HostId host : ClientHosts()) {
    const bool named = std::find(names.begin(), names.end(),
                                 world_.host_name(host)) != names.end();
    if (named) hosts.push_back(host);
  }
  return hosts;
}

Nemesis::Links Nemesis::OneWay(const HostList& from, const HostList& to) {
  Links links;
  for (const sim::HostId a : from) {
    for (const sim::HostId b : to) {
      if (a != b) links.emplace_back(a, b);
    }
  }
  return links;
}

Nemesis::Links Nemesis::BothWays(const HostList& some, const HostList& others) {
  Links links = OneWay(some, others);
  const Links back = OneWay(others, some);
  links.insert(links.end(), back.begin(), back.end());
  return links;
}

Nemesis::Links Nemesis::LinksToOthers(const Nodes& nodes) const {
  return BothWays(HostsOf(nodes), HostsOf(Others(nodes)));
}

Nemesis::Links Nemesis::AllLinksOf(const Nodes& nodes) const {
  Links links = BothWays(HostsOf(nodes), ClientHosts());
  const Links inner = OneWay(HostsOf(nodes), HostsOf(nodes));
  const Links outer = LinksToOthers(nodes);
  links.insert(links.end(), inner.begin(), inner.end());
  links.insert(links.end(), outer.begin(), outer.end());
  return links;
}

// ------------------------------------------------------------------ shapes

Nemesis::Undo Nemesis::CutOff(const Nodes& struck, Links links) {
  if (links.empty() || !Seize(struck)) return nullptr;
  return [this, struck, heal = HoldLinks(cuts_, std::move(links))] {
    heal();
    Release(struck);
  };
}

Nemesis::Undo Nemesis::Strike(const Isolate& act) {
  const Nodes nodes = Resolve(act.target);
  return CutOff(nodes, LinksToOthers(nodes));
}

Nemesis::Undo Nemesis::Strike(const Cut& act) {
  const Nodes from = Resolve(act.from);
  const Nodes to = Resolve(act.to);
  return CutOff(Fewer(from, to), OneWay(HostsOf(from), HostsOf(to)));
}

// First what is listed, then what fills a group up, then the rest.
std::vector<Nemesis::HostList> Nemesis::GroupsOf(const Partition& act) {
  using Fill = Partition::Group::Fill;
  std::vector<Nodes> groups(act.groups.size());
  Nodes taken;
  const auto put = [&](size_t group, const Nodes& nodes) {
    groups[group].insert(groups[group].end(), nodes.begin(), nodes.end());
    taken.insert(taken.end(), nodes.begin(), nodes.end());
  };
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const Target& member : act.groups[i].members) {
      put(i, NodesOf(member, taken));
    }
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    const Fill fill = act.groups[i].fill;
    if (fill == Fill::kAsListed || fill == Fill::kRest) continue;
    // A group of nobody is filled up to nothing: its role is not played.
    if (groups[i].empty()) continue;
    const size_t size = fill == Fill::kMajority ? cluster_.size() - Minority()
                                                : size_t{Minority()};
    const size_t missing = size - std::min(size, groups[i].size());
    put(i, Some(Others(taken), missing));
  }
  std::vector<HostList> hosts;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (act.groups[i].fill == Fill::kRest) groups[i] = Others(taken);
    tale_.nodes.insert(tale_.nodes.end(), groups[i].begin(), groups[i].end());
    HostList& group = hosts.emplace_back(HostsOf(groups[i]));
    const HostList clients = HostsNamed(act.groups[i].clients);
    group.insert(group.end(), clients.begin(), clients.end());
  }
  return hosts;
}

Nemesis::Undo Nemesis::Strike(const Partition& act) {
  const std::vector<HostList> groups = GroupsOf(act);
  Links links;
  for (const HostList& group : groups) {
    for (const HostList& other_group : groups) {
      if (&group == &other_group) continue;
      const Links between = OneWay(group, other_group);
      links.insert(links.end(), between.begin(), between.end());
    }
  }
  if (links.empty()) return nullptr;
  return HoldLinks(cuts_, std::move(links));
}

Nemesis::Undo Nemesis::Strike(const Bridge& act) {
  const Nodes bridge = Resolve(act.target);
  if (bridge.empty()) return nullptr;
  const Nodes others = Shuffled(Others(bridge));
  const auto middle =
      others.begin() + static_cast<ptrdiff_t>(others.size() / 2);
  const Nodes half(others.begin(), middle);
  const Nodes rest(middle, others.end());
  return CutOff(half, BothWays(HostsOf(half), HostsOf(rest)));
}

Nemesis::Undo Nemesis::Strike(const Ring&) {
  const Nodes ring = Shuffled(AllNodes());
  Links links;
  for (size_t i = 0; i < ring.size(); ++i) {
    for (size_t k = 0; k < ring.size(); ++k) {
      const size_t apart = i < k ? k - i : i - k;
      const bool sees = apart <= 1 || apart == ring.size() - 1;
      if (sees) continue;
      links.emplace_back(cluster_.host(ring[i]), cluster_.host(ring[k]));
    }
  }
  if (links.empty()) return nullptr;
  return HoldLinks(cuts_, std::move(links));
}

Nemesis::Undo Nemesis::Strike(const Split& act) {
  Nodes minority = Resolve(act.target);
  if (minority.empty()) return nullptr;
  const size_t missing =
      Minority() - std::min<size_t>(Minority(), minority.size());
  const Nodes more = Some(Others(minority), missing);
  minority.insert(minority.end(), more.begin(), more.end());
  return CutOff(minority, LinksToOthers(minority));
}

Nemesis::Undo Nemesis::Strike(const CutClients& act) {
  const Nodes nodes = Resolve(act.target);
  const HostList clients =
      act.clients.empty() ? ClientHosts() : HostsNamed(act.clients);
  Links links;
  if (act.way != CutClients::Way::kAnswers) {
    links = OneWay(clients, HostsOf(nodes));
  }
  if (act.way != CutClients::Way::kRequests) {
    const Links answers = OneWay(HostsOf(nodes), clients);
    links.insert(links.end(), answers.begin(), answers.end());
  }
  return CutOff(nodes, std::move(links));
}

}  // namespace scenarios
