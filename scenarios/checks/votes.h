// What a node has said about terms and votes binds it for ever, crashes
// included: its term never goes back, neither in one life nor behind what its
// former lives have said, and in one term it votes for one candidate (Raft
// §5.2, figure 2).
//
// term-monotone, vote-once, vote-remembered.

#ifndef SCENARIOS_CHECKS_VOTES_H_
#define SCENARIOS_CHECKS_VOTES_H_

#include <cstdint>
#include <utility>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "runtime/ids.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class Votes {
 public:
  // `violations` must outlive this.
  explicit Votes(Violations& violations) : violations_(violations) {}

  // A node has begun a life with this term and this vote in it (0: nobody): it
  // must know its promises.
  void OnStarted(const NodeLife& life, persist::Term term,
                 runtime::NodeId vote);
  // How it stands after a step.
  void OnTerm(const NodeLife& life, persist::Term term, runtime::NodeId vote);
  // A message has left that names this term as the sender's.
  void OnTermLeaves(const NodeLife& life, persist::Term term);
  // A vote has left, also a candidate's for itself.
  void OnVoteLeaves(const NodeLife& life, persist::Term term,
                    runtime::NodeId candidate);

 private:
  struct Standing {
    persist::Term told;  // The highest that was ever told to anybody.
    persist::Term term;  // In this life.
    runtime::NodeId vote;
  };

  Violations& violations_;
  ByNode<Standing> nodes_;
  absl::btree_map<std::pair<uint32_t, persist::Term>, runtime::NodeId> votes_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_VOTES_H_
