// The one log that all agree on: every entry that any node ever called
// committed. It only grows. A commit that contradicts it breaks state machine
// safety (Raft §5.4.3) before anybody applies it.

#ifndef SCENARIOS_CHECKS_COMMITTED_LOG_H_
#define SCENARIOS_CHECKS_COMMITTED_LOG_H_

#include <vector>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class CommittedLog {
 public:
  // `violations` must outlive this.
  explicit CommittedLog(Violations& violations) : violations_(violations) {}

  // `node`, in `term`, calls everything up to `commit` committed; `log` is its
  // log.
  void OnCommit(const NodeLife& node, persist::Term term, persist::Index commit,
                const LogMirror& log);

  persist::Index last() const { return persist::Index(entries_.size()); }
  // Requires: 1 <= index <= last().
  const LogMirror::Entry& At(persist::Index index) const {
    return entries_[index.value() - 1];
  }
  // How far nodes in terms before `term` had committed.
  persist::Index CommittedBefore(persist::Term term) const;

 private:
  Violations& violations_;
  std::vector<LogMirror::Entry> entries_;
  // For each life, how far it has committed: never less than before.
  absl::btree_map<NodeLife, persist::Index> commits_;
  // By term: the highest index that was committed by then.
  absl::btree_map<persist::Term, persist::Index> by_term_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_COMMITTED_LOG_H_
