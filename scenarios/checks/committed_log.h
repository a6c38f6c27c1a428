// The one log that all agree on: every entry that any node ever called
// committed. It only grows. A commit that contradicts it breaks state machine
// safety (Raft §5.4.3) before anybody applies it.

#ifndef SCENARIOS_CHECKS_COMMITTED_LOG_H_
#define SCENARIOS_CHECKS_COMMITTED_LOG_H_

#include <vector>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "scenarios/checks/by_node.h"
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
  // Whether `log` begins with all that is committed up to `index`.
  // Requires: index <= last().
  bool IsIn(const LogMirror& log, persist::Index index) const {
    return index.value() == 0 || (log.Has(index) && log.At(index) == At(index));
  }
  // How far nodes in terms before `term` had committed.
  persist::Index CommittedBefore(persist::Term term) const;

 private:
  void NoteTerm(persist::Term term, persist::Index commit);

  Violations& violations_;
  std::vector<LogMirror::Entry> entries_;
  // How far the running life of a node has committed: never less than before.
  struct Commit {
    uint64_t boot = 0;
    persist::Index index;
  };
  ByNode<Commit> commits_;
  // By term: the highest index that was committed by then. Both grow.
  absl::btree_map<persist::Term, persist::Index> by_term_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_COMMITTED_LOG_H_
