// One step of a scenario: when it happens, and what it is.
//
// A step stands at a time of its own (`at`), or it follows the step before it
// (`after`): then its time counts from when that one was done. Some steps take
// time: until a condition holds, until a client has its answer.

#ifndef SCENARIOS_STEP_H_
#define SCENARIOS_STEP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "scenarios/act.h"
#include "scenarios/condition.h"
#include "scenarios/span_range.h"
#include "scenarios/target.h"

namespace scenarios {

// The run goes on with the next step as soon as the condition holds.
struct Until {
  Condition condition;
  absl::Duration within;
  // When it does not hold in time the run fails as "until"; or, with this, the
  // steps that follow are left out, up to the next one with a time of its own.
  bool or_skip = false;
};

// It holds now, or the run fails as "assert".
struct Assert {
  Condition condition;
};

// It does not hold at any moment of the span, or the run fails as "never". The
// next step does not wait for the end of the span.
struct Never {
  Condition condition;
  absl::Duration span;
};

// What a scripted client operation may end with.
struct Expectation {
  enum class Kind : uint8_t {
    kDone,     // Any answer.
    kValue,    // `value` was read.
    kNil,      // There was no value (before the write, or to read).
    kRefused,  // Certainly not done.
    kUnknown,  // It may take effect at any time later, or never.
  };
  Kind kind = Kind::kDone;
  std::string value;

  // As in a scenario file.
  std::string ToString() const;
};

// A client asks for this and waits for the answer. It is in the history, as all
// that clients do. What is not expected fails the run as "expect".
struct Operation {
  bool writes = false;
  std::string key;
  std::string value;  // Of a write.
  // Whom it asks, decided when it asks; empty: all of them in turn, until it
  // has found the leader.
  TargetChoice via;
  absl::Duration within = absl::Seconds(2);
  std::vector<Expectation> expected;  // One of these; empty: anything.
};

struct Step {
  // Since the run began; or, when relative, since the step before was done.
  absl::Duration at;
  std::variant<Act, Until, Assert, Never, Operation> deed;
  std::optional<SpanRange> lasts;  // Of an act: then it is undone, or never.
  bool relative = false;
  std::string place = {};  // "file:line:column"; empty if built in C++.
  // Of an act: as the file writes it, for traces; empty if built in C++.
  std::string said = {};
  std::string name = {};  // Of an act: by which it can be healed; or empty.

  // How long it may take until it is done.
  absl::Duration TakesAtMost() const;
};

}  // namespace scenarios

#endif  // SCENARIOS_STEP_H_
