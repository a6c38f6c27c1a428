// Tells the steps of a scenario: each at its time, or after the one before it.
//
// Acts are the nemesis' business; waiting, demanding and the operations of the
// scripted client are done here. Everything happens before anything else of its
// instant, like the acts. A condition that is waited for, or forbidden, is
// looked at every millisecond.
//
// What is not as the scenario says ends the world with a failure: "until",
// "assert", "never", "expect".

#ifndef SCENARIOS_STORYTELLER_H_
#define SCENARIOS_STORYTELLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "net/address.h"
#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/condition_watch.h"
#include "scenarios/history.h"
#include "scenarios/kv_session.h"
#include "scenarios/nemesis.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class Storyteller {
 public:
  static constexpr absl::Duration kLookEvery = absl::Milliseconds(1);
  // The scripted client in the history.
  static constexpr uint32_t kClientNumber = kClientsMax + 1;

  // Adds a host, "script", if the scenario has operations of its own. All must
  // outlive this.
  Storyteller(sim::World& world, Cluster& cluster, const Clients& clients,
              Nemesis& nemesis, const Scenario& scenario, History& history);
  ~Storyteller();

  // Plans all steps that have a time of their own.
  void Start();

  // Steps that were left out because what they waited for did not come.
  uint64_t skipped() const { return skipped_; }

 private:
  using Watch = std::shared_ptr<const ConditionWatch>;

  void Plan(size_t step, absl::Duration at);
  void Play(size_t step);
  void Play(size_t step, const Act& act);
  void Play(size_t step, const Until& until);
  void Play(size_t step, const Assert& demand);
  void Play(size_t step, const Never& never);
  void Play(size_t step, const Operation& asked);
  void Done(size_t step);
  void SkipBehind(size_t step);

  void WaitFor(size_t step, const Watch& watch, absl::Duration deadline);
  void Forbid(size_t step, const Watch& watch, absl::Duration end);
  void Ask(size_t step, const Operation& asked,
           const std::vector<net::Address>& servers, sim::Process& process);
  // The operation under way is given up: its outcome stays unknown.
  void GiveUp();
  void Judge(size_t step, const Operation& asked,
             const KvSession::Outcome& outcome);

  Watch WatchFor(const Condition& condition) const;
  void Fail(size_t step, absl::string_view check, absl::string_view what);
  void After(absl::Duration span, sim::Action action);

  sim::World& world_;
  Cluster& cluster_;
  const Clients& clients_;
  Nemesis& nemesis_;
  const Scenario& scenario_;
  History& history_;
  std::optional<sim::HostId> host_;
  std::optional<size_t> asking_;  // The step whose operation is under way.
  uint64_t skipped_ = 0;
};

// The keys that the steps of a scenario write, in order, each once.
std::vector<std::string> ScriptedKeys(const Scenario& scenario);

}  // namespace scenarios

#endif  // SCENARIOS_STORYTELLER_H_
