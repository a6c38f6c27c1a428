// What each Redis command means: which commands of the keyspace it asks for,
// and how their answers are worded.
//
// A request either is answered at once (PING, INFO, a syntax error) or becomes
// commands of the keyspace whose replies are worded later. A plan holds both
// kinds in order, for everything that a connection asked for in one go.
//
// Knows nothing of connections and of Raft: pure.

#ifndef KV_RESP_COMMANDS_H_
#define KV_RESP_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/reply.h"
#include "net/address.h"
#include "raft/node.h"

namespace kv {

// What a client may ask about the server.
struct ServerFacts {
  raft::NodeStatus raft;
  raft::StorageStatus storage;
  runtime::NodeId self;
  size_t members = 0;                        // Configured.
  net::Address redis;                        // Ours.
  std::optional<net::Address> leader_redis;  // Of the leader, if known.
  size_t clients = 0;
  size_t clients_max = 0;
  size_t keys = 0;  // As applied here; may lag behind.
  absl::Duration uptime;
  absl::Time wall;
};

// What the server remembers of one connection.
struct RespClient {
  uint64_t id = 0;
  std::string address;
  std::string name;
  std::string library;
  std::string library_version;
  bool quit = false;  // Close once everything is answered.
};

// How the answer to one request is worded.
enum class Wording : uint8_t {
  kAtOnce,   // Already is: the next piece of RespPlan's text.
  kInteger,  // :7
  kBulk,     // The text, or nil.
  kOk,       // +OK
  kOkOrNil,  // +OK if the reply is 1, nil if it is 0.
  kList,     // An array of texts and nils.
  kType,     // +string if the reply is 1, +none if it is 0.
};

class RespPlan {
 public:
  void Clear();
  bool empty() const { return slots_.empty(); }

  // The commands of the keyspace that must be executed, in order.
  const CommandBatch& commands() const { return commands_; }
  // Bytes of answers that are given already.
  size_t text_bytes() const { return text_.size(); }

  // Words the next answers, up to the one that needs the first reply that is
  // not in `results`. Returns how many replies it used.
  size_t Word(const runtime::Bytes& results, std::string& out);
  // Words all answers that are left; those that need a reply get this error.
  void WordError(absl::string_view error, std::string& out);
  // Whether all answers are worded.
  bool done() const { return next_ == slots_.size(); }

  // For those who plan: the next request is answered by what they append to
  // the returned text before the next call, ...
  std::string& AnswerAtOnce();
  // ... or by the reply to this command, worded so.
  CommandBatch& AnswerLater(Wording wording);
  // Keeps `text` for as long as the plan: for words that lie nowhere else.
  absl::string_view Own(std::string text) {
    return commands_.Own(std::move(text));
  }

 private:
  struct Slot {
    Wording wording;
    size_t text_begin;  // kAtOnce: up to the begin of the next slot's.
  };

  absl::string_view TextOf(size_t slot) const;

  CommandBatch commands_;
  std::vector<Slot> slots_;
  std::string text_;
  size_t next_ = 0;  // The first slot that is not worded.
};

// Adds the request `args` (not empty) to `plan`. The views must live as long as
// the plan is used.
void PlanRequest(std::span<const absl::string_view> args, RespClient& client,
                 absl::FunctionRef<ServerFacts()> facts, RespPlan& plan);

// The error line for an entry that was not executed: "BUSY try again later".
std::string ErrorOf(const EntryReply& reply);

}  // namespace kv

#endif  // KV_RESP_COMMANDS_H_
