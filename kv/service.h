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

#include "raft/stage_times.h"
#include "runtime/bytes.h"

namespace kv {

// What one command does: for most, the Redis command of that name, with its
// arguments (kv/commands/table.h has the names). Values on the wire and in the
// log: never renumber.
enum class Operation : uint16_t {
  // Strings.
  kGet = 1,
  kSet = 2,        // Not Redis': args key, value[, "NX" | "XX"]. Answers the
                   // previous value or nil. NX sets only if there was none, XX
                   // only if there was one: the answer tells whether it did.
  kIncrement = 3,  // INCRBY.
  kAppend = 6,
  kCompareAndSet = 7,  // Not Redis': args key, expected, value. Answers 1 or 0.
  kSetIfAbsent = 8,    // SETNX.
  kPut = 10,           // Not Redis': as kSet, but answers 1 or 0.
  kMultiGet = 11,
  kMultiSet = 12,
  kLength = 13,      // STRLEN.
  kSetCommand = 15,  // SET, with all its options.
  kSetEx = 16,
  kPSetEx = 17,
  kGetEx = 18,
  kGetDel = 19,
  kGetSet = 20,
  kMultiSetIfAbsent = 21,  // MSETNX.
  kGetRange = 22,
  kSetRange = 23,
  kIncr = 24,
  kDecr = 25,
  kDecrBy = 26,
  kIncrByFloat = 27,
  kLcs = 28,
  kGetBit = 29,
  kSetBit = 30,

  // Keys of any type.
  kDelete = 4,  // DEL, UNLINK.
  kExists = 5,
  kCount = 14,  // DBSIZE.
  kType = 40,
  kKeys = 41,
  kScan = 42,
  kRandomKey = 43,
  kRename = 44,
  kRenameNx = 45,
  kCopy = 46,
  kTouch = 47,
  kObject = 48,
  kFlushAll = 49,  // FLUSHALL, FLUSHDB.
  kExpire = 50,
  kPExpire = 51,
  kExpireAt = 52,
  kPExpireAt = 53,
  kTtl = 54,
  kPTtl = 55,
  kExpireTime = 56,
  kPExpireTime = 57,
  kPersist = 58,
  kMemory = 59,

  // Not Redis': what the server itself puts into the log.
  kOpenSession = 9,   // Answers the session's id.
  kExpireDue = 70,    // args: how many at most. Removes keys that are due.
                      // Answers how many.
  kVersions = 71,     // WATCH. args: key... Answers the version of each.
  kTransaction = 72,  // EXEC. See kv/commands/transaction.h.

  kHSet = 80,
  kHSetNx = 81,
  kHMSet = 82,
  kHGet = 83,
  kHMGet = 84,
  kHGetAll = 85,
  kHKeys = 86,
  kHVals = 87,
  kHLen = 88,
  kHStrLen = 89,
  kHExists = 90,
  kHDel = 91,
  kHIncrBy = 92,
  kHIncrByFloat = 93,
  kHRandField = 94,
  kHScan = 95,

  kLPush = 100,
  kRPush = 101,
  kLPushX = 102,
  kRPushX = 103,
  kLPop = 104,
  kRPop = 105,
  kLLen = 106,
  kLIndex = 107,
  kLSet = 108,
  kLRange = 109,
  kLTrim = 110,
  kLRem = 111,
  kLInsert = 112,
  kLPos = 113,
  kLMove = 114,
  kRPopLPush = 115,
  kLMPop = 116,

  kSAdd = 120,
  kSRem = 121,
  kSMembers = 122,
  kSIsMember = 123,
  kSMIsMember = 124,
  kSCard = 125,
  kSPop = 126,
  kSRandMember = 127,
  kSMove = 128,
  kSInter = 129,
  kSInterStore = 130,
  kSInterCard = 131,
  kSUnion = 132,
  kSUnionStore = 133,
  kSDiff = 134,
  kSDiffStore = 135,
  kSScan = 136,

  kZAdd = 150,
  kZIncrBy = 151,
  kZRem = 152,
  kZScore = 153,
  kZMScore = 154,
  kZCard = 155,
  kZCount = 156,
  kZLexCount = 157,
  kZRank = 158,
  kZRevRank = 159,
  kZRange = 160,
  kZRevRange = 161,
  kZRangeByScore = 162,
  kZRevRangeByScore = 163,
  kZRangeByLex = 164,
  kZRevRangeByLex = 165,
  kZRangeStore = 166,
  kZRemRangeByRank = 167,
  kZRemRangeByScore = 168,
  kZRemRangeByLex = 169,
  kZPopMin = 170,
  kZPopMax = 171,
  kZMPop = 172,
  kZRandMember = 173,
  kZUnion = 174,
  kZUnionStore = 175,
  kZInter = 176,
  kZInterStore = 177,
  kZInterCard = 178,
  kZDiff = 179,
  kZDiffStore = 180,
  kZScan = 181,
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
    kWrongType = 2,       // Done nothing: not to such a value, or not so.
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
// Nothing is done for one of another cluster.
struct EntryRequest {
  uint64_t founding = 0;  // Of the asker's cluster.
  runtime::Bytes entry;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(founding, entry);
  }
};

// What became of an entry as a whole; what became of each command is in the
// results.
struct EntryReply {
  KvReply::Code code = KvReply::Code::kUnknown;  // kOk: `results` is valid.
  uint64_t leader = 0;                           // kNotLeader; 0: not known.
  runtime::Bytes results;                        // kv/reply.h.
  std::string text;                              // What is wrong.
  // kOk, of a write on the leader itself; does not travel.
  std::optional<raft::StageTimes> stages;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, leader, results, text);
  }
};

inline constexpr const char* kForwardMethod = "kv.Forward";

// Who answers there, and what does its wall clock say?
struct ClockRequest {
  template <class Archive>
  void serialize(Archive& /*archive*/) {}
};

struct ClockReply {
  uint64_t node = 0;
  uint64_t founding = 0;   // Of its cluster.
  int64_t wall_nanos = 0;  // Since 1970, UTC.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(node, founding, wall_nanos);
  }
};

inline constexpr const char* kClockMethod = "kv.Clock";

}  // namespace kv

#endif  // KV_SERVICE_H_
