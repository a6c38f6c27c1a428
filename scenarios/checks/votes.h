// What a node has said about terms and votes binds it for ever, crashes
// included: its term never goes back, and in one term it votes for one
// candidate (Raft §5.2, figure 2).

#ifndef SCENARIOS_CHECKS_VOTES_H_
#define SCENARIOS_CHECKS_VOTES_H_

#include <cstdint>
#include <utility>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "runtime/ids.h"
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
  // What it takes for the current term now.
  void OnTerm(const NodeLife& life, persist::Term term);
  // A vote has left, also a candidate's for itself.
  void OnVoteLeaves(const NodeLife& life, persist::Term term,
                    runtime::NodeId candidate);

 private:
  Violations& violations_;
  // The highest term in which a node has voted: what it may not forget.
  absl::btree_map<uint32_t, persist::Term> voted_terms_;
  // By node and life: terms only grow within one.
  absl::btree_map<NodeLife, persist::Term> terms_;
  absl::btree_map<std::pair<uint32_t, persist::Term>, runtime::NodeId> votes_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_VOTES_H_
