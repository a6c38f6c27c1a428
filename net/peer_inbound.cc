#include "net/peer_inbound.h"

#include <utility>

#include "absl/status/statusor.h"

#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace net {

using runtime::Instant;

PeerInbound::PeerInbound(runtime::Executor& executor,
                         const PeerTransportOptions& options,
                         PeerTransportStats& stats, PeerInboundOwner& owner,
                         std::unique_ptr<Stream> stream)
    : executor_(executor),
      options_(options),
      stats_(stats),
      owner_(owner),
      stream_(std::move(stream)),
      reader_({.framing = Framing::kFrames,
               .payload_bytes_max =
                   options.frame_bytes_max + MessagePrologue::kBytes}) {}

void PeerInbound::Run() {
  const Instant handshake_due = executor_.Now() + options_.dial_timeout;
  uint64_t damaged = 0;
  while (true) {
    // The dialler pings: one that is silent for so long is gone.
    const Instant deadline =
        hello_.has_value() ? executor_.Now() + 2 * options_.keepalive_timeout
                           : handshake_due;
    const absl::StatusOr<size_t> size =
        stream_->Read(reader_.Buffer(), deadline);
    if (!size.ok() || *size == 0) return;
    reader_.Commit(*size);
    Frame frame;
    absl::Status status;
    while (status.ok() &&
           reader_.Next(&frame) == FrameReader::Outcome::kFrame) {
      status = OnFrame(frame);
    }
    stats_.frames_damaged += reader_.damaged() - damaged;
    damaged = reader_.damaged();
    if (!status.ok()) return;
  }
}

absl::Status PeerInbound::OnFrame(const Frame& frame) {
  switch (static_cast<PeerFrame>(frame.kind)) {
    case PeerFrame::kHello:
      return OnHello(frame);
    case PeerFrame::kPing:
      return OnPing(frame);
    case PeerFrame::kMessage:
      OnMessage(frame);
      return absl::OkStatus();
    case PeerFrame::kInquiry:
      return OnInquiry(frame);
    default:
      ++stats_.frames_unexpected;
      return absl::OkStatus();
  }
}

absl::Status PeerInbound::OnHello(const Frame& frame) {
  const std::optional<Hello> hello = Hello::Parse(frame.payload.span());
  const bool another =
      hello.has_value() && hello_.has_value() && hello->link != hello_->link;
  if (!hello.has_value() || another) {
    ++stats_.frames_unexpected;
    return absl::OkStatus();
  }
  Welcome welcome{.version = PeerTransport::kProtocolVersion,
                  .verdict = Verdict::kWelcome,
                  .cluster = options_.cluster,
                  .from = options_.self,
                  .incarnation = options_.incarnation,
                  .link = hello->link,
                  .founding = options_.founding,
                  .mark = owner_.mark()};
  // A repeated Hello asks for a Welcome that was lost. A refused dialler hears
  // why, as often as it asks, until it leaves or the handshake is overdue.
  if (!hello_.has_value()) {
    welcome.verdict = owner_.Judge(*hello);
    if (welcome.verdict == Verdict::kWelcome) {
      hello_ = hello;
      owner_.OnInbound(*this);
    } else if (!refused_) {
      refused_ = true;
      ++stats_.handshakes_refused;
      runtime::Note(
          "net.peer.refuses",
          {{"peer", hello->from}, {"why", VerdictName(welcome.verdict)}});
    }
  }
  return Answer(PeerFrame::kWelcome, welcome.Encode());
}

absl::Status PeerInbound::OnPing(const Frame& frame) {
  const std::optional<PingPong> ping = PingPong::Parse(frame.payload.span());
  if (!ping.has_value() || !hello_.has_value() || ping->link != hello_->link) {
    ++stats_.frames_unexpected;
    return absl::OkStatus();
  }
  return Answer(PeerFrame::kPong, ping->Encode());
}

absl::Status PeerInbound::OnInquiry(const Frame& frame) {
  const std::optional<Standing> inquiry = Standing::Parse(frame.payload.span());
  if (!inquiry.has_value()) {
    ++stats_.frames_unexpected;
    return absl::OkStatus();
  }
  Standing answer = owner_.StandingFor(inquiry->from);
  answer.link = inquiry->link;
  return Answer(PeerFrame::kStanding, answer.Encode());
}

void PeerInbound::OnMessage(const Frame& frame) {
  const std::optional<MessagePrologue> prologue =
      MessagePrologue::Parse(frame.payload.span());
  if (!prologue.has_value() || !hello_.has_value() ||
      prologue->link != hello_->link ||
      prologue->sender != hello_->incarnation) {
    ++stats_.frames_unexpected;
    return;
  }
  const bool for_another_life = prologue->echo != runtime::Incarnation() &&
                                prologue->echo != options_.incarnation;
  if (for_another_life || !owner_.IsNewestLife(*hello_)) {
    ++stats_.dropped_other_life;
    REACHABLE("net.peer.message-of-another-life");
    return;
  }
  owner_.OnMessage(
      hello_->from, *prologue,
      frame.payload.Slice(MessagePrologue::kBytes,
                          frame.payload.size() - MessagePrologue::kBytes));
}

absl::Status PeerInbound::Answer(PeerFrame kind,
                                 std::span<const std::byte> payload) {
  batch_.Clear();
  batch_.Add(static_cast<uint8_t>(kind), payload, {});
  return stream_->Write(batch_.Spans(),
                        Patience::WhileMoving(options_.write_timeout));
}

}  // namespace net
