// The end of a run: everything has healed, and the cluster must prove that it
// works. Within the demanded times it has a leader whom a majority follows, and
// takes a new write; then the clients stop, every key is read (which goes into
// the history: acknowledged writes must have survived), and in the end all
// nodes have applied the same log to the same state.
//
// A node that damage keeps down need not be there, and if those that are left
// are no quorum nothing is demanded of them: what was damaged proves either
// (damage_ledger.h).
//
// What is not met ends the world with a failure: "liveness-leader",
// "liveness-write", "liveness-read", "convergence".

#ifndef SCENARIOS_QUIET_END_H_
#define SCENARIOS_QUIET_END_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "net/address.h"
#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/history.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class QuietEnd {
 public:
  // Adds a host, "c0". All must outlive this.
  QuietEnd(sim::World& world, Cluster& cluster, Clients& clients,
           const Scenario& scenario, History& history);
  ~QuietEnd();

  // Plans all of it.
  void Start();
  // To be asked when the time is over and nothing has failed.
  void CheckConvergence();

  // From the beginning of the quiet phase; nullopt: never.
  std::optional<absl::Duration> leader_after() const { return leader_after_; }
  std::optional<absl::Duration> write_after() const { return write_after_; }

 private:
  static constexpr absl::Duration kPollInterval = absl::Milliseconds(10);

  void PollForLeader();
  void DemandLeader();
  void StartProbe();
  void DemandWrite();
  void StartFinalReads();
  void DemandReads();
  absl::Duration SinceQuiet() const;

  sim::World& world_;
  Cluster& cluster_;
  Clients& clients_;
  const Scenario& scenario_;
  History& history_;
  sim::HostId host_;
  std::vector<net::Address> servers_;
  std::optional<absl::Duration> leader_after_;
  std::optional<absl::Duration> write_after_;
  size_t keys_read_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_QUIET_END_H_
