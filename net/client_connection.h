// The way from a ClientEnd to one server: dial when there is something to send,
// match replies with calls, notice the end, tell each call what is known of its
// fate. Part of net/client_end.h.

#ifndef NET_CLIENT_CONNECTION_H_
#define NET_CLIENT_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "net/backoff.h"
#include "net/client_end.h"
#include "net/frame.h"
#include "net/network.h"
#include "net/rpc_codec.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace net {

class ClientConnection {
 public:
  // All references outlive this.
  ClientConnection(runtime::Executor& executor, Network& network,
                   const ClientConfig& config, ClientStats& stats,
                   runtime::Random random, Address address);

  // The body of the connection's fiber: returns when that is cancelled.
  // Suspends.
  void Run();

  // One attempt, which never waits beyond `deadline`. Suspends.
  RawResult Call(absl::string_view method, std::vector<runtime::Bytes> request,
                 runtime::Instant deadline);

  // No more calls; those in progress end now.
  void Stop();

  TargetState state() const;
  // Of calls that have not been written yet.
  size_t queued_bytes() const { return queued_bytes_; }

 private:
  // One call, on the stack of its caller.
  struct Pending;
  // One connection, on the stack of Run().
  struct Connection;

  // A frame that waits to be written.
  struct Outgoing {
    uint64_t id = 0;
    bool is_cancel = false;
    std::string method;
    runtime::Instant deadline;
    std::vector<runtime::Bytes> request;
    size_t bytes = 0;
  };

  absl::Status Admit(size_t request_bytes) const;
  void Push(Outgoing outgoing);
  absl::Status WhyGivenUp(runtime::Wake wake, bool sent) const;
  RawResult GiveUp(Pending& pending, runtime::Wake wake);
  void Withdraw(uint64_t id);

  // From dialling to the end of the connection. Suspends.
  void ConnectOnce();
  void Serve(Connection& connection);
  void ReadReplies(Connection& connection);
  absl::Status ReadSome(Connection& connection);
  absl::Status OnFrame(const Frame& frame);
  absl::Status OnReply(const Frame& frame);
  void OnGoAway(uint64_t last_call);
  runtime::Instant PingDue(const Connection& connection) const;
  void FillBatch(Connection& connection);
  absl::Status WriteBatch(Connection& connection, bool has_ping);
  // Tells every call that the connection is no more.
  void FailAll(const absl::Status& why);
  void Settle(Pending& pending, RawResult result);
  // Until the next attempt is due. False: cancelled.
  bool Rest();

  runtime::Executor& executor_;
  Network& network_;
  const ClientConfig& config_;
  ClientStats& stats_;
  runtime::Random random_;
  const Address address_;
  Backoff backoff_;

  enum class State : uint8_t {
    kIdle,
    kDialling,
    kUp,
    kLeaving,  // Up, but the server takes no more calls here.
    kResting,
  };
  State state_ = State::kIdle;
  bool stopped_ = false;
  uint64_t last_id_ = 0;
  size_t sent_ = 0;  // Calls that were written and not answered.
  absl::btree_map<uint64_t, Pending*> pending_;
  std::deque<Outgoing> queue_;
  size_t queued_bytes_ = 0;
  std::string unreached_;  // Why there is no connection; empty: none was tried.
  absl::Status lost_;      // Why the present connection is of no use any more.
  FrameBatch batch_;
  runtime::WaitQueue work_;  // The fiber of Run() waits here.
};

}  // namespace net

#endif  // NET_CLIENT_CONNECTION_H_
