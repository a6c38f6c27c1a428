// The laws of scenarios/client_oracle.h for a key on which clients only count,
// upwards, and read.

#ifndef SCENARIOS_COUNTER_ORACLE_H_
#define SCENARIOS_COUNTER_ORACLE_H_

#include <optional>
#include <span>

#include "scenarios/client_oracle.h"
#include "scenarios/history.h"

namespace scenarios {

// Requires: gets, exists and increments of one key, in order of invocation. Of
// increments by less than one nothing is said.
std::optional<OracleFinding> AskCounterOracle(
    std::span<const OperationRecord* const> operations);

}  // namespace scenarios

#endif  // SCENARIOS_COUNTER_ORACLE_H_
