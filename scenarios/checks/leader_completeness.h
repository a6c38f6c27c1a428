// A leader holds every entry that was committed in the terms before its own
// (Raft §5.4).

#ifndef SCENARIOS_CHECKS_LEADER_COMPLETENESS_H_
#define SCENARIOS_CHECKS_LEADER_COMPLETENESS_H_

#include "persist/record.h"
#include "scenarios/checks/committed_log.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LeaderCompleteness {
 public:
  // Both must outlive this.
  LeaderCompleteness(Violations& violations, const CommittedLog& committed)
      : violations_(violations), committed_(committed) {}

  void OnLeader(const NodeLife& leader, persist::Term term,
                const LogMirror& log);

 private:
  Violations& violations_;
  const CommittedLog& committed_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEADER_COMPLETENESS_H_
