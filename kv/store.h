// The replicated Redis keyspace: the state machine that Raft drives.
//
// Payloads are entries (kv/command.h), results are replies (kv/reply.h). What
// an entry says is all that matters: no clock, no dice.
//
// Reads that need no place in the log go through Read(), right after
// Node::ReadBarrier() has said that they may.

#ifndef KV_STORE_H_
#define KV_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/strings/string_view.h"

#include "kv/command.h"
#include "kv/keyspace.h"
#include "kv/reply.h"
#include "kv/sessions.h"
#include "raft/state_machine.h"
#include "runtime/bytes.h"

namespace kv {

class Store final : public raft::StateMachine {
 public:
  // Values do not grow beyond it, and one reply carries no more in all.
  static constexpr size_t kValueBytesMax = kEntryBytesMax;

  // `sessions_max`: see kv/sessions.h.
  explicit Store(size_t sessions_max = Sessions::kSessionsMax)
      : sessions_(sessions_max) {}

  // raft::StateMachine. A payload that is not an entry changes nothing, alike
  // on every node.
  void Apply(std::span<const raft::Command> commands,
             std::span<runtime::Bytes> results) override;
  uint64_t StateHash() const override;

  // The replies to commands that only read, from `first` on. Never suspends.
  // Requires: batch.read_only().
  runtime::Bytes Read(const CommandBatch& batch, size_t first = 0);

  // For people and tests; linearizable only right after a read barrier. The
  // view lives until the next Apply().
  std::optional<absl::string_view> Get(absl::string_view key) const {
    return keyspace_.Get(key);
  }
  size_t key_count() const { return keyspace_.size(); }
  size_t session_count() const { return sessions_.size(); }

 private:
  runtime::Bytes ApplyEntry(const raft::Command& command);
  // Fills writer_ with the replies to the commands of the entry at `index`.
  void ExecuteBatch(const CommandBatch& batch, size_t first, raft::Index index);
  void Execute(const CommandView& command, raft::Index index);

  void Get(const CommandView& command);
  void MultiGet(const CommandView& command);
  void Set(const CommandView& command);
  void Put(const CommandView& command);
  void Increment(const CommandView& command);
  void Append(const CommandView& command);
  void CompareAndSet(const CommandView& command);
  void MultiSet(const CommandView& command);
  void Delete(const CommandView& command);
  void Exists(const CommandView& command);

  Keyspace keyspace_;
  Sessions sessions_;

  // Kept for their room only; they hold nothing between two calls.
  CommandBatch batch_;
  ResultWriter writer_;
};

}  // namespace kv

#endif  // KV_STORE_H_
