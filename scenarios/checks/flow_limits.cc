#include "scenarios/checks/flow_limits.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

size_t TermsIn(const LogMirror& log) {
  size_t terms = 0;
  persist::Term last;
  for (persist::Index i(1); i <= log.last(); ++i) {
    if (log.At(i).term != last) ++terms;
    last = log.At(i).term;
  }
  return terms;
}

}  // namespace

void FlowLimits::OnStep(const CoreStep& step) {
  const raft::Leader* leader = step.leading;
  if (leader == nullptr) return;
  ByNode<Peer>& peers = leaders_[step.life.node];
  if (step.became_leader()) peers = ByNode<Peer>();
  const Told& told = step.told;
  if (told.kind == Told::Kind::kAppendReply) {
    peers[told.from].probed_session = 0;
    CountRejections(step, *leader, peers[told.from]);
    CheckFreed(step, *leader);
    CheckBudget(step, *leader);
  }
  if (told.kind == Told::Kind::kDeadline) {
    for (const auto& [node, progress] : leader->peers) {
      peers[static_cast<uint32_t>(node.value())].probed_session = 0;
    }
  }
  if (!step.effects.sends.empty()) CountProbes(step, *leader, peers);
  if (!step.effects.accepted.empty() || told.kind == Told::Kind::kAppendReply) {
    CheckRoom(step, *leader);
  }
}

void FlowLimits::CheckRoom(const CoreStep& step, const raft::Leader& leader) {
  const raft::CoreOptions& options = step.options;
  // The last message may go beyond by an entry, and an entry may be anything.
  size_t entry_max = options.append_bytes_max;
  for (const persist::Store& store : step.effects.stores) {
    for (const persist::Record& record : store.entries) {
      entry_max = std::max(entry_max, record.payload.size());
    }
  }
  largest_ = std::max(largest_, entry_max);
  bool within =
      leader.uncommitted_bytes <= options.uncommitted_bytes_max + largest_;
  for (const auto& [node, progress] : leader.peers) {
    const raft::Replicating* replicating = progress.replicating();
    if (replicating == nullptr) continue;
    const raft::Window& window = replicating->window;
    within = within && window.messages() <= options.inflight_messages_max &&
             window.bytes() <= options.inflight_bytes_max + largest_;
  }
  if (within) return;
  violations_.Report(
      "flow-limits",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " has ", leader.uncommitted_bytes,
                   " bytes uncommitted, or more in flight than it may"));
}

void FlowLimits::CheckFreed(const CoreStep& step, const raft::Leader& leader) {
  const auto peer = leader.peers.find(raft::NodeId(step.told.from));
  if (peer == leader.peers.end()) return;
  const raft::Progress& progress = peer->second;
  const raft::Replicating* replicating = progress.replicating();
  if (replicating == nullptr || replicating->window.empty() ||
      progress.next != progress.match.Next()) {
    return;
  }
  violations_.Report(
      "window-not-freed",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " takes ", replicating->window.messages(), " messages to n",
                   step.told.from,
                   " for under way; all of them are acknowledged, up to ",
                   progress.match.value()));
}

void FlowLimits::CheckBudget(const CoreStep& step, const raft::Leader& leader) {
  if (step.after.commit < step.log.last() || leader.uncommitted_bytes == 0) {
    return;
  }
  violations_.Report(
      "budget-not-freed",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " takes ", leader.uncommitted_bytes,
                   " bytes for uncommitted; everything is committed, up to ",
                   step.after.commit.value()));
}

void FlowLimits::CountProbes(const CoreStep& step, const raft::Leader& leader,
                             ByNode<Peer>& peers) {
  for (const raft::Send& send : step.effects.sends) {
    if (!std::holds_alternative<raft::AppendRequest>(send.message)) continue;
    const auto progress = leader.peers.find(send.to);
    if (progress == leader.peers.end()) continue;
    if (progress->second.probing() == nullptr) continue;
    Peer& peer = peers[static_cast<uint32_t>(send.to.value())];
    if (peer.probed_session == progress->second.session) {
      violations_.Report(
          "one-probe",
          absl::StrCat(step.life.ToString(), " of term ",
                       step.after.term.value(), " asks n", send.to.value(),
                       " again, without an answer and before its heartbeat"));
    }
    peer.probed_session = progress->second.session;
  }
}

// Only a rejection that moves `next` has been listened to: those of appends
// that were under way behind the first are not.
void FlowLimits::CountRejections(const CoreStep& step,
                                 const raft::Leader& leader, Peer& peer) {
  const Told& told = step.told;
  const auto progress = leader.peers.find(raft::NodeId(told.from));
  if (progress == leader.peers.end()) return;
  const persist::Index before = peer.next;
  peer.next = progress->second.next;
  if (told.yes) peer.rejections = 0;
  if (told.yes || peer.next >= before) return;
  ++peer.rejections;
  constexpr size_t kNeverTooMany = 3;  // Saves counting the terms.
  if (peer.rejections <= kNeverTooMany ||
      peer.rejections <= TermsIn(step.log) + 2) {
    return;
  }
  violations_.Report(
      "probes-to-agree",
      absl::StrCat(step.life.ToString(), " of term ", step.after.term.value(),
                   " has asked n", told.from, " ", peer.rejections,
                   " times where their logs agree; its own has ",
                   TermsIn(step.log), " terms"));
}

}  // namespace scenarios
