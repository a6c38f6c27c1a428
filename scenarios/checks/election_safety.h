// At most one leader in a term, over all nodes and all their lives (Raft §5.2).
// A restarted node that leads the term it led before is a second leader: it has
// forgotten what it did.

#ifndef SCENARIOS_CHECKS_ELECTION_SAFETY_H_
#define SCENARIOS_CHECKS_ELECTION_SAFETY_H_

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class ElectionSafety {
 public:
  // `violations` must outlive this.
  explicit ElectionSafety(Violations& violations) : violations_(violations) {}

  void OnLeader(const NodeLife& leader, persist::Term term);

  // Null: nobody has led `term`.
  const NodeLife* LeaderOf(persist::Term term) const {
    const auto found = leaders_.find(term);
    return found != leaders_.end() ? &found->second : nullptr;
  }

  size_t terms_with_leader() const { return leaders_.size(); }

 private:
  Violations& violations_;
  absl::btree_map<persist::Term, NodeLife> leaders_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ELECTION_SAFETY_H_
