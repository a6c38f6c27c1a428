// What must always hold of one core, whatever happens around it. Truths that
// take more than one member to see (election safety, log matching, state
// machine safety) are judged by those who see all of them: the tests here and
// scenarios/safety.
//
// Both functions CHECK.

#ifndef RAFT_CORE_INVARIANTS_H_
#define RAFT_CORE_INVARIANTS_H_

#include "raft/core/core.h"
#include "raft/core/message.h"

namespace raft {

// What a later moment is held against.
struct Moment {
  Role role;
  Term term;
  NodeId vote;
  Index commit;
  Index applicable;
  Index last;
  Sequence submitted;
  Sequence durable;
};

Moment MomentOf(const Core& core);

// One step led from `before` to `after`. Constant time: runs at the end of
// every step, in every build.
void CheckTransition(const Moment& before, const Core& after);

// Everything that can be said of a core at rest. Walks the log: for tests.
void CheckInvariants(const Core& core);

}  // namespace raft

#endif  // RAFT_CORE_INVARIANTS_H_
