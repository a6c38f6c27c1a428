// Who has done what already: the table that makes retries harmless.
//
// Thesis §6.3. A session is opened by a log entry, whose index is its id. Its
// client numbers its entries from 1 and may have many under way at once, so
// they may arrive in any order; the result of each is kept until the client
// says, by `first_pending`, that it needs it no longer. An entry that comes
// again is answered with the kept result; one below `first_pending` is refused,
// for whether it was executed is no longer known here; one of a session that
// does not exist (any more) is refused and never executed.
//
// The table is part of the replicated state: it changes only by applied
// entries, so it is the same on every node and its hash belongs to StateHash().
// Time plays no part: who was not heard of for the longest stretch of log goes
// first when there are too many.

#ifndef KV_SESSIONS_H_
#define KV_SESSIONS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "absl/container/btree_map.h"

#include "kv/command.h"
#include "raft/core/message.h"
#include "runtime/bytes.h"

namespace kv {

class Sessions {
 public:
  // Changing any of these changes what a log means.
  static constexpr size_t kSessionsMax = 4096;
  // Kept results of one session; beyond either, its entries are refused as busy
  // until the client acknowledges some.
  static constexpr size_t kResultsMax = 16384;
  static constexpr size_t kResultBytesMax = 64 << 20;

  enum class Verdict : uint8_t {
    kFresh,      // Execute it, then Record() the result.
    kDuplicate,  // Answer with `result`.
    kExpired,    // Refuse: the session, or the result, is gone.
    kBusy,       // Refuse: too many results wait to be acknowledged.
    kInvalid,    // Refuse: no client numbers its entries like this.
  };
  struct Admission {
    Verdict verdict = Verdict::kInvalid;
    const runtime::Bytes* result = nullptr;  // kDuplicate; until the next call.
  };

  // Beyond `sessions_max` the least recently used session is dropped. Requires:
  // it is not 0, and the same on every node that ever applies this log.
  explicit Sessions(size_t sessions_max = kSessionsMax)
      : sessions_max_(sessions_max) {}

  // The entry at `index` opens a session of that id.
  void Open(raft::Index index);

  // What to do with an entry stamped `stamp` that stands at `index`. Forgets
  // what the stamp acknowledges. Requires: stamp.session != 0.
  Admission Admit(const SessionStamp& stamp, raft::Index index);

  // Requires: Admit() has just said kFresh to `stamp`.
  void Record(const SessionStamp& stamp, runtime::Bytes result);

  size_t size() const { return sessions_.size(); }
  // Equal tables, equal hashes.
  uint64_t hash() const { return hash_; }

 private:
  struct Kept {
    runtime::Bytes result;
    uint64_t hash = 0;  // What it adds to the table's.
  };
  // Ids, the one that was not heard of for longest first.
  using ByUse = std::list<uint64_t>;
  struct Session {
    uint64_t last_used = 0;  // A log index.
    ByUse::iterator place;
    uint64_t first_pending = 1;  // Results below are forgotten. Never falls.
    absl::btree_map<uint64_t, Kept> results;  // By sequence.
    size_t result_bytes = 0;
  };

  static uint64_t HashOf(uint64_t id, const Session& session);
  static uint64_t HashOf(uint64_t id, uint64_t sequence,
                         const runtime::Bytes& result);
  void Forget(Session& session, uint64_t first_pending);
  void EvictOldest();

  const size_t sessions_max_;
  absl::btree_map<uint64_t, std::unique_ptr<Session>> sessions_;  // By id.
  ByUse by_use_;
  Session* admitted_ = nullptr;  // By the last Admit(), if it said kFresh.
  uint64_t hash_ = 0;
};

}  // namespace kv

#endif  // KV_SESSIONS_H_
