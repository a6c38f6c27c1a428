// What the protocol does, counted: the observer of a real node.
//
// Lives on the network runtime; any thread may read the counters.

#ifndef PROD_RAFT_COUNTERS_H_
#define PROD_RAFT_COUNTERS_H_

#include "prod/counters.h"
#include "raft/node.h"

namespace prod {

class RaftCounters final : public raft::NodeObserver {
 public:
  // ---- any thread
  Counter campaigns;       // Asked whether an election would succeed.
  Counter elections;       // Stood for election in a new term.
  Counter leaderships;     // Won.
  Counter leader_changes;  // Another leader, or the first one, became known.
  Counter proposals;       // Commands handed to the protocol.
  Counter reads;           // Linearizable ones that asked the protocol.
  Counter applied;         // What became of the commands proposed here.
  Counter refused;
  Counter lost;
  Counter entries;      // Appended to the own log, also by leaders of others.
  Counter entry_bytes;  // Their payloads.
  Counter truncations;  // Of the own log.
  Counter commands;     // Applied to the keyspace.

  // ---- the network runtime
  // Null until the node has started. Valid as long as the node lives.
  const raft::Core* core() const { return core_; }

  void OnStarted(const raft::Core& core, runtime::Instant now) override;
  void OnEvent(const raft::Core& core, const raft::Event& event,
               runtime::Instant now) override;
  void OnStep(const raft::Core& core, const raft::Effects& effects) override;
  void OnSendLeaves(const raft::Core& core, const raft::Send& send) override;
  void OnApplied(const raft::Core& core,
                 std::span<const raft::Command> applied_commands,
                 std::span<const runtime::Bytes> results, raft::Index index,
                 uint64_t state_hash) override;
  void OnAnswered(const raft::Core& core, raft::Ticket ticket,
                  const raft::Outcome& outcome) override;
  void OnStored(const raft::Core& core, raft::Sequence upto) override;
  void OnStorageFailed(const raft::Core& core) override;

 private:
  void OnRoleChanged(const raft::Core& core);

  const raft::Core* core_ = nullptr;
  raft::Role role_ = raft::Role::kFollower;
  raft::Term term_;
  raft::NodeId leader_;  // The last one that was known.
};

}  // namespace prod

#endif  // PROD_RAFT_COUNTERS_H_
