// Durable state as the Raft driver sees it: one ordered stream of stores per
// group, and the news of how far it is durable.
//
// A store (hard state, truncation, entries) is one step; after a crash the
// state is that of some prefix of the stream which contains everything that was
// reported durable. So "the term is durable before its entries" needs no code:
// it is an order. Reports are in order and cumulative.
//
// Any failure of the medium is final: the sink hears OnFailure() once and
// nothing more is reported durable, ever. The owner ends the process.
//
// Implementations: persist/disk_persister.h (the write-ahead log on a Disk),
//                  persist/memory_persister.h (for tests and teaching).
// Both pass:       tests/persist/persister_test.cc
//
// Concurrency: the calls may come from one executor (the network runtime of
// the process); the work happens on another (its storage runtime); the sink is
// called on the executor of the caller.

#ifndef PERSIST_PERSISTER_H_
#define PERSIST_PERSISTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "persist/record.h"
#include "runtime/identity.h"
#include "runtime/ids.h"

namespace persist {

// One step of a group's stream. At least one part is there.
struct Store {
  runtime::GroupId group;
  Sequence sequence;  // 1, 2, 3 … within one life of the process.
  std::optional<HardState> hard_state;
  // Drop this index and everything behind it, before `entries` are added.
  std::optional<Index> truncate_from;
  // Contiguous; the first follows what is left of the log.
  std::vector<Record> entries;
};

// A group as the medium remembers it.
struct RecoveredGroup {
  runtime::GroupId group;
  HardState hard_state;
  std::vector<Record> entries;  // Contiguous from index 1.
};

// Whose medium it is.
struct Owner {
  runtime::ClusterId cluster;
  runtime::NodeId node;

  friend bool operator==(const Owner&, const Owner&) = default;
};

// What a medium says of itself before anybody has touched it.
struct Claim {
  // Something that was promised may be there: an owner that is named counts.
  // Without a log it is the trace of a start that came to nothing.
  bool has_log = false;
  std::optional<Owner> owner;  // None: a fresh medium.
  runtime::Identity identity;  // None also where an old version began.
};

struct Recovered {
  // This life: larger than any before it, and already durable.
  runtime::Incarnation incarnation;
  // Of the medium; none where a version without identities began.
  runtime::Identity identity;
  // As KeepFounding() was told; 0: never.
  uint64_t founding = 0;
  std::vector<RecoveredGroup> groups;  // By group id.
};

// Never suspends in any of these.
class PersisterSink {
 public:
  virtual ~PersisterSink() = default;
  // Everything of `group` up to `upto` is durable. Grows with every call.
  virtual void OnDurable(runtime::GroupId group, Sequence upto) = 0;
  // The medium failed: nothing after what was reported may be relied on.
  virtual void OnFailure(const absl::Status& why) = 0;
};

// What of the caller's next stores there is room for. Only advice: Submit()
// takes everything.
enum class StoreRoom : uint8_t {
  kFree,
  kFull,  // Leave what somebody will offer again: entries.
  kNone,  // Leave also what would be a promise: a vote, a term.
};

struct PersisterStats {
  uint64_t stores = 0;   // Submitted.
  uint64_t batches = 0;  // Each one write and one sync.
  uint64_t bytes = 0;
  // Submitted, and not reported durable.
  uint64_t stores_waiting = 0;
  uint64_t bytes_waiting = 0;  // Their payloads.
  uint64_t stores_waiting_peak = 0;
  uint64_t bytes_waiting_peak = 0;
  // Of the oldest of them; 0: none waits.
  absl::Duration oldest_age = absl::ZeroDuration();
};

class Persister {
 public:
  Persister(const Persister&) = delete;
  Persister& operator=(const Persister&) = delete;
  virtual ~Persister() = default;

  // What is there. Changes nothing, not even on a fresh medium. May come
  // before Recover(), or not. Suspends.
  // Errors: DATA_LOSS  there is a log, and whose it is cannot be read.
  virtual absl::StatusOr<Claim> Inspect() = 0;

  // Makes a medium without a log ours, durably: it keeps its identity if it was
  // ours already and else gets `fresh`, whoever it was meant for before. A
  // medium with a log of ours stays as it is. Returns the identity that is
  // durable now. May come before Recover(), and must where there is no log: no
  // medium becomes ours by accident. Suspends.
  // Errors: FAILED_PRECONDITION  it has a log of another node or cluster, or is
  //                              in use.
  //         Others               those of Recover().
  virtual absl::StatusOr<runtime::Identity> Prepare(
      runtime::Identity fresh) = 0;

  // Reads what the last life left, repairs a torn tail and makes the new
  // incarnation durable. Once, before all but Inspect() and Prepare().
  // Suspends.
  // Errors: DATA_LOSS          acknowledged data is damaged: refuses to start,
  //                            naming file, offset and group.
  //         FAILED_PRECONDITION  not of this node or cluster, or in use; or no
  //                              log and no Prepare(), and nothing was touched.
  //         RESOURCE_EXHAUSTED   no room to start.
  virtual absl::StatusOr<Recovered> Recover() = 0;

  // Keeps who founded the cluster that the log belongs to, durably: the
  // fingerprint of its founding entry, not 0. Once, after a Recover() that did
  // not know it. Suspends.
  // Errors: those of the medium, of which the sinks hear, too.
  virtual absl::Status KeepFounding(uint64_t fingerprint) = 0;

  // Where the news goes. Before the first Submit(); must outlive this.
  virtual void SetSink(runtime::GroupId group, PersisterSink* sink) = 0;

  // Takes the next step of a group's stream. Never suspends; what waits is
  // bounded by the caller, who asks for room() before.
  // Requires: sequence follows the group's last one.
  virtual void Submit(Store store) = 0;

  // For all groups together.
  virtual StoreRoom room() const = 0;

  virtual PersisterStats stats() const = 0;

  // Suspends until everything submitted is durable or has failed, and its
  // fibers have ended.
  virtual absl::Status Stop() = 0;

 protected:
  Persister() = default;
};

}  // namespace persist

#endif  // PERSIST_PERSISTER_H_
