// Keeps one long command from keeping everybody else from running.
//
// What a command walks it counts here; after each slice the other fibers of the
// executor have their turns: those that beat, elect and replicate above all.
// Meanwhile the state does not change under it: whoever looks at it holds the
// gate (kv/store_gate.h), and so does whoever changes it.
//
// Counted, not timed: the same on every node and in every run. A unit is a step
// of a walk, a tenth of a microsecond or so.

#ifndef KV_PACE_H_
#define KV_PACE_H_

#include <cstddef>

#include "kv/keyspace.h"
#include "kv/store_gate.h"
#include "runtime/executor.h"

namespace kv {

class Pace {
 public:
  // About a millisecond.
  static constexpr size_t kSlice = 8192;

  // Bytes that are copied or hashed in the time of a step.
  static constexpr size_t kBytesPerStep = 512;

  // Null `executor`: never suspends. `look`: by which the state is held, if it
  // is only looked at. All outlive this.
  Pace(runtime::Executor* executor, Keyspace& keys,
       StoreGate::Look* look = nullptr);
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // May suspend. Views into the keyspace, and its time, are then as before.
  void Step(size_t work = 1) {
    if (work < left_) {
      left_ -= work;
    } else {
      Pause();
    }
  }
  // One thing of so many bytes.
  void StepOver(size_t bytes) { Step(1 + bytes / kBytesPerStep); }
  // For kv/values/steps.h.
  const auto& steps() const { return steps_; }

 private:
  static size_t Slice();
  void Pause();

  runtime::Executor* const executor_;
  Keyspace& keys_;
  StoreGate::Look* const look_;
  size_t left_;
  struct {
    void operator()(size_t work) const { pace.Step(work); }
    Pace& pace;
  } const steps_ = {*this};
};

}  // namespace kv

#endif  // KV_PACE_H_
