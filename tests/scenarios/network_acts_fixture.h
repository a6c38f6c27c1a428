// Nodes and clients that nobody has booted, and acts that strike them: which
// links they cut or clog.

#ifndef TESTS_SCENARIOS_NETWORK_ACTS_FIXTURE_H_
#define TESTS_SCENARIOS_NETWORK_ACTS_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/history.h"
#include "scenarios/nemesis.h"
#include "scenarios/scenario_file.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace scenarios {

inline Scenario Parse(absl::string_view text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "test.yaml");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

// Five nodes and two clients that nobody has booted, and one act at 1 s.
class NetworkActsTest : public testing::Test {
 protected:
  using Link = std::pair<uint32_t, uint32_t>;

  void Begin(absl::string_view act, uint64_t seed = 1, int nodes = 5) {
    nemesis_.reset();
    clients_.reset();
    cluster_.reset();
    world_.reset();
    scenario_ =
        Parse(absl::StrCat("name: x\ncluster: {nodes: ", nodes,
                           "}\nphases: {warm_up: 0s, chaos: 60s, quiet: 10s}\n"
                           "workload: {clients: 2}\nsteps:\n  - {at: 1s, ",
                           act, "}\n"));
    world_ = std::make_unique<sim::World>(sim::WorldOptions{
        .seed = seed, .knobs = {}, .tape = nullptr, .trace = trace_});
    cluster_ = std::make_unique<Cluster>(*world_, scenario_.cluster);
    clients_ = std::make_unique<Clients>(*world_, *cluster_, scenario_.workload,
                                         history_);
    nemesis_ = std::make_unique<Nemesis>(*world_, *cluster_, scenario_,
                                         std::vector<KnobSetting>{},
                                         std::vector<uint32_t>{});
    nemesis_->Start();
    for (const Step& step : scenario_.steps) {
      world_->At(absl::ToInt64Nanoseconds(step.at), sim::EventClass::kFault,
                 [this, &step] {
                   nemesis_->StrikeNow(std::get<Act>(step.deed), step.lasts,
                                       step.name, step.said);
                 });
    }
  }

  void RunTo(absl::Duration time) {
    world_->RunUntil(absl::ToInt64Nanoseconds(time));
  }

  // Hosts 0..4 are n1..n5, 5 and 6 are the clients.
  bool IsCut(uint32_t from, uint32_t to) const {
    return world_->network().IsCut(from, to);
  }
  bool IsClogged(uint32_t from, uint32_t to) const {
    return world_->network().IsClogged(from, to);
  }
  std::set<Link> Cuts() const { return Those(&sim::SimNetwork::IsCut); }
  std::set<Link> Clogs() const { return Those(&sim::SimNetwork::IsClogged); }
  std::set<Link> Those(bool (sim::SimNetwork::*is)(sim::HostId, sim::HostId)
                           const) const {
    std::set<Link> links;
    const auto hosts = static_cast<uint32_t>(world_->host_count());
    for (uint32_t a = 0; a < hosts; ++a) {
      for (uint32_t b = 0; b < hosts; ++b) {
        if ((world_->network().*is)(a, b)) links.emplace(a, b);
      }
    }
    return links;
  }

  uint64_t Count(absl::string_view fault) const {
    for (const auto& [kind, count] : world_->fault_counts().by_kind) {
      if (kind == fault) return count;
    }
    return 0;
  }

  sim::TraceSink* trace_ = nullptr;  // Of the worlds that begin from now on.
  Scenario scenario_;
  History history_;
  std::unique_ptr<sim::World> world_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<Nemesis> nemesis_;
};

}  // namespace scenarios

#endif  // TESTS_SCENARIOS_NETWORK_ACTS_FIXTURE_H_
