#include "raft/core/invariants.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

#include "runtime/check.h"

namespace raft {
namespace {

void CheckLog(const Core& core) {
  const Log& log = core.log();
  Term term;
  Index configuration_index;
  for (Index index{1}; index <= log.last_index(); ++index) {
    const Record& record = log.At(index);
    CHECK_EQ(record.index, index, "a log has no gaps");
    CHECK_GE(record.term, term, "terms never decrease along a log");
    term = record.term;
    if (static_cast<EntryKind>(record.kind) == EntryKind::kConfiguration) {
      configuration_index = index;
    }
  }
  CHECK_LE(term, core.term(), "an entry of a term nobody knows");
  // Raft §6: the newest configuration in the log is the one in force.
  CHECK_EQ(log.configuration_index(), configuration_index);
  const absl::StatusOr<Configuration> configuration =
      DecodeConfiguration(log.At(configuration_index).payload.span());
  CHECK(configuration.ok() && *configuration == log.configuration());
}

void CheckPeers(const Core& core, const Leader& leader) {
  const Index last = core.log().last_index();
  for (const auto& [node, peer] : leader.peers) {
    CHECK(node != core.self(), "a leader has no progress of its own");
    CHECK_LT(peer.match, peer.next, "of node ", node.value());
    CHECK_LE(peer.next, last.Next(), "of node ", node.value());
    CHECK_LE(peer.read_round, leader.read_round, "of node ", node.value());
  }
}

void CheckLeader(const Core& core, const Leader& leader) {
  CHECK_EQ(core.vote(), core.self(), "a leader voted for itself");
  CHECK_LE(core.promised_after(), core.durable(),
           "leading in a term that could be forgotten");
  CHECK_EQ(core.log().At(leader.noop_index).term, core.term());
  CHECK(core.log().TermAt(leader.noop_index.Previous()) < core.term(),
        "no entry of a term comes before its no-op");
  uint64_t round = 0;
  for (const Leader::PendingRead& read : leader.reads) {
    CHECK_GE(read.round, round, "reads wait in order");
    CHECK_LE(read.round, leader.read_round + 1);
    round = read.round;
  }
  size_t uncommitted = 0;
  for (Index index = core.commit().Next(); index <= core.log().last_index();
       ++index) {
    uncommitted += core.log().At(index).payload.size();
  }
  CHECK_EQ(leader.uncommitted_bytes, uncommitted);
  CHECK(!leader.transfer.has_value() ||
            leader.peers.contains(leader.transfer->to),
        "the lead goes to a voter");
  CheckPeers(core, leader);
}

}  // namespace

Moment MomentOf(const Core& core) {
  return {.role = core.role(),
          .term = core.term(),
          .vote = core.vote(),
          .commit = core.commit(),
          .applicable = core.applicable(),
          .last = core.log().last_index(),
          .submitted = core.submitted(),
          .durable = core.durable()};
}

void CheckTransition(const Moment& before, const Core& after) {
  CHECK_GE(after.term(), before.term, "terms only grow (Raft §5.1)");
  const bool same_term = after.term() == before.term;
  if (same_term && before.vote != NodeId()) {
    CHECK_EQ(after.vote(), before.vote, "one vote in a term (Raft §5.2)");
  }
  CHECK_GE(after.commit(), before.commit);
  CHECK_GE(after.applicable(), before.applicable);
  CHECK_GE(after.submitted(), before.submitted);
  CHECK_GE(after.durable(), before.durable);
  CHECK_LE(after.durable(), after.submitted());
  CHECK_LE(after.commit(), after.log().last_index());
  CHECK_LE(after.applicable(), after.commit());
  CHECK_LE(after.applicable(), after.durable_index());
  CHECK_LE(after.log().last_term(), after.term());

  const Role role = after.role();
  if (role == Role::kLeader && before.role != Role::kLeader) {
    CHECK_EQ(before.role, Role::kCandidate, "only a candidate can win");
    CHECK(same_term, "a candidate wins the term it stood in");
  }
  if (before.role == Role::kLeader && same_term) {
    CHECK(role == Role::kLeader || role == Role::kFollower,
          "a leader does not stand against itself");
    CHECK_GE(after.log().last_index(), before.last,
             "leaders only append (Raft §5.3)");
  }
}

void CheckInvariants(const Core& core) {
  CheckLog(core);
  CHECK_LE(core.commit(), core.log().last_index());
  CHECK_LE(core.applicable(), core.commit());
  CHECK_LE(core.durable_index(), core.log().last_index());
  CHECK_LE(core.promised_after(), core.submitted());
  if (core.role() == Role::kCandidate) {
    CHECK_EQ(core.vote(), core.self(), "a candidate votes for itself");
  }
  if (const Leader* leader = core.leading()) CheckLeader(core, *leader);
}

}  // namespace raft
