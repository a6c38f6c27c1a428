#include "net/client_connection.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace net {

using runtime::Instant;
using runtime::Wake;

struct ClientConnection::Pending {
  enum class State : uint8_t { kQueued, kSent, kSettled };

  Pending(ClientConnection& owner, uint64_t drawn)
      : connection(owner), id(drawn), settled(owner.executor_) {
    connection.pending_[id] = this;
  }
  // Also when the caller's fiber is unwound.
  ~Pending() {
    if (state == State::kSettled) return;
    if (state == State::kSent) --connection.sent_;
    connection.pending_.erase(id);
  }

  ClientConnection& connection;
  const uint64_t id;
  State state = State::kQueued;
  RawResult result;
  runtime::WaitQueue settled;
};

struct ClientConnection::Connection {
  Connection(std::unique_ptr<Stream> dialled, const ClientConfig& config,
             Instant now)
      : stream(std::move(dialled)),
        reader(
            {.framing = Framing::kBytes,
             .payload_bytes_max = config.frame_bytes_max + kRpcHeadBytesMax}),
        heard(now) {}

  const std::unique_ptr<Stream> stream;
  FrameReader reader;
  // When anything came for the last time.
  Instant heard;
  // Something was asked since. Who gives up has asked all the same: whether the
  // connection lives must not depend on how patient its callers are.
  bool asked = false;
  // The first ping since which nothing at all was heard; none: all is well.
  std::optional<Instant> silent_since;
  bool broken = false;
};

ClientConnection::ClientConnection(runtime::Executor& executor,
                                   Network& network, const ClientConfig& config,
                                   ClientStats& stats, runtime::Random random,
                                   Address address)
    : executor_(executor),
      network_(network),
      config_(config),
      stats_(stats),
      random_(std::move(random)),
      address_(std::move(address)),
      backoff_(config.backoff_min, config.backoff_max),
      work_(executor) {}

TargetState ClientConnection::state() const {
  return {.address = &address_,
          .resting = state_ == State::kResting || state_ == State::kLeaving,
          .connected = state_ == State::kUp,
          .calls_in_flight = pending_.size()};
}

// ----------------------------------------------------------- the caller's side

RawResult ClientConnection::Call(absl::string_view method,
                                 std::vector<runtime::Bytes> request,
                                 Instant deadline) {
  size_t bytes = kFrameHeaderBytes + method.size();
  for (const runtime::Bytes& piece : request) bytes += piece.size();
  if (absl::Status status = Admit(bytes); !status.ok()) {
    return {Delivery::kNotSent, std::move(status), {}};
  }
  Pending pending(*this, ++last_id_);
  Push({.id = pending.id,
        .is_cancel = false,
        .method = std::string(method),
        .deadline = deadline,
        .request = std::move(request),
        .bytes = bytes});
  while (pending.state != Pending::State::kSettled) {
    const Wake wake = pending.settled.WaitWake(deadline);
    if (wake != Wake::kUnparked && pending.state != Pending::State::kSettled) {
      return GiveUp(pending, wake);
    }
  }
  return std::move(pending.result);
}

absl::Status ClientConnection::Admit(size_t request_bytes) const {
  if (stopped_) return absl::CancelledError("the client is stopping");
  if (state_ == State::kLeaving) {
    return absl::UnavailableError("the server is stopping");
  }
  if (request_bytes > config_.frame_bytes_max) {
    return absl::InvalidArgumentError("the request is too large");
  }
  if (pending_.size() >= config_.calls_max) {
    return absl::ResourceExhaustedError("too many calls in flight");
  }
  if (queued_bytes_ + request_bytes > config_.queued_bytes_max) {
    return absl::ResourceExhaustedError("too many bytes wait to be sent");
  }
  return absl::OkStatus();
}

void ClientConnection::Push(Outgoing outgoing) {
  queued_bytes_ += outgoing.bytes;
  queue_.push_back(std::move(outgoing));
  work_.NotifyAll();
}

// As StatusOf(), but says who did not answer.
absl::Status ClientConnection::WhyGivenUp(Wake wake, bool sent) const {
  if (wake == Wake::kCancelled) return runtime::StatusOf(wake);
  return absl::DeadlineExceededError(absl::StrCat(address_.ToString(), ": ",
                                                  sent ? "no answer in time"
                                                  : unreached_.empty()
                                                      ? "not connected in time"
                                                      : unreached_));
}

RawResult ClientConnection::GiveUp(Pending& pending, Wake wake) {
  if (pending.state == Pending::State::kQueued) {
    Withdraw(pending.id);
    return {Delivery::kNotSent, WhyGivenUp(wake, false), {}};
  }
  // Best effort: nobody waits for what becomes of it.
  Push({.id = pending.id,
        .is_cancel = true,
        .method = {},
        .deadline = {},
        .request = {},
        .bytes = kFrameHeaderBytes});
  return {Delivery::kUnknown, WhyGivenUp(wake, true), {}};
}

void ClientConnection::Withdraw(uint64_t id) {
  const auto found =
      std::find_if(queue_.begin(), queue_.end(),
                   [id](const Outgoing& waits) { return waits.id == id; });
  if (found == queue_.end()) return;
  queued_bytes_ -= found->bytes;
  queue_.erase(found);
}

void ClientConnection::Settle(Pending& pending, RawResult result) {
  if (pending.state == Pending::State::kSent) --sent_;
  pending_.erase(pending.id);
  pending.state = Pending::State::kSettled;
  pending.result = std::move(result);
  pending.settled.NotifyAll();
  if (state_ == State::kLeaving && pending_.empty()) work_.NotifyAll();
}

void ClientConnection::FailAll(const absl::Status& why) {
  while (!pending_.empty()) {
    Pending& pending = *pending_.begin()->second;
    const bool sent = pending.state == Pending::State::kSent;
    Settle(pending, {sent ? Delivery::kUnknown : Delivery::kNotSent, why, {}});
  }
  queue_.clear();
  queued_bytes_ = 0;
}

void ClientConnection::Stop() {
  stopped_ = true;
  FailAll(absl::CancelledError("the client is stopping"));
}

// ------------------------------------------------------- the connection's side

void ClientConnection::Run() {
  while (true) {
    while (queue_.empty()) {
      if (work_.WaitWake() == Wake::kCancelled) return;
    }
    ConnectOnce();
    state_ = State::kResting;
    if (!Rest()) return;
    state_ = State::kIdle;
  }
}

bool ClientConnection::Rest() {
  const absl::Duration span = backoff_.Next(random_);
  return executor_.SleepFor(span).ok();
}

void ClientConnection::ConnectOnce() {
  state_ = State::kDialling;
  absl::StatusOr<std::unique_ptr<Stream>> stream = network_.Dial(
      address_, Framing::kBytes, executor_.Now() + config_.connect_timeout);
  if (!stream.ok()) {
    ++stats_.connect_failures;
    unreached_ = std::string(stream.status().message());
  } else {
    ++stats_.connects;
    state_ = State::kUp;
    unreached_.clear();
    lost_ = absl::OkStatus();
    Connection connection(*std::move(stream), config_, executor_.Now());
    Serve(connection);
    unreached_ = lost_.ok()
                     ? "connection lost"
                     : absl::StrCat("connection lost: ", lost_.message());
  }
  FailAll(absl::UnavailableError(
      absl::StrCat(address_.ToString(), ": ", unreached_)));
}

// When it must be tried whether the server is there, since somebody waits or
// has waited for its answer; or never. Only the server's word puts it off:
// neither a new call nor one that is given up does.
Instant ClientConnection::PingDue(const Connection& connection) const {
  const bool wanted = sent_ > 0 || connection.asked;
  if (!wanted || connection.silent_since.has_value()) {
    return Instant::InfiniteFuture();
  }
  return connection.heard + config_.keepalive_interval;
}

// Sends until the connection breaks, falls silent or has nothing left to do.
void ClientConnection::Serve(Connection& connection) {
  runtime::FiberGroup readers(executor_);
  readers.Spawn("net.rpc.client-reader", [&] { ReadReplies(connection); });
  while (!connection.broken) {
    if (state_ == State::kLeaving && pending_.empty()) return;
    const Instant now = executor_.Now();
    Instant wait_until = PingDue(connection);
    if (connection.silent_since.has_value()) {
      wait_until = *connection.silent_since + config_.keepalive_timeout;
      if (now >= wait_until) {
        ++stats_.half_open;
        REACHABLE("net.rpc.silent-connection-dropped");
        lost_ = absl::DeadlineExceededError("it has fallen silent");
        return;
      }
    }
    if (queue_.empty() && now < wait_until) {
      if (work_.WaitWake(wait_until) == Wake::kCancelled) return;
      continue;
    }
    FillBatch(connection);
    // After a long silence at once, with the first call.
    const bool ping = now >= PingDue(connection);
    if (ping) AddEmpty(batch_, RpcFrame::kPing);
    if (!WriteBatch(connection, ping).ok()) return;
  }
}

void ClientConnection::FillBatch(Connection& connection) {
  const Instant now = executor_.Now();
  while (!queue_.empty() && batch_.bytes() < config_.write_bytes_max) {
    const Outgoing& outgoing = queue_.front();
    if (outgoing.is_cancel) {
      AddId(batch_, RpcFrame::kCancel, outgoing.id);
    } else if (const auto found = pending_.find(outgoing.id);
               found != pending_.end()) {
      // From here on part of it may have left, whatever Write() says.
      found->second->state = Pending::State::kSent;
      ++sent_;
      connection.asked = true;
      AddCall(
          batch_,
          {.id = outgoing.id,
           .remaining_nanos = absl::ToInt64Nanoseconds(outgoing.deadline - now),
           .method = outgoing.method},
          outgoing.request);
    }
    queued_bytes_ -= outgoing.bytes;
    queue_.pop_front();
  }
}

absl::Status ClientConnection::WriteBatch(Connection& connection,
                                          bool has_ping) {
  absl::Status status;
  if (!batch_.empty()) {
    status = connection.stream->Write(
        batch_.Spans(), Patience::WhileMoving(config_.write_timeout));
  }
  batch_.Clear();
  // The time that a full window kept us waiting is not the server's silence.
  if (has_ping && !connection.silent_since.has_value()) {
    connection.silent_since = executor_.Now();
  }
  return status;
}

void ClientConnection::ReadReplies(Connection& connection) {
  absl::Status status;
  do {
    status = ReadSome(connection);
  } while (status.ok());
  if (absl::IsDataLoss(status) || absl::IsInvalidArgument(status)) {
    ++stats_.malformed;
    runtime::Note("net.rpc.malformed", {{"why", status.message()}});
  }
  if (lost_.ok()) lost_ = status;
  connection.broken = true;
  work_.NotifyAll();
}

absl::Status ClientConnection::ReadSome(Connection& connection) {
  ASSIGN_OR_RETURN(const size_t size,
                   connection.stream->Read(connection.reader.Buffer(),
                                           Instant::InfiniteFuture()));
  if (size == 0) return absl::UnavailableError("closed by the server");
  connection.silent_since.reset();
  connection.heard = executor_.Now();
  connection.asked = false;
  connection.reader.Commit(size);
  Frame frame;
  FrameReader::Outcome outcome;
  while ((outcome = connection.reader.Next(&frame)) ==
         FrameReader::Outcome::kFrame) {
    RETURN_IF_ERROR(OnFrame(frame));
  }
  return outcome == FrameReader::Outcome::kDefect ? connection.reader.defect()
                                                  : absl::OkStatus();
}

absl::Status ClientConnection::OnFrame(const Frame& frame) {
  switch (static_cast<RpcFrame>(frame.kind)) {
    case RpcFrame::kReply:
      return OnReply(frame);
    case RpcFrame::kPong:
      return absl::OkStatus();
    case RpcFrame::kGoAway: {
      ASSIGN_OR_RETURN(const uint64_t last_call, ParseId(frame.payload));
      OnGoAway(last_call);
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected frame of kind ", frame.kind));
  }
}

absl::Status ClientConnection::OnReply(const Frame& frame) {
  ASSIGN_OR_RETURN(auto reply, ParseReply(frame.payload));
  auto& [head, body] = reply;
  const auto found = pending_.find(head.id);
  if (found == pending_.end() ||
      found->second->state != Pending::State::kSent) {
    ++stats_.replies_late;
    return absl::OkStatus();
  }
  backoff_.Reset();
  Settle(*found->second,
         {head.executed ? Delivery::kAnswered : Delivery::kRefused,
          std::move(head.status), std::move(body)});
  return absl::OkStatus();
}

// The server will not execute what came after `last_call`.
void ClientConnection::OnGoAway(uint64_t last_call) {
  state_ = State::kLeaving;
  work_.NotifyAll();
  const absl::Status why = absl::UnavailableError(
      absl::StrCat(address_.ToString(), ": the server is stopping"));
  for (auto at = pending_.upper_bound(last_call); at != pending_.end();
       at = pending_.upper_bound(last_call)) {
    Pending& pending = *at->second;
    const bool sent = pending.state == Pending::State::kSent;
    if (!sent) Withdraw(pending.id);
    Settle(pending, {sent ? Delivery::kRefused : Delivery::kNotSent, why, {}});
  }
}

}  // namespace net
