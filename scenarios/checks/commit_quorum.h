// What a leader calls committed is on the disks of a quorum of the voters, the
// crashed ones included, and it is of the leader's own term (Raft §5.3,
// §5.4.2). Held against the disks, not against what the leader believes.

#ifndef SCENARIOS_CHECKS_COMMIT_QUORUM_H_
#define SCENARIOS_CHECKS_COMMIT_QUORUM_H_

#include "persist/record.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class CommitQuorum {
 public:
  // `disks` of n1, n2, ..., all voters. Both must outlive this.
  CommitQuorum(Violations& violations, const Disks& disks)
      : violations_(violations), disks_(disks) {}

  // `leader` of `term` has moved its commit index to `commit`.
  void OnLeaderCommit(const NodeLife& leader, persist::Term term,
                      persist::Index commit, const LogMirror& log);

 private:
  Violations& violations_;
  const Disks& disks_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_COMMIT_QUORUM_H_
