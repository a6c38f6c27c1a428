#include "net/rpc_session.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "net/steady_write.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace net {

using runtime::Instant;
using runtime::Wake;

RpcSession::RpcSession(runtime::Executor& executor, const ServerConfig& config,
                       ServerStats& stats, RpcSessionOwner& owner,
                       std::unique_ptr<Stream> stream)
    : executor_(executor),
      config_(config),
      stats_(stats),
      owner_(owner),
      stream_(std::move(stream)),
      reader_({.framing = Framing::kBytes,
               .payload_bytes_max = config.frame_bytes_max + kRpcHeadBytesMax}),
      work_(executor),
      room_(executor),
      fibers_(executor) {
  ++stats_.connections_now;
}

RpcSession::~RpcSession() {
  --stats_.connections_now;
  stats_.calls_now -= calls_.size();
}

void RpcSession::Run() {
  fibers_.Spawn("net.rpc.replies", [this] { WriteReplies(); });
  absl::Status status;
  do {
    status = ReadSome();
  } while (status.ok());
  if (absl::IsDataLoss(status) || absl::IsInvalidArgument(status)) {
    ++stats_.connections_malformed;
    runtime::Note("net.rpc.malformed", {{"why", status.message()}});
  }
  broken_ = true;
  work_.NotifyAll();
  stream_->Reset();
  EndCalls();
}

// The caller is gone: lets the handlers end by themselves, for a while.
void RpcSession::EndCalls() {
  for (auto& [id, call] : calls_) {
    call->cancelled = true;
    call->fibers.Cancel();
  }
  const Instant deadline = executor_.Now() + config_.cancel_grace;
  while (!calls_.empty() && executor_.Now() < deadline) {
    if (room_.WaitWake(deadline) == Wake::kCancelled) return;
  }
}

absl::Status RpcSession::ReadSome() {
  // Backpressure: who does not read replies may not make more of them.
  while (reply_bytes_ > config_.reply_bytes_max && !broken_) {
    RETURN_IF_ERROR(room_.Wait());
  }
  const absl::StatusOr<size_t> size =
      stream_->Read(reader_.Buffer(), executor_.Now() + config_.idle_timeout);
  if (absl::IsDeadlineExceeded(size.status()) && !idle()) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(size.status());
  if (*size == 0) return absl::UnavailableError("closed by the client");
  reader_.Commit(*size);
  Frame frame;
  FrameReader::Outcome outcome;
  while ((outcome = reader_.Next(&frame)) == FrameReader::Outcome::kFrame) {
    RETURN_IF_ERROR(OnFrame(frame));
  }
  return outcome == FrameReader::Outcome::kDefect ? reader_.defect()
                                                  : absl::OkStatus();
}

absl::Status RpcSession::OnFrame(const Frame& frame) {
  switch (static_cast<RpcFrame>(frame.kind)) {
    case RpcFrame::kCall:
      return OnCall(frame);
    case RpcFrame::kCancel: {
      ASSIGN_OR_RETURN(const uint64_t id, ParseId(frame.payload));
      OnCancel(id);
      return absl::OkStatus();
    }
    case RpcFrame::kPing:
      Push({.kind = RpcFrame::kPong, .head = {}, .body = {}});
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected frame of kind ", frame.kind));
  }
}

absl::Status RpcSession::OnCall(const Frame& frame) {
  ASSIGN_OR_RETURN(auto call, ParseCall(frame.payload));
  auto& [head, request] = call;
  // After the going away was announced the client knows its fate already.
  if (draining_) return absl::OkStatus();
  if (head.id <= last_call_) {
    return absl::InvalidArgumentError("call ids must grow");
  }
  last_call_ = head.id;
  const RpcHandler* const handler = owner_.FindHandler(head.method);
  if (absl::Status status = Admit(head, handler); !status.ok()) {
    Refuse(head.id, std::move(status));
    return absl::OkStatus();
  }
  Begin(std::move(head), std::move(request), *handler);
  return absl::OkStatus();
}

absl::Status RpcSession::Admit(const CallHead& head,
                               const RpcHandler* handler) const {
  if (handler == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("no such method: ", head.method));
  }
  if (head.remaining_nanos <= 0) {
    return absl::DeadlineExceededError("arrived too late");
  }
  if (calls_.size() >= config_.calls_per_connection_max) {
    return absl::ResourceExhaustedError("too many calls on this connection");
  }
  if (stats_.calls_now >= config_.calls_max) {
    return absl::ResourceExhaustedError("too many calls on this server");
  }
  return absl::OkStatus();
}

void RpcSession::Begin(CallHead head, runtime::Bytes request,
                       const RpcHandler& handler) {
  auto owned = std::make_unique<Call>(executor_);
  Call& call = *owned;
  call.method = std::move(head.method);
  call.request = std::move(request);
  const absl::Duration patience = std::min(
      absl::Nanoseconds(head.remaining_nanos), config_.call_timeout_max);
  call.context = {.deadline = executor_.Now() + patience,
                  .peer = stream_->remote_address(),
                  .method = call.method};
  call.handler = &handler;
  calls_[head.id] = std::move(owned);
  ++stats_.calls;
  ++stats_.calls_now;
  call.fibers.Spawn("net.rpc.call", [this, &call, id = head.id] {
    Finish(id, (*call.handler)(call.context, call.request));
  });
}

// On the call's own fiber, which therefore cannot free the call.
void RpcSession::Finish(uint64_t id, RpcOutcome outcome) {
  const auto found = calls_.find(id);
  const bool cancelled = found->second->cancelled;
  ended_.push_back(std::move(found->second));
  calls_.erase(found);
  --stats_.calls_now;
  if (!cancelled) {
    size_t bytes = 0;
    for (const runtime::Bytes& piece : outcome.response) bytes += piece.size();
    if (bytes > config_.frame_bytes_max) {
      outcome.status =
          absl::ResourceExhaustedError("the response is too large");
      outcome.response.clear();
    }
    if (!outcome.executed) ++stats_.calls_refused;
    Push({.kind = RpcFrame::kReply,
          .head = {.id = id,
                   .executed = outcome.executed,
                   .status = std::move(outcome.status)},
          .body = std::move(outcome.response)});
  }
  work_.NotifyAll();
  room_.NotifyAll();
  owner_.OnProgress();
}

void RpcSession::Refuse(uint64_t id, absl::Status status) {
  ++stats_.calls_refused;
  Push({.kind = RpcFrame::kReply,
        .head = {.id = id, .executed = false, .status = std::move(status)},
        .body = {}});
}

void RpcSession::OnCancel(uint64_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second->cancelled) return;
  ++stats_.calls_cancelled;
  found->second->cancelled = true;
  found->second->fibers.Cancel();
}

void RpcSession::Drain() {
  if (draining_ || broken_) return;
  draining_ = true;
  Push({.kind = RpcFrame::kGoAway,
        .head = {.id = last_call_, .executed = false, .status = {}},
        .body = {}});
}

void RpcSession::Push(Reply reply) {
  // A drained session has said all; what remains are answers to pings.
  if (write_closed_ || broken_) return;
  reply.bytes = kFrameHeaderBytes + reply.head.status.message().size();
  for (const runtime::Bytes& piece : reply.body) reply.bytes += piece.size();
  reply_bytes_ += reply.bytes;
  replies_.push_back(std::move(reply));
  work_.NotifyAll();
}

void RpcSession::WriteReplies() {
  while (!broken_) {
    ReapCalls();
    if (replies_.empty()) {
      if (draining_ && idle() && !write_closed_) {
        write_closed_ = true;
        stream_->CloseWrite();
        owner_.OnProgress();
      }
      if (work_.WaitWake() == Wake::kCancelled) return;
      continue;
    }
    FillBatch();
    writing_ = true;
    const absl::Status status = WriteSteadily(
        executor_, *stream_, batch_.Spans(), config_.write_timeout);
    writing_ = false;
    stats_.replies += status.ok() ? batch_.frames() : 0;
    batch_.Clear();
    if (!status.ok()) {
      broken_ = true;
      stream_->Reset();  // Wakes the reader.
    }
    room_.NotifyAll();
    owner_.OnProgress();
  }
  ReapCalls();
}

void RpcSession::FillBatch() {
  while (!replies_.empty() && batch_.bytes() < config_.write_bytes_max) {
    const Reply& reply = replies_.front();
    switch (reply.kind) {
      case RpcFrame::kReply:
        AddReply(batch_, reply.head, reply.body);
        break;
      case RpcFrame::kGoAway:
        AddId(batch_, RpcFrame::kGoAway, reply.head.id);
        break;
      default:
        AddEmpty(batch_, reply.kind);
        break;
    }
    reply_bytes_ -= reply.bytes;
    replies_.pop_front();
  }
}

void RpcSession::ReapCalls() {
  // Their fibers have returned: nobody but the handler's own fiber puts a call
  // here, and that does so last of all.
  ended_.clear();
}

}  // namespace net
