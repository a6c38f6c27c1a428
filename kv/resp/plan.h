// Everything that a connection asked for in one go: the commands of the
// keyspace that must be executed, and how all answers are worded, in order.
//
// Knows nothing of connections and of Raft: pure.

#ifndef KV_RESP_PLAN_H_
#define KV_RESP_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/reply.h"
#include "kv/resp/client.h"
#include "kv/resp/command_stats.h"
#include "kv/resp/writer.h"

namespace kv {

class RespPlan {
 public:
  // `stats` outlives this. Null: nothing is counted.
  explicit RespPlan(CommandStats* stats = nullptr) : stats_(stats) {}

  void Clear();
  bool empty() const { return slots_.empty(); }
  size_t answers() const { return slots_.size(); }

  // The commands of the keyspace that must be executed, in order.
  const CommandBatch& commands() const { return commands_; }
  // Bytes of answers that are given already.
  size_t text_bytes() const { return text_.size(); }
  // What comes next depends on an answer of this plan: carry it out first.
  bool complete() const { return complete_; }

  // Words the next answers, up to the one that needs the first reply that is
  // not in `results`. Returns how many replies it used.
  size_t Word(const runtime::Bytes& results, std::string& out);
  // Words all answers that are left; those that need a reply get this error.
  void WordError(absl::string_view error, std::string& out);
  // All is done, and took so long from beginning to end: counts it. Once.
  void Count(absl::Duration took);
  // Whether all answers are worded.
  bool done() const { return next_ == slots_.size(); }

  // ---- For those who plan; `client` is who asks. The next request is answered
  // by what they write before the next call, ...
  RespWriter AnswerAtOnce(RespClient& client);
  // ... or by the reply to this command, ...
  void AnswerLater(RespClient& client, Operation operation,
                   std::span<const absl::string_view> args);
  // ... or by OK, once the versions of these keys are remembered in `client`,
  // which must live as long as the plan is used, ...
  void AnswerWatching(RespClient& client,
                      std::span<const absl::string_view> keys);
  // ... or by an array: the `given` answers, those that are nothing being the
  // replies to `commands`, in order; or by null, if a watched key has changed.
  void AnswerTransaction(RespClient& client,
                         std::span<const WatchedKey> watched,
                         const CommandBatch& commands,
                         std::vector<std::optional<std::string>> given);

  // ---- For the counts; for those who plan.
  // What was answered last is a call of this command, which took so long to
  // plan; or, if it needs a reply, as long as it will take.
  void CountAs(CommandStats::Id command, absl::Duration took = {});
  // What was answered last is a transaction of these commands: those of the
  // keyspace, in order, and kNone for all others.
  void CountWithin(std::vector<CommandStats::Id> commands) {
    slots_.back().within = std::move(commands);
  }

  // Keeps `text` for as long as the plan: for words that lie nowhere else.
  absl::string_view Own(std::string text) {
    return commands_.Own(std::move(text));
  }

 private:
  enum class Kind : uint8_t { kAtOnce, kReply, kWatching, kTransaction };

  struct Slot {
    Kind kind;
    RespVersion version;
    bool silent;        // The client does not want to hear it.
    size_t text_begin;  // kAtOnce: up to the begin of the next slot's.
    // kTransaction.
    std::vector<std::optional<std::string>> given;
    CommandStats::Id command = CommandStats::kNone;
    std::vector<CommandStats::Id> within;  // kTransaction.
    bool failed = false;
  };

  Slot& AddSlot(RespClient& client, Kind kind);
  absl::string_view TextOf(size_t slot) const;
  // False if the reply is not there, or not what it must be.
  bool WordOne(const Slot& slot, ResultReader& replies, RespWriter& out);
  // If it is an error.
  void CountError(absl::string_view answer, CommandStats::Id command);
  bool WordWatching(ResultReader& replies, RespWriter& out);
  bool WordTransaction(const Slot& slot, ResultReader& replies,
                       RespWriter& out);

  CommandStats* const stats_;
  CommandBatch commands_;
  std::vector<Slot> slots_;
  std::string text_;
  size_t next_ = 0;  // The first slot that is not worded.
  bool complete_ = false;
  // Of the one kWatching, which is the last slot of its plan.
  RespClient* watcher_ = nullptr;
  std::vector<std::string> watching_;
};

}  // namespace kv

#endif  // KV_RESP_PLAN_H_
