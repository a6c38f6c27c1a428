// Is a history linearizable? Exact, key by key, within a budget.
//
// A history of one key is linearizable when its operations can be put into one
// order that respects real time (what returned before another was invoked comes
// before it) and that the register model explains. Operations without an answer
// may be put anywhere after their invocation, or left out.
//
// The method walks through real time and keeps every state in which the key
// may be (just-in-time linearization: Wing & Gong 1993, Lowe 2017). What makes
// it fast: an operation is linearized only when its answer must be explained;
// readers are explained as early as possible, which never costs a solution; of
// two states that differ only in that one has used up more unanswered
// operations, the thriftier one is kept.

#ifndef SCENARIOS_LINEARIZABILITY_H_
#define SCENARIOS_LINEARIZABILITY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "scenarios/history.h"

namespace scenarios {

enum class Verdict : uint8_t {
  kOk,
  kViolated,
  kUnknown,  // The budget ended first. Not a pass.
};

const char* VerdictName(Verdict verdict);

struct LinearizabilityBudget {
  // Applications of one operation to one state, over all keys.
  uint64_t steps_max = 4'000'000;
  // States of one key held at the same time.
  size_t configurations_max = 100'000;
};

struct LinearizabilityResult {
  Verdict verdict = Verdict::kOk;
  std::string key;       // kViolated, kUnknown: the key in question.
  std::string evidence;  // kViolated: the answer that nothing explains, and how
                         // the key could stand at that moment.
  uint64_t steps = 0;
};

// Stops at the first key that is violated; a key without a verdict does not
// hide a violated one.
LinearizabilityResult CheckLinearizability(
    std::span<const OperationRecord> operations,
    const LinearizabilityBudget& budget = {});

}  // namespace scenarios

#endif  // SCENARIOS_LINEARIZABILITY_H_
