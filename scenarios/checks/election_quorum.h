// Whoever leads a term was elected for it by a majority of the voters: by votes
// that have really left them for this very life of the candidate, and by its
// own, which was on its disk before it counted (Raft §5.2).
//
// elected-by-quorum, own-vote-durable.

#ifndef SCENARIOS_CHECKS_ELECTION_QUORUM_H_
#define SCENARIOS_CHECKS_ELECTION_QUORUM_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "raft/core/core.h"
#include "runtime/ids.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class ElectionQuorum {
 public:
  // Of `nodes` voters. `violations` must outlive this.
  ElectionQuorum(Violations& violations, size_t nodes)
      : violations_(violations), nodes_(nodes) {}

  void OnSendLeaves(const NodeLife& life, const raft::Send& send);
  // `leader` has just become it; `disk` is its own.
  void OnLeader(const NodeLife& leader, persist::Term term, DurableState& disk);

 private:
  struct Vote {
    uint32_t voter = 0;
    raft::NodeId candidate;
    runtime::Incarnation addressed;
    friend bool operator==(const Vote&, const Vote&) = default;
  };

  Violations& violations_;
  const size_t nodes_;
  absl::btree_map<persist::Term, std::vector<Vote>> votes_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ELECTION_QUORUM_H_
