// Redis clients watch keys which one connection of theirs changes, or leaves
// alone, before another one executes a transaction that rests on them: when
// that must be called off, and when it must not.
//
//   exec-on-changed-key     a transaction was executed though a key that it
//                           watched had been changed, had gone or had come, or
//                           had certainly expired
//   exec-called-off-for-nothing  one was called off though no key that it
//                           watched can have changed or expired
//
// One client writes a key, one write after the other, and knows what each did,
// or gives the key up. So only time changes a key by itself, and what the
// clocks can have shown is known exactly (scenarios/wall_times.h): an EXEC is
// decided by the clock of the node that took it, a key may go by any clock.
//
// Nothing is said of a key that was not there when it was watched and was not
// written since: it counts as changed when another one goes (kv/keyspace.h). A
// write that leaves a collection as it was is no change.

#ifndef SCENARIOS_CHECKS_WATCH_BOOKS_H_
#define SCENARIOS_CHECKS_WATCH_BOOKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "scenarios/checks/violations.h"
#include "scenarios/wall_times.h"

namespace scenarios {

class WatchBooks {
 public:
  // A time to live that a key was given through a node.
  struct Lease {
    WallTimes::Moment asked;
    uint32_t node = 0;
    int64_t lasts_ms = 0;
    WallTimes::Span deadline = {};  // As far as it is known: OnLeaseDone().
  };
  // A watched key, from WATCH to EXEC.
  struct Watched {
    std::string key;
    // Whether it was there when somebody looked right after the WATCH.
    bool was_there = false;
    std::optional<Lease> lease = std::nullopt;  // That it had then.
    // What happened since: nobody knows, certainly, or certainly not.
    bool may_have_changed = false;
    bool changed = false;
  };

  // Both must outlive this.
  WatchBooks(Violations& violations, const WallTimes& walls)
      : violations_(violations), walls_(walls) {}

  WallTimes::Moment Now() const { return walls_.Now(); }
  // The write that gives it is answered. The deadline was decided, by the clock
  // of the node, between that it was asked for and now.
  void OnLeaseDone(Lease& lease) const;

  // An EXEC asked of `node` at `asked` was executed, or was called off.
  void OnExecuted(const std::vector<Watched>& watched,
                  const WallTimes::Moment& asked, uint32_t node);
  void OnCalledOff(const std::vector<Watched>& watched);

  uint64_t executed() const { return executed_; }
  uint64_t called_off() const { return called_off_; }

 private:
  // Whether it has expired for an EXEC that `node` was asked for at `asked`.
  bool CertainlyExpired(const Watched& one, const WallTimes::Moment& asked,
                        uint32_t node) const;
  bool MayHaveExpired(const Watched& one) const;

  Violations& violations_;
  const WallTimes& walls_;
  uint64_t executed_ = 0;
  uint64_t called_off_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_WATCH_BOOKS_H_
