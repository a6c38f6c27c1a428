// When a proposal passed each stage on its way, on the leader that took it: for
// people who ask why a request was slow. Nothing is decided by it.

#ifndef RAFT_STAGE_TIMES_H_
#define RAFT_STAGE_TIMES_H_

#include <deque>
#include <optional>

#include "persist/record.h"
#include "runtime/instant.h"

namespace raft {

using persist::Index;

struct StageTimes {
  runtime::Instant proposed;   // Node::Propose() was called.
  runtime::Instant in_log;     // The core gave it its index.
  runtime::Instant durable;    // Its entry was durable here, ...
  runtime::Instant committed;  // ... and on a quorum, too.
  runtime::Instant applied;
};

// When the log as a whole had passed an index. Remembers what is not applied.
class StageClock {
 public:
  // The stage has been reached up to `upto` now. Does nothing if it was before.
  void OnDurable(Index upto, runtime::Instant now) {
    Advance(durable_, upto, now);
  }
  void OnCommitted(Index upto, runtime::Instant now) {
    Advance(committed_, upto, now);
  }

  // Nothing: not reached yet, or forgotten. Requires: called with indexes that
  // grow; what lies before is forgotten.
  std::optional<runtime::Instant> Durable(Index index) {
    return At(durable_, index);
  }
  std::optional<runtime::Instant> Committed(Index index) {
    return At(committed_, index);
  }

 private:
  struct Step {
    Index upto;
    runtime::Instant when;
  };
  using Steps = std::deque<Step>;

  static void Advance(Steps& steps, Index upto, runtime::Instant now);
  static std::optional<runtime::Instant> At(Steps& steps, Index index);

  Steps durable_;
  Steps committed_;
};

}  // namespace raft

#endif  // RAFT_STAGE_TIMES_H_
