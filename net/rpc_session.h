// One accepted connection of an RpcServer: reads calls, runs each on a fiber of
// its own, writes the replies. Part of net/rpc_server.h.

#ifndef NET_RPC_SESSION_H_
#define NET_RPC_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"

#include "net/frame.h"
#include "net/rpc_codec.h"
#include "net/rpc_server.h"
#include "net/stream.h"
#include "runtime/executor.h"
#include "runtime/fiber_group.h"
#include "runtime/wait_queue.h"

namespace net {

// What the server decides for its sessions. Never suspends.
class RpcSessionOwner {
 public:
  // Null: no such method.
  virtual const RpcHandler* FindHandler(absl::string_view method) = 0;
  // A call ended or the last reply left.
  virtual void OnProgress() = 0;

 protected:
  ~RpcSessionOwner() = default;
};

class RpcSession {
 public:
  // All references outlive this.
  RpcSession(runtime::Executor& executor, const ServerConfig& config,
             ServerStats& stats, RpcSessionOwner& owner,
             std::unique_ptr<Stream> stream);
  ~RpcSession();

  // The body of the session's fiber: returns when the connection has ended and
  // its handlers with it. Suspends.
  void Run();

  // The rest never suspends.
  // Takes no more calls; closes when those in progress are answered.
  void Drain();
  void Reset() { stream_->Reset(); }
  bool idle() const { return calls_.empty() && replies_.empty() && !writing_; }

 private:
  struct Call {
    explicit Call(runtime::Executor& executor) : fibers(executor) {}

    std::string method;
    runtime::Bytes request;
    CallContext context;
    const RpcHandler* handler = nullptr;
    bool cancelled = false;
    runtime::FiberGroup fibers;  // One: the handler's.
  };
  // A frame that waits to be written.
  struct Reply {
    RpcFrame kind;
    ReplyHead head;  // kReply; of the others only the id counts.
    std::vector<runtime::Bytes> body;
    size_t bytes = 0;
  };

  // An error ends the connection.
  absl::Status ReadSome();
  absl::Status OnFrame(const Frame& frame);
  absl::Status OnCall(const Frame& frame);
  void OnCancel(uint64_t id);
  // Why this call cannot be taken; OK if it can.
  absl::Status Admit(const CallHead& head, size_t request_bytes,
                     const RpcHandler* handler) const;
  void Begin(CallHead head, runtime::Bytes request, const RpcHandler& handler);
  void Finish(uint64_t id, RpcOutcome outcome);
  void Refuse(uint64_t id, absl::Status status);
  void Push(Reply reply);
  void WriteReplies();
  void FillBatch();
  void ReapCalls();
  void EndCalls();

  runtime::Executor& executor_;
  const ServerConfig& config_;
  ServerStats& stats_;
  RpcSessionOwner& owner_;
  const std::unique_ptr<Stream> stream_;
  FrameReader reader_;

  std::deque<Reply> replies_;
  size_t reply_bytes_ = 0;
  FrameBatch batch_;
  bool writing_ = false;
  bool broken_ = false;  // Nothing can be written any more.
  bool draining_ = false;
  bool write_closed_ = false;
  uint64_t last_call_ = 0;  // The highest id taken or refused.
  std::vector<std::unique_ptr<Call>> ended_;  // To be freed by another fiber.
  runtime::WaitQueue work_;                   // The writer waits for replies.
  runtime::WaitQueue room_;  // The reader waits for replies to leave.

  absl::btree_map<uint64_t, std::unique_ptr<Call>> calls_;  // By id.
  runtime::FiberGroup fibers_;                              // The writer.
};

}  // namespace net

#endif  // NET_RPC_SESSION_H_
