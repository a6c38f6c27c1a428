// What a run must bring in the end, of some of its nodes: all of them when
// everything has healed, or a core that has. Within the demanded times they
// have a leader whom a majority follows, and take a new write; then the clients
// stop, every key is read (which goes into the history: acknowledged writes
// must have survived), and in the end all of them have applied, to the same
// state, what was committed half a second before. (What a leader commits by
// itself in the last moment, as when keys expire, the others need not know
// yet.)
//
// A node that damage keeps down need not be there, and if those that are left
// are no quorum nothing is demanded of them: what was damaged proves either
// (damage_ledger.h).
//
// What is not met ends the world with a failure: "liveness-leader",
// "liveness-write", "liveness-read", "convergence"; of a core
// "liveness-core-leader", "core-convergence" and so on.

#ifndef SCENARIOS_FINAL_DEMANDS_H_
#define SCENARIOS_FINAL_DEMANDS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "persist/record.h"
#include "scenarios/clients.h"
#include "scenarios/cluster.h"
#include "scenarios/history.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class FinalDemands {
 public:
  // Why a demand need not be met; nullopt: it must.
  using Excuse = std::function<std::optional<std::string>()>;

  // Adds a host, "c0". All must outlive this.
  FinalDemands(sim::World& world, Cluster& cluster, Clients& clients,
               const Scenario& scenario, History& history);
  ~FinalDemands();

  // Plans all of it, for the nodes of a core, or for all nodes if `core` is
  // empty. An unmet demand is no failure when damage has left no quorum, or
  // when `excuse`, which may be null, then has a reason; after that, all that
  // is asked is that who is not lost runs.
  void Start(std::vector<uint32_t> core, Excuse excuse);
  // To be asked when the time is over and nothing has failed.
  void CheckConvergence();

  // From the beginning of the quiet phase; nullopt: never.
  std::optional<absl::Duration> leader_after() const { return leader_after_; }
  std::optional<absl::Duration> write_after() const { return write_after_; }
  // The reason that was accepted, or empty.
  const std::string& excused() const { return excused_; }

 private:
  static constexpr absl::Duration kPollInterval = absl::Milliseconds(10);

  void PollForLeader();
  void DemandLeader();
  void StartProbe();
  void DemandWrite();
  void StartFinalReads();
  void BeginCatchUp();
  void DemandReads();
  bool Excused();
  // Not met: a failure, unless there is an excuse.
  void Unmet(absl::string_view check, absl::string_view evidence);
  absl::Duration SinceQuiet() const;

  sim::World& world_;
  Cluster& cluster_;
  Clients& clients_;
  const Scenario& scenario_;
  History& history_;
  sim::HostId host_;
  std::vector<net::Address> servers_;
  std::vector<uint32_t> nodes_;  // Of whom it is demanded.
  bool of_core_ = false;
  Excuse excuse_;
  std::string excused_;
  std::optional<absl::Duration> leader_after_;
  std::optional<absl::Duration> write_after_;
  size_t keys_read_ = 0;
  persist::Index due_;  // All must have applied it in the end.
};

}  // namespace scenarios

#endif  // SCENARIOS_FINAL_DEMANDS_H_
