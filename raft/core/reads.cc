// Reads that do not go through the log. Raft §8, thesis §6.4.
//
// The leader notes what is committed when a read is asked for, and then makes
// sure that it was still the leader after that: a round of heartbeats that is
// sent later than the question and echoed by a quorum proves it, since nobody
// who echoes has gone on to another term.
//
// Rounds are numbered by the leader, within its term. A read that arrives while
// a round is under way waits for the next one: the one under way was sent too
// early for it.

#include <algorithm>

#include "raft/core/core.h"
#include "runtime/probe.h"

namespace raft {

void Core::On(Turn& turn, const ReadRequest& event) {
  if (leading() == nullptr) {
    turn.out.refused.push_back({event.ticket, RefusalReason::kNotLeader});
    return;
  }
  Leader& leader = Leading();
  leader.reads.push_back({.ticket = event.ticket,
                          .round = leader.read_round + 1,
                          .index = std::max(commit_, leader.noop_index)});
  ServeReads(turn);
}

bool Core::ReadsWaitForNextRound() const {
  const Leader& leader = *leading();
  return !leader.reads.empty() && leader.reads.back().round > leader.read_round;
}

// The last round that a quorum has echoed.
uint64_t Core::ConfirmedRound() const {
  const Leader& leader = *leading();
  return QuorumValue(
      configuration().voter_sets(), [&](NodeId voter) -> uint64_t {
        if (voter == self_) return leader.read_round;
        const auto peer = leader.peers.find(voter);
        return peer != leader.peers.end() ? peer->second.read_round : 0;
      });
}

void Core::ServeReads(Turn& turn) {
  if (Leading().reads.empty()) return;
  ReleaseReads(turn);
  // One round at a time: all that arrive meanwhile share the next one.
  if (!ReadsWaitForNextRound() || ConfirmedRound() < Leading().read_round) {
    return;
  }
  ++Leading().read_round;
  SendHeartbeats(turn);
  ReleaseReads(turn);  // A group of one has its quorum already.
}

void Core::ReleaseReads(Turn& turn) {
  Leader& leader = Leading();
  // Before its no-op is committed a leader does not know what was committed
  // before it (thesis §6.4, step 1).
  SOMETIMES(commit_ < leader.noop_index, "raft.read_waits_for_noop");
  if (commit_ < leader.noop_index) return;
  const uint64_t confirmed = ConfirmedRound();
  const auto waiting = std::find_if(
      leader.reads.begin(), leader.reads.end(),
      [&](const Leader::PendingRead& read) { return read.round > confirmed; });
  for (auto read = leader.reads.begin(); read != waiting; ++read) {
    turn.out.reads.push_back({read->ticket, read->index});
  }
  leader.reads.erase(leader.reads.begin(), waiting);
}

void Core::RefuseReads(Turn& turn) {
  Leader& leader = Leading();
  SOMETIMES(!leader.reads.empty(), "raft.reads_lost_lead");
  for (const Leader::PendingRead& read : leader.reads) {
    turn.out.refused.push_back({read.ticket, RefusalReason::kLostLead});
  }
  leader.reads.clear();
}

}  // namespace raft
