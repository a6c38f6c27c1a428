// A command that carries the stamp of a session is executed once, however often
// it stands in the log: each further time gives the answer of the first, byte
// for byte, or a refusal (thesis §6.3).
//
// Looks at each entry once, where it is applied first: all others do the same
// (scenarios/checks/state_machine_safety.h).
//
// exactly-once.

#ifndef SCENARIOS_CHECKS_EXACTLY_ONCE_H_
#define SCENARIOS_CHECKS_EXACTLY_ONCE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/btree_map.h"

#include "persist/record.h"
#include "raft/state_machine.h"
#include "runtime/bytes.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class ExactlyOnce {
 public:
  // `violations` must outlive this.
  explicit ExactlyOnce(Violations& violations) : violations_(violations) {}

  // Requires: as many results as commands.
  void OnApplied(const NodeLife& life, std::span<const raft::Command> commands,
                 std::span<const runtime::Bytes> results);

 private:
  struct Executed {
    persist::Index index;  // 0: not yet.
    runtime::Bytes result;
  };

  void OnCommand(const NodeLife& life, const raft::Command& command,
                 const runtime::Bytes& result);

  Violations& violations_;
  persist::Index seen_;  // Everything up to here was looked at.
  // By session; each by sequence - 1: clients number from 1, without gaps.
  absl::btree_map<uint64_t, std::vector<Executed>> executed_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_EXACTLY_ONCE_H_
