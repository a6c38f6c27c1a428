// How a leader hands over. Thesis §3.10.
//
// It takes no more proposals, lets the target catch up, and tells it to stand
// for election at once: without asking first, and with a request for votes that
// nobody refuses for loyalty. The old leader hears of the new term and follows.
// If that does not come about within an election timeout it leads on.

#include <optional>

#include "raft/core/core.h"
#include "runtime/probe.h"

namespace raft {

void Core::On(Turn& turn, const TransferLead& event) {
  const auto refuse = [&](TransferEnd end) {
    turn.out.transfers.push_back({event.ticket, end});
  };
  if (leading() == nullptr) return refuse(TransferEnd::kNotLeader);
  if (Leading().transfer.has_value()) return refuse(TransferEnd::kUnderWay);
  const NodeId to = event.to == NodeId() ? BestTarget(turn.env) : event.to;
  const auto peer = Leading().peers.find(to);
  if (peer == Leading().peers.end()) return refuse(TransferEnd::kNoTarget);
  Leading().transfer =
      Leader::Transfer{.ticket = event.ticket,
                       .to = to,
                       .ends = turn.env.now + options_.election_timeout_max};
  SOMETIMES(peer->second.match < log_.last_index(),
            "raft.transfer_waits_for_target");
  TellTarget(turn);
}

// Whoever answered lately, and of those who lacks least.
NodeId Core::BestTarget(const Env& env) const {
  NodeId best;
  Index best_match;
  for (const auto& [node, peer] : leading()->peers) {
    const bool there = env.now - peer.heard <= options_.election_timeout_min;
    if (!there || (best != NodeId() && peer.match <= best_match)) continue;
    best = node;
    best_match = peer.match;
  }
  return best;
}

// With every heartbeat: what was said may be lost.
void Core::KeepTransfer(Turn& turn) {
  std::optional<Leader::Transfer>& transfer = Leading().transfer;
  if (!transfer.has_value()) return;
  if (turn.env.now >= transfer->ends) {
    REACHABLE("raft.transfer_given_up");
    EndTransfer(turn, TransferEnd::kTooLate);
    return;
  }
  transfer->told = false;
  Progress& peer = Leading().peers.at(transfer->to);
  const bool all_sent =
      peer.replicating() != nullptr && peer.next > log_.last_index();
  // It has all, or something of it got lost: there is no time to wait and see.
  if (all_sent && peer.match < log_.last_index()) {
    SendAppend(turn, transfer->to, peer, 0);
  }
  TellTarget(turn);
}

void Core::TellTarget(Turn& turn) {
  std::optional<Leader::Transfer>& transfer = Leading().transfer;
  if (!transfer.has_value() || transfer->told) return;
  if (Leading().peers.at(transfer->to).match < log_.last_index()) return;
  transfer->told = true;
  Post(turn, transfer->to, Sequence(),
       TimeoutNow{.term = term_, .last_index = log_.last_index()});
}

void Core::EndTransfer(Turn& turn, TransferEnd end) {
  turn.out.transfers.push_back({Leading().transfer->ticket, end});
  Leading().transfer.reset();
}

void Core::Handle(Turn& turn, Sender from, const TimeoutNow& message) {
  // Of the leader that we know, and not of a transfer that it has given up.
  if (leading() != nullptr || message.term != term_ ||
      term_leader_ != from.node || message.last_index != log_.last_index()) {
    REACHABLE("raft.timeout_now_too_late");
    return;
  }
  StartElection(turn, true);
}

}  // namespace raft
