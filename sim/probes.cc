#include "sim/probes.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"

namespace sim {

Probes::Probes(Engine& engine) : engine_(engine) {
  for (const runtime::ProbeSite* site : runtime::ProbeSites()) {
    probes_.push_back({.name = site->name, .fire_dice = std::nullopt});
  }
  const auto by_name = [](const Probe& a, const Probe& b) {
    return a.name < b.name;
  };
  std::sort(probes_.begin(), probes_.end(), by_name);
  probes_.erase(std::unique(probes_.begin(), probes_.end(),
                            [](const Probe& a, const Probe& b) {
                              return a.name == b.name;
                            }),
                probes_.end());

  for (const runtime::ProbeSite* site : runtime::ProbeSites()) {
    const auto probe = std::lower_bound(
        probes_.begin(), probes_.end(), site->name,
        [](const Probe& a, const char* name) { return a.name < name; });
    if (site->kind == runtime::ProbeKind::kSometimes ||
        site->kind == runtime::ProbeKind::kReachable) {
      probe->reachable = true;
    }
    places_.emplace_back(site, static_cast<size_t>(probe - probes_.begin()));
  }
  std::sort(places_.begin(), places_.end(), [](const auto& a, const auto& b) {
    return std::less<>()(a.first, b.first);
  });
}

Probes::Probe& Probes::ProbeOf(const runtime::ProbeSite& site) {
  const auto place =
      std::lower_bound(places_.begin(), places_.end(), &site,
                       [](const auto& a, const runtime::ProbeSite* wanted) {
                         return std::less<>()(a.first, wanted);
                       });
  CHECK(place != places_.end() && place->first == &site);
  return probes_[place->second];
}

void Probes::OnReached(const runtime::ProbeSite& site) {
  ++ProbeOf(site).reached;
}

bool Probes::OnBuggify(const runtime::ProbeSite& site) {
  const ProcessKnobs& knobs = engine_.knobs.process;
  if (knobs.buggify_active_ppm == 0) return false;
  Probe& probe = ProbeOf(site);
  if (!probe.visited) {
    probe.visited = true;
    runtime::Random activation =
        engine_.Stream(absl::StrCat("buggify.active/", probe.name));
    if (activation.Chance(knobs.buggify_active_ppm)) {
      probe.fire_dice =
          engine_.Stream(absl::StrCat("buggify.fire/", probe.name));
    }
  }
  if (!probe.fire_dice.has_value() ||
      !probe.fire_dice->Chance(knobs.buggify_fire_ppm)) {
    return false;
  }
  engine_.chronicle.CountFault(engine_.running_host(),
                               absl::StrCat("buggify/", probe.name), 1);
  return true;
}

std::vector<std::pair<std::string, uint64_t>> Probes::reached() const {
  std::vector<std::pair<std::string, uint64_t>> counts;
  for (const Probe& probe : probes_) {
    if (probe.reachable) counts.emplace_back(probe.name, probe.reached);
  }
  return counts;
}

}  // namespace sim
