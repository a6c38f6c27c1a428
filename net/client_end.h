// Makes typed calls to one of several servers that do the same.
//
//   net::ClientEnd client(executor, network, dice, {.targets = {address}});
//   const net::CallResult<KvReply> result =
//       client.Call<KvRequest, KvReply>("kv.Execute", request);
//
// Connects when there is something to send, keeps the connection, and connects
// again with backoff. Many calls are in flight on one connection. The outcome
// of a call is exact (rpc_types.h); a call is tried again, with backoff and
// jitter and up to a bound, only if it certainly was not executed or its caller
// says that twice is as good as once.
//
// Reading order: rpc_types.h, client_end.h, balancer.h, client_connection.h
// (one server). The other side: rpc_server.h.
//
// Concurrency: the fibers of one executor.

#ifndef NET_CLIENT_END_H_
#define NET_CLIENT_END_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/balancer.h"
#include "net/network.h"
#include "net/rpc_types.h"
#include "net/wire.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace net {

struct ClientConfig {
  std::vector<Address> targets;  // At least one.

  absl::Duration connect_timeout = absl::Seconds(1);
  absl::Duration request_timeout = absl::Seconds(5);  // Of calls without a
                                                      // deadline.
  // A connection that takes no byte for so long is broken.
  absl::Duration write_timeout = absl::Seconds(5);
  // Between attempts, to connect and to call.
  absl::Duration backoff_min = absl::Milliseconds(10);
  absl::Duration backoff_max = absl::Seconds(1);
  uint32_t attempts_max = 4;  // Of one call.
  // Whoever has asked and heard nothing at all for the interval has the
  // connection pinged, even if nobody waits for that answer any more; it is
  // dead when nothing has come for the timeout after that.
  absl::Duration keepalive_interval = absl::Seconds(1);
  absl::Duration keepalive_timeout = absl::Seconds(4);

  size_t calls_max = 1024;             // In flight, per target.
  size_t queued_bytes_max = 16 << 20;  // Not yet written, per target.
  size_t frame_bytes_max = 8 << 20;    // One request or response.
  size_t write_bytes_max = 256 << 10;
};

struct ClientStats {
  uint64_t requests = 0;  // Calls that have ended, by delivery:
  uint64_t answered = 0;
  uint64_t not_sent = 0;
  uint64_t refused = 0;
  uint64_t unknown = 0;

  uint64_t failures = 0;  // All but those answered with an OK status.
  uint64_t retries = 0;   // Attempts beyond the first.
  uint64_t connects = 0;
  uint64_t connect_failures = 0;
  uint64_t replies_late = 0;  // To calls that nobody waits for any more.
  uint64_t malformed = 0;     // Connections dropped for what they sent.
  uint64_t half_open = 0;     // Connections dropped for their silence.
  // Of the answered calls, from Call() to its return.
  absl::Duration latency_sum;
  absl::Duration latency_max;
  std::optional<runtime::Instant> last_success;
};

// What is taken of its bounds.
struct ClientLoad {
  size_t calls = 0;         // In flight, or waiting to be written.
  size_t queued_bytes = 0;  // Not written yet.
};

// A call without types.
struct RawResult {
  Delivery delivery = Delivery::kNotSent;
  absl::Status status;
  runtime::Bytes response;
};

class ClientEnd {
 public:
  // `executor` and `network` must outlive this. No call may be in progress
  // when this is destroyed.
  ClientEnd(
      runtime::Executor& executor, Network& network, runtime::Random random,
      ClientConfig config,
      std::unique_ptr<Balancer> balancer = std::make_unique<RoundRobin>());
  ~ClientEnd();

  // Suspends until the outcome is known or can no longer be.
  template <class Request, class Response>
  CallResult<Response> Call(absl::string_view method, const Request& request,
                            const CallOptions& options = {}) {
    RawResult raw = CallRaw(method, EncodePieces(request), options);
    CallResult<Response> result{raw.delivery, std::move(raw.status), {}};
    if (!result.ok()) return result;
    absl::StatusOr<Response> response = Decode<Response>(raw.response);
    if (response.ok()) {
      result.response = *std::move(response);
    } else {
      result.status = absl::DataLossError(response.status().message());
    }
    return result;
  }
  RawResult CallRaw(absl::string_view method,
                    std::vector<runtime::Bytes> request,
                    const CallOptions& options);

  const ClientConfig& config() const;
  const ClientStats& stats() const;
  ClientLoad load() const;
  // In the order of ClientConfig::targets. Valid until the next call.
  std::vector<TargetState> targets() const;

  // Suspends: ends every call in progress and the connections. Later calls are
  // kNotSent with CANCELLED. Idempotent.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net

#endif  // NET_CLIENT_END_H_
