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

#include "persist/stores_under_way.h"
#include "raft/node.h"
#include "scenarios/checks/answers.h"
#include "scenarios/checks/append_answers.h"
#include "scenarios/checks/apply_order.h"
#include "scenarios/checks/campaign_timer.h"
#include "scenarios/checks/commit_progress.h"
#include "scenarios/checks/commit_quorum.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/election_quorum.h"
#include "scenarios/checks/election_safety.h"
#include "scenarios/checks/entry_origin.h"
#include "scenarios/checks/exactly_once.h"
#include "scenarios/checks/flow_limits.h"
#include "scenarios/checks/follower_commit.h"
#include "scenarios/checks/hand_over.h"
#include "scenarios/checks/incarnations.h"
#include "scenarios/checks/leader_append_only.h"
#include "scenarios/checks/leader_completeness.h"
#include "scenarios/checks/leader_contact.h"
#include "scenarios/checks/leader_match.h"
#include "scenarios/checks/leader_stickiness.h"
#include "scenarios/checks/log_matching.h"
#include "scenarios/checks/log_order.h"
#include "scenarios/checks/memory_and_disk.h"
#include "scenarios/checks/pre_vote_harmless.h"
#include "scenarios/checks/promise_ledger.h"
#include "scenarios/checks/quorum_retention.h"
#include "scenarios/checks/role_transitions.h"
#include "scenarios/checks/state_machine_safety.h"
#include "scenarios/checks/steady_leader.h"
#include "scenarios/checks/store_stream.h"
#include "scenarios/checks/truncation.h"
#include "scenarios/checks/violations.h"
#include "scenarios/checks/vote_justified.h"
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
  // `shadows` are the disks of n1, n2, ...; so much may be under way to each.
  // `violations` must outlive this.
  SafetyChecks(Violations& violations, std::vector<ShadowReader> shadows,
               persist::StoreLimits store_limits = {});
  ~SafetyChecks();

  // A new life of node 1..N begins: its observer, which lives as long as this.
  raft::NodeObserver* Begin(uint32_t node, uint64_t boot);
  // The life has ended: nothing may be heard of it any more.
  void End(uint32_t node);

  // Takes in what the disk of the node has now, before it is lost.
  void CatchUpWithDisk(uint32_t node) { disks_[node - 1]->Update(); }
  // Whether any life of the node has ever started: others may have heard of it.
  bool EverStarted(uint32_t node) const { return ever_started_[node - 1]; }
  // Everything has healed, and all are to follow one leader from now on.
  void BeginQuiet() { steady_.BeginQuiet(); }
  // Nothing happens any more.
  void OnEndOfRun();

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
  const persist::StoreLimits store_limits_;
  // n1 is at 0.
  Disks disks_;
  std::vector<Observer*> running_;
  std::vector<bool> ever_started_;
  // All lives: handles of the dead may still point at theirs.
  std::vector<std::unique_ptr<Observer>> lives_;

  void TakeLeader(uint32_t node, persist::Term term);

  // Of the leader of the highest term so far.
  persist::Term newest_leader_term_;
  uint32_t newest_leader_ = 0;
  uint32_t old_leader_ = 0;

  // What others are held against.
  CommittedLog committed_;
  ElectionSafety elections_;
  // Terms, votes, leaders.
  Votes votes_;
  VoteJustified justified_;
  LeaderStickiness stickiness_;
  PreVoteHarmless pre_votes_;
  CampaignTimer timers_;
  ElectionQuorum election_quorums_;
  RoleTransitions roles_;
  Incarnations incarnations_;
  LeaderContact contacts_;
  SteadyLeader steady_;
  HandOver hand_overs_;
  // Logs.
  LogOrder order_;
  LogMatching matching_;
  EntryOrigin origins_;
  LeaderAppendOnly append_only_;
  Truncation truncation_;
  AppendAnswers append_answers_;
  // Commit, and what is applied.
  LeaderCompleteness completeness_;
  CommitQuorum commit_quorums_;
  CommitProgress commit_progress_;
  QuorumRetention retention_;
  FollowerCommit follower_commit_;
  LeaderMatch matches_;
  FlowLimits flow_;
  ApplyOrder applies_;
  StateMachineSafety machines_;
  ExactlyOnce once_;
  // Disks.
  PromiseLedger promises_;
  MemoryAndDisk memory_;
  StoreStream streams_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_SAFETY_CHECKS_H_
