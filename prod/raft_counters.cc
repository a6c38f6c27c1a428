#include "prod/raft_counters.h"

#include <variant>

namespace prod {

void RaftCounters::OnStarted(const raft::Core& core, runtime::Instant /*now*/) {
  core_ = &core;
  role_ = core.role();
  term_ = core.term();
}

void RaftCounters::OnEvent(const raft::Core& /*core*/, const raft::Event& event,
                           runtime::Instant /*now*/) {
  if (const auto* propose = std::get_if<raft::Propose>(&event)) {
    proposals.Add(propose->items.size());
  } else if (std::holds_alternative<raft::ReadRequest>(event)) {
    reads.Add();
  }
}

void RaftCounters::OnStep(const raft::Core& core,
                          const raft::Effects& effects) {
  for (const persist::Store& store : effects.stores) {
    if (store.truncate_from.has_value()) truncations.Add();
    entries.Add(store.entries.size());
    for (const persist::Record& record : store.entries) {
      entry_bytes.Add(record.payload.size());
    }
  }
  if (effects.role_changed) OnRoleChanged(core);
}

void RaftCounters::OnRoleChanged(const raft::Core& core) {
  const raft::Role role = core.role();
  const bool anew = role != role_ || core.term() != term_;
  if (anew && role == raft::Role::kPreCandidate) campaigns.Add();
  // One that wins at once, alone in its cluster, stood for election too.
  const bool stood =
      role == raft::Role::kCandidate ||
      (role == raft::Role::kLeader && role_ != raft::Role::kCandidate);
  if (anew && stood) elections.Add();
  if (anew && role == raft::Role::kLeader) leaderships.Add();
  role_ = role;
  term_ = core.term();
  if (core.leader() == raft::NodeId() || core.leader() == leader_) return;
  leader_ = core.leader();
  leader_changes.Add();
}

void RaftCounters::OnSendLeaves(const raft::Core& /*core*/,
                                const raft::Send& /*send*/) {}

void RaftCounters::OnApplied(const raft::Core& /*core*/,
                             std::span<const raft::Command> applied_commands,
                             std::span<const runtime::Bytes> /*results*/,
                             raft::Index /*index*/, uint64_t /*state_hash*/) {
  commands.Add(applied_commands.size());
}

void RaftCounters::OnAnswered(const raft::Core& /*core*/,
                              raft::Ticket /*ticket*/,
                              const raft::Outcome& outcome) {
  switch (outcome.kind) {
    case raft::Outcome::Kind::kApplied:
      // A read that may look now has no index.
      if (outcome.index != raft::Index()) applied.Add();
      break;
    case raft::Outcome::Kind::kRefused:
      refused.Add();
      break;
    case raft::Outcome::Kind::kLost:
      lost.Add();
      break;
    case raft::Outcome::Kind::kUnknown:
      break;
  }
}

void RaftCounters::OnStored(const raft::Core& /*core*/,
                            raft::Sequence /*upto*/) {}
void RaftCounters::OnStorageFailed(const raft::Core& /*core*/) {}

}  // namespace prod
