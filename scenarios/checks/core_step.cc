#include "scenarios/checks/core_step.h"

#include <variant>

namespace scenarios {
namespace {

using Kind = Told::Kind;

template <class Request>
void TellVote(const Request& request, Told& told) {
  told.last = request.last_index;
  told.last_term = request.last_term;
}

void Tell(const raft::PreVoteRequest& request, const LogMirror&, Told& told) {
  told.kind = Kind::kPreVoteRequest;
  told.term = request.campaign_term;
  TellVote(request, told);
}

void Tell(const raft::PreVoteReply& reply, const LogMirror&, Told& told) {
  told.kind = Kind::kPreVoteReply;
  told.term = reply.campaign_term;
  told.own_term = reply.term;
  told.yes = reply.granted;
}

void Tell(const raft::VoteRequest& request, const LogMirror&, Told& told) {
  told.kind = Kind::kVoteRequest;
  told.term = request.term;
  told.yes = request.by_leader;
  TellVote(request, told);
}

void Tell(const raft::VoteReply& reply, const LogMirror&, Told& told) {
  told.kind = Kind::kVoteReply;
  told.term = reply.term;
  told.yes = reply.granted;
}

void Tell(const raft::AppendRequest& request, const LogMirror& log,
          Told& told) {
  told.kind = Kind::kAppendRequest;
  told.term = request.term;
  told.session = request.session;
  told.read_round = request.read_round;
  told.commit = request.commit;
  told.previous = request.previous_index;
  told.previous_term = request.previous_term;
  told.last = request.previous_index + request.entries.size();
  told.last_term = request.entries.empty() ? request.previous_term
                                           : request.entries.back().term;
  for (const persist::Record& record : request.entries) {
    if (!log.Has(record.index)) break;
    if (log.At(record.index).term == record.term) continue;
    told.conflict = record.index;
    break;
  }
}

void Tell(const raft::AppendReply& reply, const LogMirror&, Told& told) {
  told.kind = Kind::kAppendReply;
  told.term = reply.term;
  told.session = reply.session;
  told.read_round = reply.read_round;
  told.yes = reply.accepted;
  told.last = reply.match;
}

void Tell(const raft::HeartbeatRequest& request, const LogMirror&, Told& told) {
  told.kind = Kind::kHeartbeatRequest;
  told.term = request.term;
  told.read_round = request.read_round;
  told.commit = request.commit;
}

void Tell(const raft::HeartbeatReply& reply, const LogMirror&, Told& told) {
  told.kind = Kind::kHeartbeatReply;
  told.term = reply.term;
  told.read_round = reply.read_round;
}

void Tell(const raft::TimeoutNow& message, const LogMirror&, Told& told) {
  told.kind = Kind::kTimeoutNow;
  told.term = message.term;
  told.last = message.last_index;
}

void Tell(const raft::TransferLead& transfer, const LogMirror&, Told& told) {
  told.kind = Kind::kTransferLead;
  told.ticket = transfer.ticket;
}

void Tell(const raft::DeadlineReached&, const LogMirror&, Told& told) {
  told.kind = Kind::kDeadline;
}

void Tell(const raft::Inbound& inbound, const LogMirror& log, Told& told) {
  told.from = static_cast<uint32_t>(inbound.from.value());
  told.incarnation = inbound.incarnation;
  std::visit([&](const auto& message) { Tell(message, log, told); },
             inbound.message);
}

void Tell(const raft::Propose&, const LogMirror&, Told& told) {
  told.kind = Kind::kPropose;
}

void Tell(const raft::ReadRequest& request, const LogMirror&, Told& told) {
  told.kind = Kind::kReadRequest;
  told.ticket = request.ticket;
}

void Tell(const raft::Durable& durable, const LogMirror&, Told& told) {
  told.kind = Kind::kDurable;
  told.durable = durable.upto;
}

void Tell(const raft::PeerLost& lost, const LogMirror&, Told& told) {
  told.kind = Kind::kPeerLost;
  told.from = static_cast<uint32_t>(lost.peer.value());
  told.yes = !lost.only_bulk;
}

}  // namespace

Told TellOf(const raft::Event& event, const LogMirror& log,
            runtime::Instant now) {
  Told told;
  told.now = now;
  std::visit([&](const auto& body) { Tell(body, log, told); }, event);
  return told;
}

}  // namespace scenarios
