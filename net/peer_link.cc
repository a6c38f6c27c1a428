#include "net/peer_link.h"

#include <algorithm>
#include <optional>
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

struct PeerLink::Connection {
  Connection(std::unique_ptr<Stream> dialled, uint64_t drawn)
      : stream(std::move(dialled)),
        reader({.framing = Framing::kFrames,
                .payload_bytes_max = Welcome::kBytes,
                .slab_bytes = 1024}),
        link(drawn) {}

  absl::Status Write(FrameBatch& batch, Patience patience) {
    const size_t bytes = batch.bytes();
    RETURN_IF_ERROR(stream->Write(batch.Spans(), patience));
    written += bytes;
    return absl::OkStatus();
  }

  const std::unique_ptr<Stream> stream;
  FrameReader reader;
  const uint64_t link;
  std::optional<Welcome> welcome;
  uint64_t pings = 0;
  // How long nothing has answered a ping that is there; none: all is well.
  std::optional<Instant> unanswered_since;
  uint64_t ping_end = 0;  // Of that ping, in all that was written.
  uint64_t written = 0;
  uint64_t taken = 0;  // Of that, when it was last asked.
  bool broken = false;
};

PeerLink::PeerLink(runtime::Executor& executor, Network& network,
                   const PeerTransportOptions& options,
                   PeerTransportStats& stats, PeerLinkOwner& owner,
                   runtime::Random random, runtime::NodeId peer,
                   Channel channel, Address address)
    : executor_(executor),
      network_(network),
      options_(options),
      stats_(stats),
      owner_(owner),
      random_(std::move(random)),
      peer_(peer),
      channel_(channel),
      address_(std::move(address)),
      backoff_(options.backoff_min, options.backoff_max),
      queue_(options.queued_bytes_max),
      changed_(executor.Now()),
      work_(executor) {}

PeerLinkReport PeerLink::report() const {
  return {.node = peer_,
          .address = address_,
          .connected = state_ == State::kUp,
          .since = changed_,
          .attempts = failed_attempts_,
          .last_error = last_error_,
          .stranger = stranger_};
}

void PeerLink::Push(PeerMessage message) {
  const bool was_empty = queue_.empty();
  stats_.dropped_full += queue_.Push(std::move(message));
  if (was_empty && state_ == State::kUp) work_.NotifyAll();
}

void PeerLink::SetAddress(Address address) {
  if (address == address_) return;
  address_ = std::move(address);
  backoff_.Reset();
  dial_again_ = true;
  work_.NotifyAll();
}

void PeerLink::OnPeerDialled(runtime::Incarnation incarnation) {
  const bool outlived = state_ == State::kUp && peer_incarnation_ < incarnation;
  if (state_ == State::kDialling || (state_ == State::kUp && !outlived)) return;
  if (outlived) {
    ++stats_.half_open;
    REACHABLE("net.peer.redialled-for-a-new-life");
  }
  dial_again_ = true;
  work_.NotifyAll();
}

void PeerLink::Run() {
  do {
    ConnectOnce();
    state_ = State::kResting;
    stats_.dropped_link += queue_.Clear();
  } while (Rest());
}

bool PeerLink::Rest() {
  const Instant due = executor_.Now() + backoff_.Next(random_);
  do {
    // Waits even if there is nothing to wait for: that tells the cancelled.
    const Instant until = dial_again_ ? executor_.Now() : due;
    if (work_.WaitWake(until) == Wake::kCancelled) return false;
  } while (!dial_again_ && executor_.Now() < due);
  dial_again_ = false;
  return true;
}

void PeerLink::ConnectOnce() {
  state_ = State::kDialling;
  absl::StatusOr<std::unique_ptr<Stream>> stream = network_.Dial(
      address_, Framing::kFrames, executor_.Now() + options_.dial_timeout);
  if (!stream.ok()) {
    OnFailedAttempt("net.peer.unreachable", stream.status());
    return;
  }
  Connection connection(*std::move(stream), random_.Next());
  const absl::Status hands = ShakeHands(connection);
  if (!hands.ok()) {
    OnFailedAttempt("net.peer.refused", hands);
    return;
  }
  state_ = State::kUp;
  changed_ = executor_.Now();
  failed_attempts_ = 0;
  last_error_.clear();
  stranger_ = false;
  backoff_.Reset();
  ++stats_.connects;
  owner_.OnLink(peer_, channel_, true);
  Serve(connection);
  stats_.frames_damaged += connection.reader.damaged();
  ++stats_.connects_lost;
  changed_ = executor_.Now();
  owner_.OnLink(peer_, channel_, false);
}

void PeerLink::OnFailedAttempt(const char* kind, const absl::Status& why) {
  ++stats_.connect_failures;
  if (absl::IsCancelled(why)) return;  // We are stopping.
  ++failed_attempts_;
  last_error_ = std::string(why.message());
  const std::string address = address_.ToString();
  runtime::Note(kind, {{"peer", peer_},
                       {"address", absl::string_view(address)},
                       {"why", absl::string_view(last_error_)},
                       {"attempts", failed_attempts_}});
}

absl::Status PeerLink::ShakeHands(Connection& connection) {
  const Hello hello{.version = PeerTransport::kProtocolVersion,
                    .cluster = options_.cluster,
                    .from = options_.self,
                    .to = peer_,
                    .incarnation = options_.incarnation,
                    .dial = owner_.NextDial(),
                    .link = connection.link,
                    .founding = options_.founding,
                    .mark = owner_.mark(),
                    .channel = channel_};
  const Instant deadline = executor_.Now() + options_.dial_timeout;
  while (true) {
    batch_.Clear();
    batch_.Add(static_cast<uint8_t>(PeerFrame::kHello), hello.Encode(), {});
    RETURN_IF_ERROR(connection.Write(batch_, deadline));
    const Instant retry =
        std::min(deadline, executor_.Now() + options_.hello_retry);
    const absl::Status status = AwaitWelcome(connection, retry);
    if (status.ok()) break;
    if (!absl::IsDeadlineExceeded(status)) return status;
    if (executor_.Now() >= deadline) {
      return absl::DeadlineExceededError(
          "connected, but nobody there shakes hands as a node does");
    }
  }
  return JudgeWelcome(*connection.welcome);
}

absl::Status PeerLink::AwaitWelcome(Connection& connection, Instant deadline) {
  while (!connection.welcome.has_value()) {
    RETURN_IF_ERROR(ReadSome(connection, deadline));
  }
  return absl::OkStatus();
}

absl::Status PeerLink::JudgeWelcome(const Welcome& welcome) {
  if (welcome.verdict != Verdict::kWelcome) return OnRefused(welcome);
  // A peer that welcomes strangers must still be the one that we dialled.
  if (welcome.version != PeerTransport::kProtocolVersion ||
      welcome.cluster != options_.cluster || welcome.from != peer_ ||
      welcome.founding != options_.founding) {
    return absl::FailedPreconditionError("welcomed by somebody else");
  }
  if (!owner_.OnPeerLife(peer_, welcome.incarnation, welcome.mark)) {
    return absl::FailedPreconditionError("welcomed by an older life");
  }
  peer_incarnation_ = welcome.incarnation;
  return absl::OkStatus();
}

absl::Status PeerLink::OnRefused(const Welcome& welcome) {
  ++stats_.refused_by_peers;
  if (welcome.verdict == Verdict::kOtherFounding &&
      welcome.founding != noted_founding_) {
    NoteOtherFounding();
  }
  stranger_ = welcome.verdict == Verdict::kOtherFounding ||
              welcome.verdict == Verdict::kWrongCluster;
  if (welcome.verdict == Verdict::kOldLife) owner_.OnOutlivedBy(peer_);
  return absl::FailedPreconditionError(VerdictName(welcome.verdict));
}

void PeerLink::NoteOtherFounding() {
  const uint64_t link = random_.Next();
  const absl::StatusOr<Standing> theirs =
      AskStanding(network_, address_, owner_.StandingFor(peer_), link,
                  executor_.Now() + options_.dial_timeout);
  if (!theirs.ok()) return;
  noted_founding_ = theirs->fingerprint;
  runtime::Note("net.peer.other_founding",
                {{"peer", peer_},
                 {"ours", NodesText(options_.founders)},
                 {"our_founding", options_.founding},
                 {"theirs", NodesText(theirs->members)},
                 {"their_founding", theirs->fingerprint}});
}

absl::Status PeerLink::ReadSome(Connection& connection, Instant deadline) {
  ASSIGN_OR_RETURN(
      const size_t size,
      connection.stream->Read(connection.reader.Buffer(), deadline));
  if (size == 0) return absl::UnavailableError("closed by the other side");
  connection.reader.Commit(size);
  Frame frame;
  while (connection.reader.Next(&frame) == FrameReader::Outcome::kFrame) {
    switch (static_cast<PeerFrame>(frame.kind)) {
      case PeerFrame::kWelcome: {
        const std::optional<Welcome> welcome =
            Welcome::Parse(frame.payload.span());
        if (welcome.has_value() && welcome->link == connection.link) {
          connection.welcome = welcome;
          continue;
        }
        break;
      }
      case PeerFrame::kPong: {
        const std::optional<PingPong> pong =
            PingPong::Parse(frame.payload.span());
        if (pong.has_value() && pong->link == connection.link) {
          connection.unanswered_since.reset();
          continue;
        }
        break;
      }
      default:
        break;
    }
    ++stats_.frames_unexpected;
  }
  return absl::OkStatus();
}

void PeerLink::ReadPongs(Connection& connection) {
  while (ReadSome(connection, Instant::InfiniteFuture()).ok()) {
  }
  connection.broken = true;
  work_.NotifyAll();
}

// Sends until the connection breaks, the peer falls silent, or a better
// connection is to be made.
void PeerLink::Serve(Connection& connection) {
  runtime::FiberGroup readers(executor_);
  readers.Spawn("net.peer.pongs", [&] { ReadPongs(connection); });
  Instant ping_due = executor_.Now() + options_.keepalive_interval;
  while (!connection.broken && !dial_again_) {
    const Instant now = executor_.Now();
    Instant wait_until = ping_due;
    if (connection.unanswered_since.has_value()) {
      Instant dead_at =
          *connection.unanswered_since + options_.keepalive_timeout;
      if (now >= std::min(ping_due, dead_at)) {
        SeeWhatMoves(connection);
        dead_at = *connection.unanswered_since + options_.keepalive_timeout;
      }
      if (now >= dead_at) {
        ++stats_.half_open;
        REACHABLE("net.peer.silent-connection-dropped");
        return;
      }
      wait_until = std::min(wait_until, dead_at);
    }
    batch_.Clear();
    if (now >= ping_due) {
      AddPing(connection);
      ping_due = now + options_.keepalive_interval;
    } else if (queue_.empty()) {
      if (work_.WaitWake(wait_until) == Wake::kCancelled) return;
      continue;
    }
    if (!WriteBatch(connection).ok()) return;
  }
}

void PeerLink::SeeWhatMoves(Connection& connection) {
  const uint64_t before =
      std::exchange(connection.taken, connection.stream->taken_bytes());
  if (before < connection.ping_end && connection.taken > before) {
    connection.unanswered_since = executor_.Now();
  }
}

void PeerLink::AddPing(Connection& connection) {
  const PingPong ping{.link = connection.link, .serial = ++connection.pings};
  batch_.Add(static_cast<uint8_t>(PeerFrame::kPing), ping.Encode(), {});
}

// All that waits, or write_bytes_max of it, behind what the batch has already.
absl::Status PeerLink::WriteBatch(Connection& connection) {
  const bool has_ping = !batch_.empty();
  MessagePrologue prologue{.link = connection.link,
                           .group = {},
                           .sender = options_.incarnation,
                           .echo = {}};
  const bool one_by_one = BUGGIFY("net.peer.one-message-per-write");
  uint64_t messages = 0;
  while (batch_.bytes() < options_.write_bytes_max) {
    const std::optional<PeerMessage> message = queue_.Pop();
    if (!message.has_value()) break;
    prologue.group = message->group;
    prologue.echo = message->echo;
    batch_.Add(static_cast<uint8_t>(PeerFrame::kMessage), prologue.Encode(),
               message->pieces);
    ++messages;
    if (one_by_one) break;
  }
  const absl::Status status =
      connection.Write(batch_, Patience::WhileMoving(options_.write_timeout));
  batch_.Clear();
  if (!status.ok()) {
    stats_.dropped_link += messages;
    return status;
  }
  stats_.messages_sent += messages;
  // The time that a full window kept us waiting is not the peer's silence.
  if (has_ping && !connection.unanswered_since.has_value()) {
    connection.unanswered_since = executor_.Now();
    connection.ping_end = connection.written;
    connection.taken = connection.stream->taken_bytes();
  }
  return absl::OkStatus();
}

}  // namespace net
