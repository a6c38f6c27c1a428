// What heals before its time: everything on the network, or one thing.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/sim_network.h"

namespace scenarios {

void Nemesis::FreeLink(const Link& link) {
  sim::SimNetwork& network = world_.network();
  freed_[link] = ++frees_;
  cuts_.strikes.erase(link);
  clogs_.strikes.erase(link);
  network.Heal(link.first, link.second);
  network.Unclog(link.first, link.second);
  network.ClearFilters(link.first, link.second);
}

bool Nemesis::HealedSince(uint64_t frees, const Link& link) const {
  const auto freed = freed_.find(link);
  return all_freed_ > frees || (freed != freed_.end() && freed->second > frees);
}

// What undoes a strike is run once: by its time, or here.
Nemesis::Undo Nemesis::HealAct(const std::string& name) {
  const auto found = named_.find(name);
  if (found == named_.end() || *found->second == nullptr) return nullptr;
  std::exchange(*found->second, nullptr)();
  return [] {};
}

Nemesis::Undo Nemesis::HealLinks(const Links& links) {
  if (links.empty()) return nullptr;
  for (const Link& link : links) {
    FreeLink(link);
    world_.network().SetLinkKnobs(link.first, link.second, std::nullopt);
  }
  tale_.links = links;
  return [] {};
}

Nemesis::Undo Nemesis::HealNodes(const Nodes& nodes) {
  if (nodes.empty()) return nullptr;
  HealLinks(AllLinksOf(nodes));
  tale_.links.clear();  // All of them: their nodes say it.
  for (const uint32_t node : nodes) {
    const sim::HostId host = cluster_.host(node);
    CalmDisk(node);
    world_.SetClockDrift(host, 0);
    world_.SetCpuFactor(host, 1);
    if (world_.paused(host)) world_.Resume(host);
  }
  return [] {};
}

Nemesis::Undo Nemesis::Strike(const Heal& act) {
  switch (act.what) {
    case Heal::What::kAll:
      cuts_.strikes.clear();
      clogs_.strikes.clear();
      all_freed_ = ++frees_;
      world_.network().HealAll();
      return [] {};
    case Heal::What::kAct:
      return HealAct(act.name);
    case Heal::What::kLink: {
      const Nodes from = Resolve(act.from);
      const Nodes to = Resolve(act.to);
      return HealLinks(OneWay(HostsOf(from), HostsOf(to)));
    }
    case Heal::What::kNode:
      return HealNodes(Resolve(act.from));
    case Heal::What::kDisk: {
      const Nodes nodes = Resolve(act.from);
      if (nodes.empty()) return nullptr;
      for (const uint32_t node : nodes) CalmDisk(node);
      return [] {};
    }
  }
  return nullptr;
}

}  // namespace scenarios
