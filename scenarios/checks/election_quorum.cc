#include "scenarios/checks/election_quorum.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {

void ElectionQuorum::OnSendLeaves(const NodeLife& life,
                                  const raft::Send& send) {
  if (const auto* vote = std::get_if<raft::VoteReply>(&send.message)) {
    OnVoteLeaves(life, send, *vote);
  } else if (const auto* yes = std::get_if<raft::PreVoteReply>(&send.message)) {
    OnConsentLeaves(life, send, *yes);
  }
}

void ElectionQuorum::OnConsentLeaves(const NodeLife& life,
                                     const raft::Send& send,
                                     const raft::PreVoteReply& reply) {
  Question& asked = questions_[static_cast<uint32_t>(send.to.value())];
  if (!reply.granted || reply.question != asked.number ||
      reply.campaign_term != asked.term || send.echo != asked.asker ||
      std::find(asked.yes.begin(), asked.yes.end(), life.node) !=
          asked.yes.end()) {
    return;
  }
  asked.yes.push_back(life.node);
}

void ElectionQuorum::OnStep(const CoreStep& step, DurableState& disk) {
  Question& asked = questions_[step.life.node];
  for (const raft::Send& send : step.effects.sends) {
    const auto* request = std::get_if<raft::PreVoteRequest>(&send.message);
    if (request == nullptr) continue;
    disk.Update();
    asked = {.number = request->question,
             .term = request->campaign_term,
             .asker = disk.incarnation(),
             .yes = {}};
    break;
  }
  // One whom the leader has called stands already when an answer comes late.
  const bool stands = step.before.role == raft::Role::kPreCandidate &&
                      step.after.role == raft::Role::kCandidate &&
                      step.told.kind == Told::Kind::kPreVoteReply;
  if (!stands || 2 * (asked.yes.size() + 1) > nodes_) return;
  violations_.Report("stands-by-quorum",
                     absl::StrCat(step.life.ToString(), " stands for term ",
                                  step.after.term.value(), " though only ",
                                  asked.yes.size() + 1, " of ", nodes_,
                                  " have said yes to what it has asked last"));
}

void ElectionQuorum::OnVoteLeaves(const NodeLife& life, const raft::Send& send,
                                  const raft::VoteReply& reply) {
  if (!reply.granted) return;
  const Vote vote{life.node, send.to, send.echo};
  std::vector<Vote>& votes = votes_[reply.term];
  if (std::find(votes.begin(), votes.end(), vote) == votes.end()) {
    votes.push_back(vote);
  }
}

void ElectionQuorum::OnLeader(const NodeLife& leader, persist::Term term,
                              DurableState& disk) {
  disk.Update();
  const raft::NodeId self(leader.node);
  const persist::HardState& state = disk.hard_state();
  if (state.term != term || state.vote != self) {
    violations_.Report(
        "own-vote-durable",
        absl::StrCat(leader.ToString(), " leads term ", term.value(),
                     " but its disk has a vote for n", state.vote.value(),
                     " in term ", state.term.value()));
    return;
  }
  const std::vector<Vote>& votes = votes_[term];
  const auto for_it =
      std::count_if(votes.begin(), votes.end(), [&](const Vote& vote) {
        return vote.voter != leader.node && vote.candidate == self &&
               vote.addressed == disk.incarnation();
      });
  const size_t supporters = static_cast<size_t>(for_it) + 1;
  if (2 * supporters > nodes_) return;
  violations_.Report(
      "elected-by-quorum",
      absl::StrCat(leader.ToString(), " leads term ", term.value(), " with ",
                   supporters, " of ", nodes_,
                   " votes for this life of it, its own included"));
}

}  // namespace scenarios
