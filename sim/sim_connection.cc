#include "sim/sim_connection.h"

#include <utility>
#include <vector>

#include "runtime/check.h"
#include "runtime/crc32c.h"

namespace sim {

Connection::Connection(ConnectionOwner& owner, Link& there, Link& back,
                       Options options)
    : owner_(owner),
      options_(std::move(options)),
      pipes_{Pipe(*this, there, back, options_.framing),
             Pipe(*this, back, there, options_.framing)} {}

const net::Address& Connection::address(Side side) const {
  return side == Side::kDialer ? options_.dialer : options_.acceptor;
}

// ---- the beginning

void Connection::Open(Side side, std::shared_ptr<Life> life,
                      runtime::Executor& executor, Endpoint::State state) {
  Endpoint& here = endpoint(side);
  CHECK(here.state == Endpoint::State::kUnborn);
  here.life = std::move(life);
  here.readable.emplace(executor);
  here.writable.emplace(executor);
  here.state = state;
}

void Connection::Dial(std::shared_ptr<Life> life, runtime::Executor& executor,
                      bool hang) {
  Open(Side::kDialer, std::move(life), executor, Endpoint::State::kOpening);
  if (!hang) outgoing(Side::kDialer).SendControl(Parcel::Kind::kOpen);
}

void Connection::Accept(std::shared_ptr<Life> life,
                        runtime::Executor& executor) {
  Open(Side::kAcceptor, std::move(life), executor, Endpoint::State::kOpen);
  outgoing(Side::kAcceptor).SendControl(Parcel::Kind::kOpened);
}

void Connection::Refuse() {
  Leave(Side::kAcceptor, Endpoint::End::kHere);
  outgoing(Side::kAcceptor).SendReset();
}

void Connection::Retry(Parcel open, absl::Duration delay) {
  outgoing(Side::kDialer).Retry(std::move(open), delay);
}

// ---- what processes do

absl::Status Connection::Usable(Side side) {
  const Endpoint& here = endpoint(side);
  if (!here.life->alive) return absl::CancelledError("the process has ended");
  if (here.state != Endpoint::State::kGone) return absl::OkStatus();
  switch (here.end) {
    case Endpoint::End::kHere:
      return absl::CancelledError("the stream was reset here");
    case Endpoint::End::kByPeer:
      return absl::UnavailableError("the stream was reset by the peer");
    case Endpoint::End::kWithLife:
      return absl::CancelledError("the process has ended");
  }
  return absl::OkStatus();
}

void Connection::CloseWrite(Side side) {
  Endpoint& here = endpoint(side);
  if (here.closed_here || here.state != Endpoint::State::kOpen) return;
  here.closed_here = true;
  outgoing(side).SendControl(Parcel::Kind::kClose);
}

void Connection::Reset(Side side) {
  if (endpoint(side).state == Endpoint::State::kGone) return;
  Leave(side, Endpoint::End::kHere);
  WakeReader(endpoint(side));
  WakeWriter(endpoint(side));
  if (!Withdraw(side)) {
    // A kernel may or may not have sent what it had accepted.
    Pipe& out = outgoing(side);
    if (!out.link().fault_dice().Chance(kKeepUnderWayPpm)) out.Discard();
    out.SendReset();
  }
  ForgetIfGone();
}

void Connection::Release(Side side) {
  Endpoint& here = endpoint(side);
  if (here.state == Endpoint::State::kGone) return;
  if (!here.closed_here || !here.unread.empty()) {
    Reset(side);
    return;
  }
  Leave(side, Endpoint::End::kHere);
  ForgetIfGone();
}

void Connection::Break(Side writer) {
  Pipe& out = outgoing(writer);
  out.link().CountFault("net.reset");
  if (!out.link().fault_dice().Chance(kKeepUnderWayPpm)) out.Discard();
  out.SendReset();
  incoming(writer).SendReset();
}

void Connection::Forget(Side side) {
  Leave(side, Endpoint::End::kByPeer);
  WakeReader(endpoint(side));
  WakeWriter(endpoint(side));
  outgoing(side).Discard();
  CountHalfOpen(side);
  ForgetIfGone();
}

void Connection::Swallow() {
  for (Pipe& pipe : pipes_) pipe.Swallow();
  pipes_[0].link().CountFault("net.blackholed");
}

void Connection::CountHalfOpen(Side side) {
  if (endpoint(Other(side)).state == Endpoint::State::kGone) return;
  outgoing(side).link().CountFault("net.half_open");
}

void Connection::EndLife(Side side, bool power_off) {
  Endpoint& here = endpoint(side);
  const bool was_open = here.state == Endpoint::State::kOpen;
  if (here.state == Endpoint::State::kGone) return;
  const bool finished = here.closed_here && here.unread.empty();
  Leave(side, Endpoint::End::kWithLife);
  if (!Withdraw(side)) {
    Pipe& out = outgoing(side);
    if (power_off) {
      out.SenderLostPower();
      if (was_open) CountHalfOpen(side);
    } else if (!finished) {
      out.SendReset();
    }
  }
  ForgetIfGone();
}

void Connection::Unblock() {
  for (Pipe& pipe : pipes_) pipe.Unblock();
}

void Connection::Hasten(const Link& link, const Link::Hastening& sooner) {
  for (Pipe& pipe : pipes_) {
    if (&pipe.link() == &link) pipe.Hasten(sooner);
  }
}

// ---- what the network does

void Connection::OnArrival(Pipe& pipe, Parcel parcel) {
  Record(pipe, parcel);
  if (pipe.link().world().traced()) [[unlikely]]
    Show(pipe, parcel);
  const Side side = &pipe == &pipes_[0] ? Side::kAcceptor : Side::kDialer;
  Endpoint& here = endpoint(side);
  const bool gone = here.state == Endpoint::State::kGone;
  switch (parcel.kind) {
    case Parcel::Kind::kOpen:
      if (!gone) owner_.OnDial(*this, std::move(parcel));
      return;
    case Parcel::Kind::kOpened:
      if (gone) {
        outgoing(side).SendReset();
        return;
      }
      here.state = Endpoint::State::kOpen;
      WakeReader(here);
      return;
    case Parcel::Kind::kData:
      ArriveData(side, std::move(parcel));
      return;
    case Parcel::Kind::kClose:
      here.closed_by_peer = true;
      if (!gone) WakeReader(here);
      return;
    case Parcel::Kind::kReset:
      if (gone) return;
      Leave(side, Endpoint::End::kByPeer);
      outgoing(side).Discard();
      WakeReader(here);
      WakeWriter(here);
      ForgetIfGone();
      return;
  }
}

void Connection::ArriveData(Side side, Parcel parcel) {
  Endpoint& here = endpoint(side);
  if (here.state == Endpoint::State::kGone) {
    if (parcel.charged) incoming(side).Consumed(parcel.data.size());
    outgoing(side).SendReset();
    return;
  }
  // A frame that comes after the end is one more lost frame.
  if (here.closed_by_peer) return;
  here.unread.push_back(std::move(parcel));
  WakeReader(here);
}

void Connection::OnRoom(Pipe& pipe) {
  WakeWriter(endpoint(&pipe == &pipes_[0] ? Side::kDialer : Side::kAcceptor));
}

void Connection::OnKept(Pipe& pipe, runtime::Bytes frame, Time later) {
  const Side writer = &pipe == &pipes_[0] ? Side::kDialer : Side::kAcceptor;
  owner_.OnKept(*this, writer, std::move(frame), later);
}

// ---- the end

void Connection::Leave(Side side, Endpoint::End end) {
  Endpoint& here = endpoint(side);
  here.state = Endpoint::State::kGone;
  here.end = end;
}

bool Connection::Withdraw(Side side) {
  Endpoint& there = endpoint(Other(side));
  if (there.state != Endpoint::State::kUnborn) return false;
  Leave(Other(side), Endpoint::End::kHere);
  outgoing(side).Discard();
  return true;
}

void Connection::WakeReader(Endpoint& endpoint) {
  if (endpoint.life->alive) endpoint.readable->NotifyAll();
}

void Connection::WakeWriter(Endpoint& endpoint) {
  if (endpoint.life != nullptr && endpoint.life->alive) {
    endpoint.writable->NotifyAll();
  }
}

void Connection::ForgetIfGone() {
  if (forgotten_) return;
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.state != Endpoint::State::kGone) return;
  }
  forgotten_ = true;
  for (Pipe& pipe : pipes_) pipe.Discard();
  owner_.OnForgotten(options_.id);
}

void Connection::Show(const Pipe& pipe, const Parcel& parcel) const {
  if (parcel.kind != Parcel::Kind::kData || lens() == nullptr ||
      options_.framing != net::Framing::kFrames) {
    return;
  }
  if (parcel.more) return;  // Once, when all of it is there.
  World& world = pipe.link().world();
  const runtime::Bytes& write =
      parcel.whole.empty() ? parcel.data : parcel.whole;
  for (const SeenMessage& message :
       lens()->Look(write, MessageLens::Detail::kFields)) {
    std::vector<runtime::NoteField> fields = {
        {"from", absl::string_view(world.host_name(pipe.link().from()))},
        {"kind", message.kind}};
    fields.insert(fields.end(), message.fields.begin(), message.fields.end());
    world.ShowMessage(pipe.link().to(), "net.deliver", fields);
  }
}

void Connection::Record(const Pipe& pipe, const Parcel& parcel) {
  Digest& digest = pipe.link().world().digest();
  const uint64_t link =
      (uint64_t{pipe.link().from()} << 32) | uint64_t{pipe.link().to()};
  const uint64_t size = parcel.data.size();
  const uint64_t checksum = runtime::Crc32c(parcel.data.span());
  digest.Mix(link);
  digest.Mix(options_.id);
  digest.Mix((static_cast<uint64_t>(parcel.kind) << 56) | size);
  digest.Mix(checksum);
}

}  // namespace sim
