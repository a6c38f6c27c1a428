// A node that boots has what its disk was given: the effect of the first n of
// the stores that its last life handed out, with everything among them that was
// reported durable. Nothing durable is lost, nothing is invented, nothing of
// one store is missing (persist/persister.h; Raft figure 2).
//
// recovery-is-a-prefix.

#ifndef SCENARIOS_CHECKS_STORE_STREAM_H_
#define SCENARIOS_CHECKS_STORE_STREAM_H_

#include <deque>

#include "persist/persister.h"
#include "persist/record.h"
#include "scenarios/checks/by_node.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

class StoreStream {
 public:
  // `violations` must outlive this.
  explicit StoreStream(Violations& violations) : violations_(violations) {}

  // A life begins with this log and hard state; `stored` is the sequence of
  // the last store that it has submitted, durable.
  void OnStarted(const NodeLife& life, persist::Sequence stored,
                 const persist::HardState& hard_state, const LogMirror& log);
  // `store` is handed out; it makes the log what `log` is.
  void OnStore(const NodeLife& life, const persist::Store& store,
               const LogMirror& log);
  // Everything up to `upto` is reported durable.
  void OnDurable(const NodeLife& life, persist::Sequence upto);

 private:
  // What a disk holds after the store `sequence`.
  struct State {
    persist::Sequence sequence;
    persist::HardState hard_state;
    persist::Index last;
    LogMirror::Entry end;  // At `last`.

    bool SameAs(const State& other) const {
      return hard_state == other.hard_state && last == other.last &&
             end == other.end;
    }
  };

  Violations& violations_;
  // The last state that was reported durable, and those after it.
  ByNode<std::deque<State>> states_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_STORE_STREAM_H_
