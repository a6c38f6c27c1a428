// Is a history linearizable? Exact, key by key, within a budget.
//
// A history of one key is linearizable when its operations can be put into one
// order that respects real time (what returned before another was invoked comes
// before it) and that the register model explains. Operations without an answer
// may be put anywhere after their invocation, or left out.
//
// An answer that was left out (Answer::Unsaid()) constrains nothing but when.
//
// Keys are judged apart, each with a budget of its own, the cheapest first and
// in rounds (scenarios/key_search.h): a first one that follows the few
// likeliest ways, which is luck and usually enough, and wider ones up to one
// that leaves nothing out, which is proof. So no key that is hard to judge
// hides a violated one that is not.

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

// Of each key. Deterministic: no clock decides when it ends.
struct LinearizabilityBudget {
  // Applications of one operation to one state, and comparisons of two ways in
  // which the key may stand: what the time of a search goes into.
  uint64_t steps_max = 4'000'000;
  // Such ways held at the same time: what its memory goes into.
  size_t configurations_max = 100'000;
};

struct LinearizabilityResult {
  Verdict verdict = Verdict::kOk;
  std::string key;       // kViolated, kUnknown: the key in question.
  std::string evidence;  // kViolated: the answer that nothing explains, and how
                         // the key could stand at that moment.
  uint64_t steps = 0;    // Of all keys together.
};

// Stops at the first key that is found violated. kUnknown only if no key was,
// and one of them used up its budget.
LinearizabilityResult CheckLinearizability(
    std::span<const OperationRecord> operations,
    const LinearizabilityBudget& budget = {});

}  // namespace scenarios

#endif  // SCENARIOS_LINEARIZABILITY_H_
