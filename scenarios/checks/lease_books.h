// Redis clients set keys that expire, each its own keys, and read those of all:
// what the readers may be told.
//
//   expired-key-answered  a key is there though its deadline had passed on
//                         every clock that can have decided it
//   key-gone-early        a key is gone though its deadline had come on no
//                         clock that can have decided it
//   key-came-back         a value is there that was told to be gone
//   value-untrue          a value that was not set, or is not the last
//   deadline-untrue       PTTL or PEXPIRETIME tell no deadline that the key can
//                         have, or another one than before
//
// Which clocks: a write is decided by that of the node which took it from its
// client, a read by that of whoever leads, the removal of a key by that of
// whoever leads or took a write. What they can have shown is known exactly
// (scenarios/wall_times.h), so none of this is a matter of patience.
//
// One client sets a key, one value after the other. When nobody tells whether a
// value was set, it must leave the key alone for ever: it may be set late.

#ifndef SCENARIOS_CHECKS_LEASE_BOOKS_H_
#define SCENARIOS_CHECKS_LEASE_BOOKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"

#include "scenarios/checks/violations.h"
#include "scenarios/wall_times.h"

namespace scenarios {

class LeaseBooks {
 public:
  // One that is under way; values are numbered by key.
  struct Set {
    std::string key;
    size_t number = 0;
  };
  struct Read {
    std::string key;
    uint64_t asked = 0;
    WallTimes::Moment begin;
    uint32_t node = WallTimes::kAllNodes;  // Whose clock decides.
    // A value that the same connection has set before it asked.
    std::optional<size_t> behind = std::nullopt;
  };

  // Both must outlive this.
  LeaseBooks(Violations& violations, const WallTimes& walls)
      : violations_(violations), walls_(walls) {}

  // SET key value PX lasts_ms, asked of `node`. Requires: the value is unique,
  // and what became of the set before it, of this key, was told.
  Set OnSetAsked(absl::string_view key, absl::string_view value,
                 int64_t lasts_ms, uint32_t node);
  void OnSetDone(const Set& set);
  void OnSetNotDone(const Set& set);

  // Whatever looks at the key. `node`: that its clock decides, as for the NX of
  // a SET; else whoever leads.
  Read OnReadAsked(absl::string_view key, uint32_t node = WallTimes::kAllNodes);
  // What it was told: that there is no key, ...
  void OnGone(const Read& read);
  // (told to `set` itself, which has an NX)
  void OnGoneForSet(const Read& read, const Set& set);
  // ... some value, ...
  void OnThere(const Read& read);
  // ... this value, ...
  void OnValue(const Read& read, absl::string_view value);
  // ... a value that lasts so long, or until then.
  void OnTimeLeft(const Read& read, int64_t left_ms);
  void OnDeadline(const Read& read, int64_t deadline_ms);

  uint64_t told_there() const { return told_there_; }
  uint64_t told_gone() const { return told_gone_; }

 private:
  static constexpr uint64_t kNever = UINT64_MAX;

  enum class State : uint8_t { kOpen, kDone, kNotDone };

  // Times are counts of what was reported here.
  struct Value {
    size_t number = 0;
    std::string text;
    int64_t lasts_ms = 0;
    uint32_t node = 0;
    WallTimes::Moment begin;
    State state = State::kOpen;
    uint64_t done = kNever;  // When the client was told.
    uint64_t seen = kNever;  // When a reader was first told of it.
    uint64_t gone = kNever;  // When a reader was told that it is gone.
    // kDone: as exactly as it is known.
    WallTimes::Span deadline;
  };
  using Values = std::vector<Value>;

  WallTimes::Span DeadlineOf(const Value& value) const;
  // Those that a read, answered now, may have found: all from the last one that
  // was there for certain when it was asked.
  std::vector<Value*> Possible(const Read& read);
  // Of `possible`, those that may be there still.
  std::vector<Value*> Alive(const std::vector<Value*>& possible,
                            const Read& read) const;
  // As Alive() of Possible(); reports if there is none.
  std::vector<Value*> MustBeThere(const Read& read, absl::string_view told);
  // Whether it was certainly set, was certainly gone, when the read was asked.
  static bool WasSet(const Value& value, const Read& read) {
    return value.done < read.asked || value.seen < read.asked ||
           value.number == read.behind;
  }
  static bool WasGone(const Value& value, const Read& read) {
    return value.gone < read.asked;
  }
  std::string Describe(const Value& value) const;
  std::string DescribeClocks(const Read& read) const;
  void Report(absl::string_view check, const Read& read, absl::string_view told,
              absl::string_view why);

  Violations& violations_;
  const WallTimes& walls_;
  absl::btree_map<std::string, Values> keys_;
  uint64_t now_ = 0;
  uint64_t told_there_ = 0;
  uint64_t told_gone_ = 0;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_LEASE_BOOKS_H_
