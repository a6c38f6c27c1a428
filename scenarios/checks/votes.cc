#include "scenarios/checks/votes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {

void Votes::OnStarted(const NodeLife& life, persist::Term term,
                      runtime::NodeId vote) {
  Standing& node = nodes_[life.node];
  if (term < node.told) {
    violations_.Report(
        "term-monotone",
        absl::StrCat(life.ToString(), " starts in term ", term.value(),
                     " but has spoken in term ", node.told.value()));
  }
  const auto promise = votes_.find(std::pair(life.node, term));
  if (promise != votes_.end() && promise->second != vote) {
    violations_.Report(
        "vote-remembered",
        absl::StrCat(life.ToString(), " starts in term ", term.value(),
                     " with a vote for n", vote.value(), " but has voted for n",
                     promise->second.value()));
  }
  node.term = term;
  node.vote = vote;
}

void Votes::OnTerm(const NodeLife& life, persist::Term term,
                   runtime::NodeId vote) {
  Standing& node = nodes_[life.node];
  if (term < node.term) {
    violations_.Report(
        "term-monotone",
        absl::StrCat(life.ToString(), " speaks for term ", term.value(),
                     " after term ", node.term.value()));
  } else if (term == node.term && node.vote.value() != 0 && node.vote != vote) {
    violations_.Report(
        "vote-remembered",
        absl::StrCat(life.ToString(), " has voted for n", node.vote.value(),
                     " in term ", term.value(), " and now stands by n",
                     vote.value()));
  }
  node.term = term;
  node.vote = vote;
}

void Votes::OnTermLeaves(const NodeLife& life, persist::Term term) {
  persist::Term& told = nodes_[life.node].told;
  told = std::max(told, term);
}

void Votes::OnVoteLeaves(const NodeLife& life, persist::Term term,
                         runtime::NodeId candidate) {
  OnTermLeaves(life, term);
  const auto [found, first] =
      votes_.emplace(std::pair(life.node, term), candidate);
  if (first || found->second == candidate) return;
  violations_.Report("vote-once",
                     absl::StrCat(life.ToString(), " votes for n",
                                  candidate.value(), " in term ", term.value(),
                                  " after n", found->second.value()));
}

}  // namespace scenarios
