#include "scenarios/checks/election_quorum.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {

void ElectionQuorum::OnSendLeaves(const NodeLife& life,
                                  const raft::Send& send) {
  const auto* reply = std::get_if<raft::VoteReply>(&send.message);
  if (reply == nullptr || !reply->granted) return;
  const Vote vote{life.node, send.to, send.echo};
  std::vector<Vote>& votes = votes_[reply->term];
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
