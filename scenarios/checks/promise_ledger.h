// Nothing is promised that a power failure could take back: whatever a message
// says when it leaves a node is on the disk of that node at that instant
// (Raft figure 2, "updated on stable storage before responding").
//
//   any message                    the term that it names as the sender's
//   vote granted, vote asked for   the vote
//   vote or pre-vote asked for     the log that is claimed
//   entries accepted               the log up to the match
//
// A promise of an older term than the durable one binds nobody any more.

#ifndef SCENARIOS_CHECKS_PROMISE_LEDGER_H_
#define SCENARIOS_CHECKS_PROMISE_LEDGER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "raft/core/message.h"
#include "scenarios/checks/durable_state.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class PromiseLedger {
 public:
  // `violations` must outlive this.
  explicit PromiseLedger(Violations& violations) : violations_(violations) {}

  // `message` leaves `life` for `to`; `durable` is the sender's disk, `log` its
  // log in memory.
  void OnLeaves(const NodeLife& life, raft::NodeId to,
                const raft::Message& message, DurableState& durable,
                const LogMirror& log);

  uint64_t promises() const { return promises_; }

 private:
  void Broken(const NodeLife& life, absl::string_view promise,
              const DurableState& durable);

  Violations& violations_;
  uint64_t promises_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_PROMISE_LEDGER_H_
