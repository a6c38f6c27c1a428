// Whoever leads a term was elected for it by a majority of the voters: by votes
// that have really left them for this very life of the candidate, and by its
// own, which was on its disk before it counted (Raft §5.2). And whoever stands
// has asked before, and as many have said yes to the very question that it
// asked last: what was granted long ago says nothing about now (thesis §9.6).
//
// elected-by-quorum, own-vote-durable, stands-by-quorum.

#ifndef SCENARIOS_CHECKS_ELECTION_QUORUM_H_
#define SCENARIOS_CHECKS_ELECTION_QUORUM_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "raft/core/core.h"
#include "runtime/ids.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class ElectionQuorum {
 public:
  // Of `nodes` voters. `violations` must outlive this.
  ElectionQuorum(Violations& violations, size_t nodes)
      : violations_(violations), nodes_(nodes) {}

  void OnSendLeaves(const NodeLife& life, const raft::Send& send);
  // `disk` is that of the node of the step.
  void OnStep(const CoreStep& step, DurableState& disk);
  // `leader` has just become it; `disk` is its own.
  void OnLeader(const NodeLife& leader, persist::Term term, DurableState& disk);

 private:
  struct Vote {
    uint32_t voter = 0;
    raft::NodeId candidate;
    runtime::Incarnation addressed;
    friend bool operator==(const Vote&, const Vote&) = default;
  };

  // The last question of a node, and who has said yes to it.
  struct Question {
    uint64_t number = 0;
    persist::Term term;
    runtime::Incarnation asker;
    std::vector<uint32_t> yes;
  };

  void OnVoteLeaves(const NodeLife& life, const raft::Send& send,
                    const raft::VoteReply& reply);
  void OnConsentLeaves(const NodeLife& life, const raft::Send& send,
                       const raft::PreVoteReply& reply);

  Violations& violations_;
  const size_t nodes_;
  ByNode<Question> questions_;
  absl::btree_map<persist::Term, std::vector<Vote>> votes_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ELECTION_QUORUM_H_
