// An entry of a term is made by the leader of that term and by nobody else, and
// the first that it makes is its no-op (Raft §5.3, §8). So none exists before
// there is a leader. The one entry that founds a group has no leader.
//
// entry-origin, no-op-first.

#ifndef SCENARIOS_CHECKS_ENTRY_ORIGIN_H_
#define SCENARIOS_CHECKS_ENTRY_ORIGIN_H_

#include "persist/record.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class EntryOrigin {
 public:
  // `violations` must outlive this.
  explicit EntryOrigin(Violations& violations) : violations_(violations) {}

  // No log has ever had this entry before.
  void OnFirstSeen(const NodeLife& life, const persist::Record& record,
                   bool leads, persist::Term term);
  void OnStep(const CoreStep& step);

 private:
  Violations& violations_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_ENTRY_ORIGIN_H_
