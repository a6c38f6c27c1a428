// What was committed stays: at any moment every committed entry is on the disks
// of a majority of the voters, those of crashed nodes included (Raft §5.4.3).
//
// Since equal entries have equal logs before them, it is enough to ask for the
// last committed one, and only when a disk has lost a committed one. A disk
// that was damaged is remembered as it was until somebody reads it anew:
// whether it may be damaged is not judged here (scenarios/damage_ledger.h).
//
// quorum-retention.

#ifndef SCENARIOS_CHECKS_QUORUM_RETENTION_H_
#define SCENARIOS_CHECKS_QUORUM_RETENTION_H_

#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class QuorumRetention {
 public:
  // All must outlive this.
  QuorumRetention(Violations& violations, const CommittedLog& committed,
                  const Disks& disks)
      : violations_(violations), committed_(committed), disks_(disks) {}

  // The disk of `life` may have changed, and is up to date.
  void OnDisk(const NodeLife& life);

 private:
  Violations& violations_;
  const CommittedLog& committed_;
  const Disks& disks_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_QUORUM_RETENTION_H_
