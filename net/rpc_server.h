// Answers typed calls.
//
//   net::RpcServer server(executor, network, {.listen = address});
//   server.Handle<KvRequest, KvReply>("kv.Execute",
//       [&](const net::CallContext& call, const KvRequest& request)
//           -> absl::StatusOr<KvReply> { ... may suspend ... });
//   RETURN_IF_ERROR(server.Start());
//
// Each call runs on a fiber of its own. What would exceed a limit is refused
// with RESOURCE_EXHAUSTED and certainly not executed. When the caller gives up,
// or its connection ends, the handler's fiber is cancelled: its waits say
// CANCELLED and it should return. A peer that does not speak the protocol loses
// its connection and is counted.
//
// Reading order: rpc_types.h, rpc_server.h, rpc_codec.h (the bytes),
// rpc_session.h (one connection). The other side: client_end.h.
//
// Concurrency: one executor; destroy it there, outside of its handlers.

#ifndef NET_RPC_SERVER_H_
#define NET_RPC_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/network.h"
#include "net/rpc_types.h"
#include "net/wire.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/instant.h"

namespace net {

struct ServerConfig {
  Address listen;  // Port 0: the system picks one.
  // Where others are to reach it, if that is not where it listens.
  std::optional<Address> advertised = std::nullopt;
  absl::btree_map<std::string, std::string> metadata = {};
  // What kHealthMethod answers; none: always well. Must not suspend.
  std::function<absl::Status()> health = nullptr;

  size_t connections_max = 1024;
  size_t calls_max = 4096;  // In progress, all connections together.
  size_t calls_per_connection_max = 256;
  size_t frame_bytes_max = 8 << 20;  // One request or response.
  // Replies that wait for a slow reader; beyond it no more calls are read.
  size_t reply_bytes_max = 4 << 20;  // Per connection.
  size_t write_bytes_max = 256 << 10;
  absl::Duration call_timeout_max = absl::Minutes(10);
  // A connection that takes nothing for so long is broken.
  absl::Duration write_timeout = absl::Seconds(5);
  // A connection without calls for so long is closed.
  absl::Duration idle_timeout = absl::Minutes(10);
  // How long cancelled handlers have to return before they are unwound.
  absl::Duration cancel_grace = absl::Seconds(1);
};

struct ServerStats {
  uint64_t connections = 0;  // Ever accepted.
  uint64_t connections_refused = 0;
  uint64_t connections_malformed = 0;  // Reset because of what they sent.
  uint64_t calls = 0;                  // Handed to a handler.
  uint64_t calls_refused = 0;
  uint64_t calls_cancelled = 0;  // The caller gave up first.
  uint64_t replies = 0;
  uint64_t connections_now = 0;
  uint64_t calls_now = 0;
};

// A call without types: what Handle() makes of a handler.
struct RpcOutcome {
  bool executed = true;
  absl::Status status;
  std::vector<runtime::Bytes> response;  // In pieces.
};
using RpcHandler = absl::AnyInvocable<RpcOutcome(
    const CallContext& context, const runtime::Bytes& request) const>;

class RpcServer {
 public:
  // `executor` and `network` must outlive this.
  RpcServer(runtime::Executor& executor, Network& network, ServerConfig config);
  ~RpcServer();

  // `handler` is called as
  //   absl::StatusOr<Response> (const CallContext&, const Request&)
  // from many fibers at a time and may suspend. Bytes fields of the request
  // share the memory it was received in.
  // Requires: before Start(); one handler a method.
  template <class Request, class Response, class Handler>
  void Handle(absl::string_view method, Handler handler) {
    HandleRaw(
        method,
        [taken = std::move(handler)](
            const CallContext& context,
            const runtime::Bytes& bytes) -> RpcOutcome {
          const absl::StatusOr<Request> request = Decode<Request>(bytes);
          if (!request.ok()) {
            // Not the peer's framing is at fault but its idea of this method.
            return {false,
                    absl::InvalidArgumentError(absl::StrCat(
                        "undecodable request: ", request.status().message())),
                    {}};
          }
          const absl::StatusOr<Response> response = taken(context, *request);
          if (!response.ok()) return {true, response.status(), {}};
          return {true, absl::OkStatus(), EncodePieces(*response)};
        });
  }
  void HandleRaw(absl::string_view method, RpcHandler handler);

  // Listens. Errors: those of Network::Listen().
  absl::Status Start();

  // The address really bound. Requires: Start() succeeded.
  Address local_address() const;
  // ServerConfig::advertised, or else local_address().
  Address advertised_address() const;

  const ServerConfig& config() const;
  const ServerStats& stats() const;

  // Suspends: accepts no more, tells the clients to go elsewhere, lets the
  // calls in progress end until `deadline`, then cancels them. Idempotent.
  // Errors: DEADLINE_EXCEEDED when calls had to be cancelled; CANCELLED.
  absl::Status Stop(runtime::Instant deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net

#endif  // NET_RPC_SERVER_H_
