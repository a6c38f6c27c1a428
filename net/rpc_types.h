// What the two ends of a call agree on: net/rpc_server.h answers,
// net/client_end.h asks.

#ifndef NET_RPC_TYPES_H_
#define NET_RPC_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "net/address.h"
#include "runtime/instant.h"

namespace net {

// How far a call is known to have come. Exact: what is not certain is kUnknown.
enum class Delivery : uint8_t {
  kNotSent,   // Not a byte of it left: certainly not executed.
  kRefused,   // The server turned it away: certainly not executed.
  kAnswered,  // Executed; the status and the response are the handler's.
  kUnknown,   // Sent, and no answer: executed, or not, or yet to be.
};

// What a handler knows of the call it serves. Valid while the handler runs.
struct CallContext {
  // The caller's, by this host's clock: nobody waits for the answer after it.
  // When the caller gives up earlier, the handler's fiber is cancelled.
  runtime::Instant deadline;
  Address peer;
  absl::string_view method;
};

struct CallOptions {
  // None: ClientConfig::request_timeout from now.
  std::optional<runtime::Instant> deadline = std::nullopt;
  // Executing it twice is as good as once: it is also retried when its outcome
  // is unknown.
  bool idempotent = false;
};

template <class Response>
struct CallResult {
  Delivery delivery = Delivery::kNotSent;
  // kAnswered: what the handler returned, or DATA_LOSS when its response could
  // not be decoded. Otherwise why there is no answer: UNAVAILABLE,
  // RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, CANCELLED, or for kRefused also
  // UNIMPLEMENTED (no such method) and INVALID_ARGUMENT (undecodable).
  absl::Status status;
  Response response{};  // Valid if ok().

  bool ok() const { return delivery == Delivery::kAnswered && status.ok(); }
};

// Every server answers this method by its ServerConfig.
inline constexpr const char* kHealthMethod = "rpc.Health";

struct HealthRequest {};

struct HealthReply {
  uint8_t code = 0;  // Of absl::StatusCode: 0 is well.
  std::string message;
  std::vector<std::pair<std::string, std::string>> metadata;  // Sorted by key.

  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, message, metadata);
  }
};

}  // namespace net

#endif  // NET_RPC_TYPES_H_
