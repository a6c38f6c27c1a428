// All safety checks of one cluster, fed by what its nodes do.
//
// Each life of each node gets an observer (raft/node.h); what it sees is
// translated into the events of the single checks. A dead process that still
// does something is a failure of the simulator itself and reported as such.

#ifndef SCENARIOS_CHECKS_SAFETY_CHECKS_H_
#define SCENARIOS_CHECKS_SAFETY_CHECKS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "raft/node.h"
#include "scenarios/checks/commit_quorum.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/election_safety.h"
#include "scenarios/checks/leader_completeness.h"
#include "scenarios/checks/log_matching.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/promise_ledger.h"
#include "scenarios/checks/state_machine_safety.h"
#include "scenarios/checks/violations.h"
#include "scenarios/checks/votes.h"

namespace scenarios {

// A node as the outside may know it; for drivers that aim at roles.
struct NodeView {
  raft::Role role = raft::Role::kFollower;
  persist::Term term;
  raft::NodeId leader;  // 0: not known.
  persist::Index commit;
  persist::Index last;
  persist::Index applied;
  uint64_t state_hash = 0;  // After `applied`.
};

class SafetyChecks {
 public:
  // `shadows` are the disks of n1, n2, ...; `violations` must outlive this.
  SafetyChecks(Violations& violations, std::vector<ShadowReader> shadows);
  ~SafetyChecks();

  // A new life of node 1..N begins: its observer, which lives as long as this.
  raft::NodeObserver* Begin(uint32_t node, uint64_t boot);
  // The life has ended: nothing may be heard of it any more.
  void End(uint32_t node);

  // Takes in what the disk of the node has now, before it is lost.
  void CatchUpWithDisk(uint32_t node) { disks_[node - 1]->Update(); }
  // Whether any life of the node has ever started: others may have heard of it.
  bool EverStarted(uint32_t node) const { return ever_started_[node - 1]; }

  // Of the life that runs; null if none does or it has not started yet.
  const NodeView* View(uint32_t node) const;

  // How far the disk of the node, read anew, holds the committed log.
  persist::Index DurablyCommitted(uint32_t node);

  // The node that led before the newest leader; 0 if none did.
  uint32_t old_leader() const { return old_leader_; }
  size_t terms_with_leader() const { return elections_.terms_with_leader(); }
  persist::Index committed() const { return committed_.last(); }
  uint64_t promises() const { return promises_.promises(); }

 private:
  class Observer;

  Violations& violations_;
  // n1 is at 0.
  std::vector<std::unique_ptr<DurableState>> disks_;
  std::vector<Observer*> running_;
  std::vector<bool> ever_started_;
  // All lives: handles of the dead may still point at theirs.
  std::vector<std::unique_ptr<Observer>> lives_;

  // Of the leader of the highest term so far.
  persist::Term newest_leader_term_;
  uint32_t newest_leader_ = 0;
  uint32_t old_leader_ = 0;

  ElectionSafety elections_;
  Votes votes_;
  LogMatching matching_;
  CommittedLog committed_;
  LeaderCompleteness completeness_;
  StateMachineSafety machines_;
  PromiseLedger promises_;
  CommitQuorum quorums_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_SAFETY_CHECKS_H_
