// The keyspace over RPC: what simulated clients, and nodes that forward for
// Redis clients, ask a node to do. Plain structs for net/rpc_server.h and
// net/client_end.h.
//
// Sessions make retries harmless (thesis §6.3): a client opens a session,
// which is a log entry whose index is its id, and numbers its commands. A
// command that arrives twice is applied once and answered twice with the same
// result. A session that has expired is refused, never silently re-executed.

#ifndef KV_SERVICE_H_
#define KV_SERVICE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/bytes.h"

namespace kv {

// What one command does. Values on the wire and in the log: never renumber.
// The kinds and arguments of each are checked by kv/command.h.
enum class Operation : uint8_t {
  kGet = 1,        // args: key. Answers the value or nil.
  kSet = 2,        // args: key, value[, "NX" | "XX"]. Answers the previous
                   // value or nil. NX sets only if there was none, XX only if
                   // there was one: so the answer also tells whether it did.
  kIncrement = 3,  // args: key, amount as decimal text. Answers the new value.
  kDelete = 4,     // args: key... Answers how many there were.
  kExists = 5,     // args: key... Answers how many there are.
  kAppend = 6,     // args: key, text. Answers the new length.
  kCompareAndSet = 7,  // args: key, expected, value. Answers 1 or 0.
  kSetIfAbsent = 8,    // args: key, value. Answers 1 or 0.
  kOpenSession = 9,    // Answers the session's id.
  kPut = 10,           // args: key, value[, "NX" | "XX"]. As kSet, but answers
                       // 1 or 0: nothing large travels back.
  kMultiGet = 11,      // args: key... Answers `values`.
  kMultiSet = 12,      // args: key, value, key, value... Answers how many.
  kLength = 13,        // args: key. Answers the length of the value, 0 if none.
  kCount = 14,         // Answers how many keys there are.
};

struct KvRequest {
  Operation operation = Operation::kGet;
  std::vector<std::string> args;
  // 0: no session; a retry may be applied twice.
  uint64_t session = 0;
  uint64_t sequence = 0;       // From 1, in order of first sending.
  uint64_t first_pending = 0;  // All results below are no longer needed.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(operation, args, session, sequence, first_pending);
  }
};

struct KvReply {
  enum class Code : uint8_t {
    kOk = 0,
    kNil = 1,             // Done; there is no value.
    kWrongType = 2,       // Done nothing: the value is not of the right kind.
    kNotLeader = 3,       // Done nothing: ask `leader` (0: not known).
    kBusy = 4,            // Done nothing: try again later.
    kUnknown = 5,         // May take effect later, or never.
    kSessionExpired = 6,  // Done nothing now; an earlier try may have been.
    kInvalid = 7,         // Done nothing: malformed.
    kLost = 8,            // Done nothing, proved.
  };
  Code code = Code::kUnknown;
  bool is_integer = false;
  int64_t integer = 0;
  std::string text;     // The value, or what is wrong.
  uint64_t leader = 0;  // kNotLeader.
  std::vector<std::optional<std::string>> values;  // kMultiGet.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, is_integer, integer, text, leader, values);
  }
};

inline constexpr const char* kExecuteMethod = "kv.Execute";

// Between the nodes: a whole encoded entry (kv/command.h), so that a pipeline
// of commands is forwarded, proposed and answered as one, without recoding.
struct EntryRequest {
  runtime::Bytes entry;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(entry);
  }
};

// What became of an entry as a whole; what became of each command is in the
// results.
struct EntryReply {
  KvReply::Code code = KvReply::Code::kUnknown;  // kOk: `results` is valid.
  uint64_t leader = 0;                           // kNotLeader; 0: not known.
  runtime::Bytes results;                        // kv/reply.h.
  std::string text;                              // What is wrong.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, leader, results, text);
  }
};

inline constexpr const char* kForwardMethod = "kv.Forward";

}  // namespace kv

#endif  // KV_SERVICE_H_
