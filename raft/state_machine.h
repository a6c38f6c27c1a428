// What Raft replicates: anyone's deterministic state machine.
//
// The same entries in the same order give the same state and the same results
// on every node. So Apply() reads no clock, draws no dice and looks at nothing
// but the state and the entry; whoever proposes decides such things first and
// writes them into the entry.
//
// Implemented by kv/store.h.

#ifndef RAFT_STATE_MACHINE_H_
#define RAFT_STATE_MACHINE_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"

#include "persist/record.h"
#include "runtime/bytes.h"

namespace raft {

// A committed command. `payload` is what was proposed, never empty of meaning:
// no-ops and configurations do not reach the state machine.
struct Command {
  persist::Index index;
  persist::Term term;
  runtime::Bytes payload;
};

class StateMachine {
 public:
  virtual ~StateMachine() = default;

  // Suspends until Apply() may be called: somebody may be looking at the state.
  // Errors: CANCELLED.
  virtual absl::Status AwaitApply() { return absl::OkStatus(); }

  // Applies `commands`, in order, and writes the result of each to the same
  // place of `results`. May suspend the calling fiber, so that others have
  // their turns while it takes long. Requires: AwaitApply() came right before;
  // results.size() == commands.size(); indexes grow from call to call.
  virtual void Apply(std::span<const Command> commands,
                     std::span<runtime::Bytes> results) = 0;

  // A hash of the whole state, sessions included: equal states, equal hashes,
  // on every node. Kept up to date incrementally; O(1).
  virtual uint64_t StateHash() const = 0;
};

}  // namespace raft

#endif  // RAFT_STATE_MACHINE_H_
