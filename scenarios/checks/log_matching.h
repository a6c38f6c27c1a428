// If two logs hold an entry with the same index and term, they are the same up
// to it (Raft §5.3): over all nodes and all time, committed or not.

#ifndef SCENARIOS_CHECKS_LOG_MATCHING_H_
#define SCENARIOS_CHECKS_LOG_MATCHING_H_

#include <vector>

#include "absl/container/inlined_vector.h"

#include "persist/record.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class LogMatching {
 public:
  // `violations` must outlive this.
  explicit LogMatching(Violations& violations) : violations_(violations) {}

  // The log of `node` has a new entry at `index`. True: no log had it before.
  bool OnEntry(const NodeLife& node, persist::Index index,
               const LogMirror::Entry& entry);

 private:
  struct Seen {
    LogMirror::Entry entry;
    NodeLife first_at;
  };

  Violations& violations_;
  // By index - 1: one for each term in which such an entry was ever seen.
  std::vector<absl::InlinedVector<Seen, 1>> seen_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LOG_MATCHING_H_
