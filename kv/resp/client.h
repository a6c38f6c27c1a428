// What the server remembers of one connection.

#ifndef KV_RESP_CLIENT_H_
#define KV_RESP_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "kv/commands/transaction.h"
#include "kv/resp/writer.h"
#include "runtime/instant.h"

namespace kv {

// What was asked between MULTI and EXEC. Bounded like one request, for that is
// what they become.
struct QueuedRequests {
  std::vector<std::vector<std::string>> requests;
  size_t bytes = 0;     // With what keeping them costs.
  bool spoilt = false;  // One could not be queued: EXEC will refuse.
};

struct RespClient {
  enum class Replies : uint8_t {
    kOn,
    kOff,   // CLIENT REPLY OFF.
    kSkip,  // CLIENT REPLY SKIP: not the next one.
  };

  uint64_t id = 0;
  std::string address;
  std::string local_address;
  runtime::Instant since;   // Connected.
  runtime::Instant active;  // Asked for something last.
  // Requests whose keys are led elsewhere are answered MOVED instead of being
  // forwarded.
  bool redirects = false;

  RespVersion version = RespVersion::k2;
  std::string name;
  std::string library;
  std::string library_version;
  Replies replies = Replies::kOn;
  bool follows = false;            // READONLY: reads are not redirected.
  bool quit = false;               // Close once everything is answered.
  absl::string_view last_command;  // Lies in a table.

  bool no_evict = false;  // CLIENT NO-EVICT; nobody is ever evicted.

  // Its buffers, when somebody asks.
  size_t input_bytes = 0;   // Read, and not carried out.
  size_t input_room = 0;    // Free behind them.
  size_t answer_bytes = 0;  // Not written yet.
  size_t answer_room = 0;   // What is set aside for them.

  std::optional<QueuedRequests> queued;  // Between MULTI and EXEC.
  std::vector<WatchedKey> watched;
  size_t watched_bytes = 0;  // Of their keys.

  void ForgetWatched() {
    watched.clear();
    watched_bytes = 0;
  }

  // As the protocol's RESET leaves it.
  void Reset() {
    version = RespVersion::k2;
    name.clear();
    replies = Replies::kOn;
    follows = false;
    no_evict = false;
    queued.reset();
    ForgetWatched();
  }
};

}  // namespace kv

#endif  // KV_RESP_CLIENT_H_
