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
#include "runtime/executor.h"

namespace kv {

class Pace {
 public:
  // About a millisecond.
  static constexpr size_t kSlice = 8192;

  // Null `executor`: never suspends. Both outlive this.
  Pace(runtime::Executor* executor, Keyspace& keys);
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

 private:
  static size_t Slice();
  void Pause();

  runtime::Executor* const executor_;
  Keyspace& keys_;
  size_t left_;
};

}  // namespace kv

#endif  // KV_PACE_H_
