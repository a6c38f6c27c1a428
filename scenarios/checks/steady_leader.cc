#include "scenarios/checks/steady_leader.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void SteadyLeader::BeginQuiet() {
  quiet_ = true;
  steady_ = AllFollow(nodes_follow_[1]);
}

void SteadyLeader::EndQuiet() {
  quiet_ = false;
  steady_ = false;
}

bool SteadyLeader::AllFollow(const Follows& leader) {
  if (leader.leader.value() == 0) return false;
  for (uint32_t node = 1; node <= nodes_; ++node) {
    const Follows& follows = nodes_follow_[node];
    if (follows.term != leader.term || follows.leader != leader.leader) {
      return false;
    }
  }
  return true;
}

void SteadyLeader::OnLeader(const NodeLife& life, persist::Term term,
                            runtime::NodeId leader) {
  Follows& follows = nodes_follow_[life.node];
  const Follows before = follows;
  follows = {term, leader};
  if (!quiet_) return;
  if (!steady_) {
    steady_ = AllFollow(follows);
  } else if (term != before.term) {
    violations_.Report(
        "leader-disrupted",
        absl::StrCat(life.ToString(), " goes to term ", term.value(),
                     ", though all had followed n", before.leader.value(),
                     " in term ", before.term.value(),
                     " and nothing has struck since"));
  }
}

}  // namespace scenarios
