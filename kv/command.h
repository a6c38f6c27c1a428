// Commands, and the log entry that carries them.
//
// An entry is one or more commands, executed in order and without anything
// between them, under one stamp of a session. A pipeline of a Redis connection
// travels as one entry: its commands keep their order whatever happens to the
// leader, and cost one place in the log.
//
// Encoding (all numbers varints, see kv/varint.h):
//
//   version:1 byte  session  sequence  first_pending  now_ms  dice  count
//   count times:  operation  arguments  { length bytes } each
//
// It is the same on every machine: equal entries have equal bytes. Time and
// chance are decided by whoever makes an entry, and written into it; nothing in
// it depends on where it is applied. Version 1 had neither now_ms nor dice: it
// is read as if they were 0.

#ifndef KV_COMMAND_H_
#define KV_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/service.h"
#include "runtime/bytes.h"

namespace kv {

// What one request of a client may weigh at most; encoded it weighs less. An
// entry is copied, checksummed, sent and written whole, between two heartbeats:
// that bounds it, not memory.
inline constexpr size_t kRequestBytesMax = 64 << 20;
// What an encoded entry may weigh at most: the largest request, and what a
// transaction watches. The frames of net/peer_transport.h and the calls of
// kv/peers.h must carry it.
inline constexpr size_t kEntryBytesMax = kRequestBytesMax + (4 << 20);
inline constexpr size_t kEntryCommandsMax = 1024;
// What an entry weighs beyond its commands, at most.
inline constexpr size_t kStampBytesMax = 96;
// Words of one request, as many as Redis' own tools send.
inline constexpr size_t kArgumentsMax = 1 << 20;
// What a word that waits for EXEC counts for beyond its bytes.
inline constexpr size_t kWordOverheadBytes = 32;
// Keys that a connection may watch.
inline constexpr size_t kWatchedMax = 16 << 10;
// Of one command of an entry: a transaction has the words of many requests.
inline constexpr size_t kEntryArgumentsMax =
    kRequestBytesMax / kWordOverheadBytes + kWatchedMax + 1;

// What so many bytes may take beyond the time that a small request has.
inline absl::Duration TransferTime(size_t bytes) {
  constexpr int64_t kBytesPerSecond = 8 << 20;
  return absl::Seconds(1) * static_cast<int64_t>(bytes) / kBytesPerSecond;
}

// Whose entry it is; see kv/service.h. Session 0: nobody's.
struct SessionStamp {
  uint64_t session = 0;
  uint64_t sequence = 0;
  uint64_t first_pending = 0;

  friend bool operator==(const SessionStamp&, const SessionStamp&) = default;
};

// What must be decided once, before a command is executed anywhere.
struct Decisions {
  // Milliseconds since 1970 on the clock of who decided; 0: there is no time,
  // and nothing expires.
  int64_t now_ms = 0;
  // The seed of what is random in the commands. 0 if nothing is.
  uint64_t dice = 0;

  friend bool operator==(const Decisions&, const Decisions&) = default;
};

// One command; the views belong to whoever made it.
struct CommandView {
  Operation operation = Operation::kGet;
  std::span<const absl::string_view> args;
};

// Whether it is a command at all: a known operation with as many arguments as
// it can have. What they say is checked when it is executed.
// Errors: INVALID_ARGUMENT, saying what is wrong.
absl::Status CheckCommand(const CommandView& command);

// Commands in order, as views into memory that somebody else keeps (the read
// buffer of a connection, an encoded entry). Reuse one: it keeps its room.
class CommandBatch {
 public:
  void Clear();

  void Add(Operation operation, std::span<const absl::string_view> args);
  void Add(Operation operation, std::initializer_list<absl::string_view> args) {
    Add(operation, std::span(args.begin(), args.size()));
  }
  // Keeps `text` for as long as the commands: for arguments that lie nowhere
  // else.
  absl::string_view Own(std::string text);

  size_t size() const { return commands_.size(); }
  bool empty() const { return commands_.empty(); }
  CommandView operator[](size_t i) const {
    const Placed& command = commands_[i];
    return {command.operation,
            std::span(args_).subspan(command.first, command.count)};
  }
  // Reading changes nothing, so it needs no entry in the log.
  bool read_only() const { return read_only_; }
  // Whether any of them draws dice.
  bool random() const { return random_; }
  // Whether executing them may take long: one of them walks, or has very many
  // arguments.
  bool walks() const { return walks_; }
  // What the commands weigh when encoded, without the stamp.
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kManyArguments = 1024;

  struct Placed {
    Operation operation;
    size_t first;  // In args_.
    size_t count;
  };

  std::vector<Placed> commands_;
  std::vector<absl::string_view> args_;
  std::deque<std::string> owned_;  // Never moves what it holds.
  size_t bytes_ = 0;
  bool read_only_ = true;
  bool random_ = false;
  bool walks_ = false;
};

// The commands from `first` on, copied once, into a slab of their own.
// Requires: there are some; decisions.now_ms >= 0.
runtime::Bytes EncodeEntry(const SessionStamp& stamp,
                           const Decisions& decisions,
                           const CommandBatch& batch, size_t first = 0);

// Fills `stamp`, `decisions` and `batch`, whose views then lie in `bytes`.
// Errors: INVALID_ARGUMENT: not an entry that EncodeEntry() could have made of
//         commands that pass CheckCommand(), or beyond the bounds above. Then
//         `batch` holds nothing useful.
absl::Status DecodeEntry(absl::string_view bytes, SessionStamp& stamp,
                         Decisions& decisions, CommandBatch& batch);

}  // namespace kv

#endif  // KV_COMMAND_H_
