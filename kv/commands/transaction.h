// MULTI ... EXEC as one command: its commands are executed together or not at
// all, decided where it stands in the log.
//
//   args[0]  varints: how many watched keys, the version of each;
//            how many commands, the operation and number of arguments of each
//   then     the watched keys, then the arguments of all commands
//
// A watched key whose version is another now (kv/keyspace.h) calls it off: the
// reply is a null array. Otherwise it is an array of the commands' replies.

#ifndef KV_COMMANDS_TRANSACTION_H_
#define KV_COMMANDS_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kv/command.h"

namespace kv {

// What a command that waits for EXEC counts for beyond its words; with what
// those count for (kv/command.h) it bounds how many there are.
inline constexpr size_t kCommandOverheadBytes = 128;
inline constexpr size_t kTransactionCommandsMax =
    kRequestBytesMax / (kCommandOverheadBytes + kWordOverheadBytes);

struct WatchedKey {
  std::string key;
  uint64_t version = 0;
};

// Adds it to `batch`. What the views of `commands` lie in must live as long as
// `batch` is used.
void AddTransaction(CommandBatch& batch, std::span<const WatchedKey> watched,
                    const CommandBatch& commands);

}  // namespace kv

#endif  // KV_COMMANDS_TRANSACTION_H_
