// A follower moves its commit index only over entries that its leader has
// compared in this term, and no further than the leader said: the end of its
// own log proves nothing (Raft figure 2, "index of last new entry").
//
// follower-commit.

#ifndef SCENARIOS_CHECKS_FOLLOWER_COMMIT_H_
#define SCENARIOS_CHECKS_FOLLOWER_COMMIT_H_

#include "persist/record.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class FollowerCommit {
 public:
  // `violations` must outlive this.
  explicit FollowerCommit(Violations& violations) : violations_(violations) {}

  void OnStep(const CoreStep& step);

 private:
  // Kept through crashes: an acknowledgement holds beyond them.
  struct Verified {
    persist::Term term;
    persist::Index upto;
  };

  Violations& violations_;
  ByNode<Verified> verified_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_FOLLOWER_COMMIT_H_
