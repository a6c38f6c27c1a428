// What clients may never see, found in linear time: the laws of a history that
// need no search, held against each operation by itself. Runs before the exact
// search (scenarios/linearizability.h), which may end without a verdict; this
// never does, and what it finds it can name.
//
//   phantom-value     a value that nobody wrote, or whose write was refused or
//                     answered as not done, or was asked for only later
//   executed-twice    a write that answers with its own value as the one before
//   two-successors    two writes that both answer that they replaced one value
//   no-order          writes whose answers say that they replaced each other
//   read-your-writes  a client sees a value older than one it has written,
//   monotonic-reads   or than one it has seen,
//   stale-read        or than one that anybody had finished with before
//   lost-write        the same, when nobody works on the key any more
//   absence           a key is gone that was there, and nobody deletes it
//   lost-increment    a counter is below the sum of what was acknowledged
//   repeated-count    two increments of a counter give the same number
//
// Sound, not complete: every violation it reports is one; what it cannot see it
// leaves to the search. Values that two operations write say nothing here, and
// keys that mix counting, appending and setting are left out.

#ifndef SCENARIOS_CLIENT_ORACLE_H_
#define SCENARIOS_CLIENT_ORACLE_H_

#include <optional>
#include <span>
#include <string>

#include "scenarios/history.h"

namespace scenarios {

struct OracleFinding {
  std::string rule;  // One of the above.
  std::string key;
  std::string evidence;  // Names the operations.
};

// The first finding, by key; nullopt if there is none.
std::optional<OracleFinding> AskClientOracle(
    std::span<const OperationRecord> operations);

}  // namespace scenarios

#endif  // SCENARIOS_CLIENT_ORACLE_H_
