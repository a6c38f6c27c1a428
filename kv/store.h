// The replicated Redis keyspace: the state machine that Raft drives.
//
// Payloads are entries (kv/command.h), results are replies (kv/reply.h). What
// an entry says is all that matters, its time and its dice included. What each
// command does stands in kv/commands/.
//
// Reads that need no place in the log go through Read(), after
// Node::ReadBarrier() has said that they may. A key that is due is removed by
// entries only, so that its end has a place in the log and is the same for
// everybody: a read that meets one must become an entry.
//
// What takes long takes several turns of the executor (kv/pace.h), alone with
// the state or with others who only look (kv/store_gate.h): nothing else of the
// node waits for it but entries that are to be applied, and who waits for
// those.

#ifndef KV_STORE_H_
#define KV_STORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "kv/command.h"
#include "kv/keyspace.h"
#include "kv/pace.h"
#include "kv/reply.h"
#include "kv/sessions.h"
#include "kv/store_gate.h"
#include "raft/state_machine.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/instant.h"

namespace kv {

class Store final : public raft::StateMachine {
 public:
  // `sessions_max`: see kv/sessions.h. `executor`, which outlives this, is
  // where it is used: long commands then let others have their turns. Null:
  // they do not, and nothing suspends.
  explicit Store(size_t sessions_max = Sessions::kSessionsMax,
                 runtime::Executor* executor = nullptr);

  absl::Status AwaitApply() override;
  // raft::StateMachine. A payload that is not an entry changes nothing, alike
  // on every node.
  void Apply(std::span<const raft::Command> commands,
             std::span<runtime::Bytes> results) override;
  uint64_t StateHash() const override;

  // Suspends until Read() may be called: an entry may be half way through.
  // Errors: DEADLINE_EXCEEDED, CANCELLED.
  absl::Status AwaitRead(const CommandBatch& batch, runtime::Instant deadline);
  // The replies to commands that only read, from `first` on, all of one instant
  // not before the call. Nothing: one of them met a key that is due; propose
  // them instead. Suspends if they take long; `batch` must stay valid.
  // Requires: batch.read_only(); AwaitRead() has said that it may, with no
  // suspension since.
  std::optional<runtime::Bytes> Read(const CommandBatch& batch, size_t first,
                                     const Decisions& decisions);

  // So many keys of one hash slot (kv/key_slot.h) at most, due or not. Walks
  // the keys, until it has them, and suspends if that takes long. None: this
  // fiber is to stop.
  std::vector<std::string> KeysInSlot(uint32_t slot, size_t count_max);

  // For people and tests: the string at `key`, due or not; linearizable only
  // right after a read barrier. The view lives until the next Apply().
  std::optional<absl::string_view> Get(absl::string_view key) const;
  size_t key_count() const { return keyspace_.size(); }
  size_t volatile_key_count() const { return keyspace_.volatile_count(); }
  const Keyspace& keyspace() const { return keyspace_; }
  // The first deadline of a key, in milliseconds since 1970.
  std::optional<int64_t> first_deadline_ms() const {
    return keyspace_.first_deadline_ms();
  }
  size_t session_count() const { return sessions_.size(); }
  Graveyard& graveyard() { return keyspace_.graveyard(); }
  const Graveyard& graveyard() const { return keyspace_.graveyard(); }

 private:
  // An entry, decoded ahead of its execution.
  struct Entry {
    absl::Status decoded;
    SessionStamp stamp;
    Decisions decisions;
    CommandBatch batch;  // Views into what was decoded.
  };
  // So many are decoded before the first of them is executed, or fewer, when
  // they have as many commands as kKeysAhead: enough that their keys are waited
  // for together, few enough to be still in the cache then.
  static constexpr size_t kEntriesAhead = 32;
  static constexpr size_t kKeysAhead = 64;

  // Decodes the first of `commands` into entries_. Returns how many.
  size_t Decode(std::span<const raft::Command> commands);
  runtime::Bytes ApplyEntry(const Entry& entry, raft::Index index, Pace& pace);
  // Adds the keys of the next commands of `batch` to keys_ahead_.
  void LookAhead(const CommandBatch& batch, size_t first);
  // Tells the keyspace of them, and forgets them.
  void Expect();
  // What an execution needs beside the batch.
  struct Means {
    ResultWriter& writer;
    Pace& pace;
    raft::Index index;  // 0 when reading.
  };
  // Fills the writer with the replies to the commands from `first` on.
  void ExecuteBatch(const CommandBatch& batch, size_t first,
                    const Decisions& decisions, const Means& means);

  runtime::Executor* const executor_;
  std::optional<StoreGate> gate_;  // With an executor.
  Keyspace keyspace_;
  Sessions sessions_;

  // Kept for their room only; they hold nothing between two calls.
  std::array<Entry, kEntriesAhead> entries_;
  std::vector<absl::string_view> keys_ahead_;
  ResultWriter writer_;
};

}  // namespace kv

#endif  // KV_STORE_H_
