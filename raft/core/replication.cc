// How the leader's log becomes everybody's. Raft §5.3 and §5.4.2.

#include <algorithm>
#include <limits>
#include <utility>

#include "raft/core/core.h"
#include "runtime/check.h"
#include "runtime/probe.h"

namespace raft {

// --------------------------------------------------------------- proposing

void Core::On(Turn& turn, Propose& event) {
  if (leading() == nullptr || Leading().transfer.has_value()) {
    // What is appended now the next leader would have to wait for.
    const RefusalReason reason = leading() == nullptr
                                     ? RefusalReason::kNotLeader
                                     : RefusalReason::kHandingOver;
    for (const Propose::Item& item : event.items) {
      turn.out.refused.push_back({item.ticket, reason});
    }
    return;
  }
  Leader& leader = Leading();
  for (Propose::Item& item : event.items) {
    const size_t size = item.payload.size();
    // One entry is always let in, however large.
    if (size > 0 && leader.uncommitted_bytes > 0 &&
        leader.uncommitted_bytes + size > options_.uncommitted_bytes_max) {
      REACHABLE("raft.proposal_refused_busy");
      turn.out.refused.push_back({item.ticket, RefusalReason::kBusy});
      continue;
    }
    const Index index = log_.last_index().Next();
    leader.uncommitted_bytes += size;
    AppendToLog(turn, {.index = index,
                       .term = term_,
                       .kind = static_cast<uint8_t>(EntryKind::kCommand),
                       .payload_crc32c = item.payload_crc32c,
                       .payload = std::move(item.payload)});
    turn.out.accepted.push_back({item.ticket, index, term_});
  }
  ReplicateToAll(turn);
}

// ------------------------------------------------------------ as a follower

void Core::Handle(Turn& turn, Sender from, AppendRequest& request) {
  if (request.term < term_) {
    // Tells an old leader the term it has missed. It may lead that one as well
    // by now: this is of none of its sessions there.
    Answer(turn, from, Sequence(),
           AppendReply{
               .term = term_, .session = 0, .match = request.previous_index});
    return;
  }
  FollowLeader(turn, from, request.term);
  if (!log_.Holds(request.previous_index, request.previous_term)) {
    RefuseAppend(turn, from, request);
    return;
  }
  // Only what this message compares is vouched for: our log may go on with
  // entries that the leader does not have.
  const Index match = request.previous_index + request.entries.size();
  TakeEntries(turn, request);
  AdvanceCommit(turn, std::min(request.commit, match));
  Answer(turn, from, unsynced_.DurableAfter(match),
         AppendReply{.term = term_,
                     .session = request.session,
                     .read_round = request.read_round,
                     .accepted = true,
                     .match = match});
}

void Core::RefuseAppend(Turn& turn, Sender from, const AppendRequest& request) {
  REACHABLE("raft.append_rejected");
  const Index hint =
      log_.LastWithTermAtMost(request.previous_index, request.previous_term);
  Answer(turn, from, Sequence(),
         AppendReply{.term = term_,
                     .session = request.session,
                     .read_round = request.read_round,
                     .accepted = false,
                     .match = request.previous_index,
                     .hint_index = hint,
                     .hint_term = log_.TermAt(hint),
                     .hint_first_index = log_.FirstOfTermAt(hint)});
}

// Requires: the logs agree at previous_index.
void Core::TakeEntries(Turn& turn, AppendRequest& request) {
  size_t known = 0;
  for (; known < request.entries.size(); ++known) {
    const Record& record = request.entries[known];
    CHECK_EQ(record.index, request.previous_index + known + 1,
             "an append has no gaps");
    if (!log_.Holds(record.index, record.term)) break;
  }
  SOMETIMES(known > 0 && known == request.entries.size(),
            "raft.duplicate_append");
  if (known == request.entries.size()) return;
  // Raft §5.3: an entry is removed only when it is proved to conflict. A late
  // or repeated append finds its entries in place and removes nothing.
  const Index first = request.entries[known].index;
  if (first <= log_.last_index()) {
    CHECK_GT(first, commit_, "node ", self_.value(),
             " was told to replace a committed entry in term ", term_.value());
    SOMETIMES(log_.last_term() < term_, "raft.old_leader_truncated");
    StoreOf(turn).truncate_from = first;
    log_.TruncateFrom(first);
    unsynced_.TruncatedFrom(first);
  }
  for (size_t i = known; i < request.entries.size(); ++i) {
    AppendToLog(turn, std::move(request.entries[i]));
  }
}

void Core::Handle(Turn& turn, Sender from, const HeartbeatRequest& request) {
  if (request.term >= term_) {
    FollowLeader(turn, from, request.term);
    AdvanceCommit(turn, request.commit);
  }
  Answer(turn, from, Sequence(),
         HeartbeatReply{
             .term = term_,
             .read_round = request.term == term_ ? request.read_round : 0});
}

// -------------------------------------------------------------- as a leader

// The follower it came from, now known to be there; null unless we lead it.
Progress* Core::Hear(Turn& turn, NodeId from, uint64_t read_round) {
  if (leading() == nullptr) return nullptr;
  const auto found = Leading().peers.find(from);
  if (found == Leading().peers.end()) return nullptr;
  Progress& peer = found->second;
  CHECK_LE(read_round, Leading().read_round, "an echo before the call");
  peer.heard = turn.env.now;
  peer.read_round = std::max(peer.read_round, read_round);
  return &peer;
}

void Core::Handle(Turn& turn, Sender from, const HeartbeatReply& reply) {
  if (reply.term > term_) AdoptTerm(turn, reply.term);
  if (reply.term < term_) return;
  Progress* peer = Hear(turn, from.node, reply.read_round);
  if (peer == nullptr) return;
  ServeReads(turn);
}

void Core::Handle(Turn& turn, Sender from, const AppendReply& reply) {
  if (reply.term > term_) AdoptTerm(turn, reply.term);
  if (reply.term < term_) return;
  Progress* peer = Hear(turn, from.node, reply.read_round);
  if (peer == nullptr) return;
  if (reply.accepted) {
    CHECK_LE(reply.match, log_.last_index(), "node ", from.node.value(),
             " acknowledged what was never sent");
    // A follower does not lose what it has acknowledged in a term, and this log
    // only grows: true in any session. A link that is slower than our patience
    // would else be sent the same for ever.
    SOMETIMES(reply.session != peer->session && reply.match > peer->match,
              "raft.match_of_older_session");
    peer->Acknowledge(reply.match, reply.session, turn.env.now);
    CommitByCounting(turn);
    Replicate(turn, from.node, *peer);
    TellTarget(turn);
  } else if (reply.session == peer->session) {
    TakeRejection(*peer, reply);
    Replicate(turn, from.node, *peer);
  } else {
    REACHABLE("raft.stale_session");
  }
  ServeReads(turn);
}

// Moves `next` to the last place where the two logs may still agree. A
// rejection never moves `match`.
void Core::TakeRejection(Progress& peer, const AppendReply& reply) {
  const Index refused = reply.match;
  if (refused <= peer.match) return;
  if (peer.probing() != nullptr && refused != peer.next.Previous()) return;
  // Both sides skip whole terms: the follower has skipped those of its own
  // that are newer than ours was, we skip those of ours newer than its.
  const Index below = std::min(reply.hint_index, refused.Previous());
  Index agree = log_.LastWithTermAtMost(below, reply.hint_term);
  if (log_.TermAt(agree) != reply.hint_term &&
      reply.hint_first_index > Index()) {
    agree = std::min(agree, reply.hint_first_index.Previous());
  }
  if (peer.probing() != nullptr) {
    peer.next = std::max(agree, peer.match).Next();
    peer.state = Probing{};
  } else {
    peer.Probe(agree.Next());
  }
}

bool Core::WindowFull(const Window& window) const {
  const size_t messages_max =
      BUGGIFY("raft.tiny_window") ? 1 : options_.inflight_messages_max;
  return window.messages() >= messages_max ||
         window.bytes() >= options_.inflight_bytes_max;
}

// Sends `peer` what it may be sent.
void Core::Replicate(Turn& turn, NodeId to, Progress& peer) {
  if (Probing* probing = peer.probing()) {
    if (probing->outstanding) return;
    probing->outstanding = true;
    SendAppend(turn, to, peer, 0);
    return;
  }
  while (peer.next <= log_.last_index() &&
         !WindowFull(peer.replicating()->window)) {
    const size_t entries_max =
        BUGGIFY("raft.tiny_append") ? 1 : std::numeric_limits<size_t>::max();
    SendAppend(turn, to, peer, entries_max);
  }
}

void Core::ReplicateToAll(Turn& turn) {
  for (auto& [node, peer] : Leading().peers) Replicate(turn, node, peer);
}

void Core::SendAppend(Turn& turn, NodeId to, Progress& peer,
                      size_t entries_max) {
  const Index previous = peer.next.Previous();
  AppendRequest request{.term = term_,
                        .session = peer.session,
                        .previous_index = previous,
                        .previous_term = log_.TermAt(previous),
                        .commit = commit_,
                        .read_round = Leading().read_round,
                        .entries = {}};
  if (entries_max > 0) {
    const size_t bytes = log_.CopyTo(request.entries, peer.next, entries_max,
                                     options_.append_bytes_max);
    peer.next = peer.next + request.entries.size();
    peer.replicating()->window.Add(peer.next.Previous(), bytes, turn.env.now);
  }
  // Not held back by our own disk: it counts as one of the majority only.
  Post(turn, to, Sequence(), std::move(request));
}

void Core::SendHeartbeats(Turn& turn) {
  for (const auto& [node, peer] : Leading().peers) {
    // Nothing is compared by a heartbeat, so it speaks only of what is known
    // to be in the follower's log.
    Post(turn, node, Sequence(),
         HeartbeatRequest{.term = term_,
                          .commit = std::min(commit_, peer.match),
                          .read_round = Leading().read_round});
  }
}

// Once per heartbeat interval.
void Core::KeepFollowers(Turn& turn) {
  Leader& leader = Leading();
  leader.heartbeat_due = turn.env.now + options_.heartbeat_interval;
  // A round that got lost must not hold up the reads behind it.
  if (ReadsWaitForNextRound()) ++leader.read_round;
  SendHeartbeats(turn);
  for (auto& [node, peer] : leader.peers) Keep(turn, node, peer);
  ServeReads(turn);
}

void Core::Keep(Turn& turn, NodeId to, Progress& peer) {
  if (Probing* probing = peer.probing()) {
    probing->outstanding = false;  // Lost, for all we know: ask again.
    Replicate(turn, to, peer);
    return;
  }
  const Window& window = peer.replicating()->window;
  if (!window.empty() &&
      turn.env.now - window.waiting_since() >= options_.election_timeout_max) {
    REACHABLE("raft.append_unanswered");
    peer.Probe(peer.match.Next());
    Replicate(turn, to, peer);
  } else if (peer.next <= log_.last_index()) {
    // The window is full. Should all of it be lost, this finds out early.
    REACHABLE("raft.window_full");
    SendAppend(turn, to, peer, 0);
  }
}

// Raft §5.3, §5.4.2: committed is what a majority has durably, up to an entry
// of this term; older ones are committed by what follows them.
void Core::CommitByCounting(Turn& turn) {
  const Leader& leader = Leading();
  const Index held(
      QuorumValue(configuration().voter_sets(), [&](NodeId voter) -> uint64_t {
        if (voter == self_) return unsynced_.durable_index().value();
        const auto peer = leader.peers.find(voter);
        return peer != leader.peers.end() ? peer->second.match.value() : 0;
      }));
  if (held <= commit_) return;
  if (log_.TermAt(held) != term_) {
    REACHABLE("raft.figure8_old_term_not_committed");
    return;
  }
  AdvanceCommit(turn, held);
  runtime::Note("raft.commit", {{"node", self_},
                                {"group", group_},
                                {"term", term_},
                                {"index", commit_}});
  ServeReads(turn);
}

}  // namespace raft
