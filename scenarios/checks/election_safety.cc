#include "scenarios/checks/election_safety.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void ElectionSafety::OnLeader(const NodeLife& leader, persist::Term term) {
  const auto [found, first] = leaders_.emplace(term, leader);
  if (first || found->second == leader) return;
  violations_.Report(
      "election-safety",
      absl::StrCat("term ", term.value(), " has two leaders: ",
                   found->second.ToString(), " and ", leader.ToString()));
}

}  // namespace scenarios
