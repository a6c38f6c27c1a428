#include "scenarios/checks/votes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {

void Votes::OnStarted(const NodeLife& life, persist::Term term,
                      runtime::NodeId vote) {
  const persist::Term promised = voted_terms_[life.node];
  if (term < promised) {
    violations_.Report(
        "term-monotone",
        absl::StrCat(life.ToString(), " starts in term ", term.value(),
                     " but has voted in term ", promised.value()));
  }
  const auto promise = votes_.find(std::pair(life.node, term));
  if (promise != votes_.end() && promise->second != vote) {
    violations_.Report(
        "vote-remembered",
        absl::StrCat(life.ToString(), " starts in term ", term.value(),
                     " with a vote for n", vote.value(), " but has voted for n",
                     promise->second.value()));
  }
  terms_[life] = term;
}

void Votes::OnTerm(const NodeLife& life, persist::Term term) {
  persist::Term& highest = terms_[life];
  if (term < highest) {
    violations_.Report(
        "term-monotone",
        absl::StrCat(life.ToString(), " speaks for term ", term.value(),
                     " after term ", highest.value()));
  }
  highest = std::max(highest, term);
}

void Votes::OnVoteLeaves(const NodeLife& life, persist::Term term,
                         runtime::NodeId candidate) {
  persist::Term& voted = voted_terms_[life.node];
  voted = std::max(voted, term);
  const auto [found, first] =
      votes_.emplace(std::pair(life.node, term), candidate);
  if (first || found->second == candidate) return;
  violations_.Report("vote-once",
                     absl::StrCat(life.ToString(), " votes for n",
                                  candidate.value(), " in term ", term.value(),
                                  " after n", found->second.value()));
}

}  // namespace scenarios
