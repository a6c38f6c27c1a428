// The stores that were handed out and are not yet known to be durable, and so:
// how far our own log is durable.
//
// "Durable up to index i" is a statement about the entries the log holds now,
// not about places in it. When a log is cut and grows again, a sync that was
// under way speaks of the entries that were cut; so each store remembers how
// much of what it completed is still in the log, and a cut shrinks that.

#ifndef RAFT_CORE_UNSYNCED_H_
#define RAFT_CORE_UNSYNCED_H_

#include <deque>
#include <optional>

#include "raft/core/message.h"
#include "runtime/instant.h"

namespace raft {

class Unsynced {
 public:
  // A log recovered from the medium is durable up to its end.
  explicit Unsynced(Index recovered) : last_(recovered), durable_(recovered) {}

  // The next store is being filled. It is the last one until the next call.
  // Requires: sequence is larger than any before it.
  void Begin(Sequence sequence, runtime::Instant now);

  // The last store, when durable, completes the log up to `last`.
  // Requires: a store has begun and is not durable.
  void AppendedUpTo(Index last);

  // The log was cut: `from` and what was behind it is no more.
  void TruncatedFrom(Index from);

  // The stream of stores is durable up to `sequence`.
  void SyncedUpTo(Sequence sequence);

  // Every entry of the log up to here is durable as it is now.
  Index durable_index() const { return durable_; }

  // The entries up to `index` are durable once the stream is durable up to
  // here; 0: they are already.
  // Requires: index <= the end of the log.
  Sequence DurableAfter(Index index) const;

  // When the oldest store that is not durable was handed out.
  std::optional<runtime::Instant> oldest() const;

 private:
  struct Waiting {
    Sequence sequence;
    Index completes;  // The log, as it is now, is durable up to here after it.
    runtime::Instant since;
  };

  Index last_;                   // The end of the log, durable or not.
  Index durable_;                // <= last_.
  std::deque<Waiting> waiting_;  // Sequences grow, `completes` never shrinks.
};

}  // namespace raft

#endif  // RAFT_CORE_UNSYNCED_H_
