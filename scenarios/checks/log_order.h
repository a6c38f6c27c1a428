// A log has no gaps, its terms never decrease, none is beyond the term of the
// node, and what a node stores is what it has in memory: the stream of stores
// alone makes the same log (Raft §5.3, figure 2).
//
// log-order, stores-are-the-log.

#ifndef SCENARIOS_CHECKS_LOG_ORDER_H_
#define SCENARIOS_CHECKS_LOG_ORDER_H_

#include "persist/record.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LogOrder {
 public:
  // `violations` must outlive this.
  explicit LogOrder(Violations& violations) : violations_(violations) {}

  // `record` is about to be appended to `log`. False, and reported, if it
  // cannot be.
  bool MayFollow(const NodeLife& life, const LogMirror& log,
                 const persist::Record& record, persist::Term term);
  // `log` has taken all stores; the one in memory ends at `last`, of
  // `last_term`.
  void OnLog(const NodeLife& life, const LogMirror& log, persist::Index last,
             persist::Term last_term);

 private:
  Violations& violations_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LOG_ORDER_H_
