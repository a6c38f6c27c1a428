// A connection as the kernels of its two hosts see it: two endpoints, two
// pipes. The handles that processes hold are sim_stream.h.
//
// An endpoint that is gone answers what still arrives with a reset, as a kernel
// does for a connection that it has forgotten. When both are gone the
// connection is forgotten too.

#ifndef SIM_SIM_CONNECTION_H_
#define SIM_SIM_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/status/status.h"

#include "net/address.h"
#include "net/stream.h"
#include "runtime/executor.h"
#include "runtime/wait_queue.h"
#include "sim/life.h"
#include "sim/sim_link.h"
#include "sim/sim_pipe.h"

namespace sim {

class Connection;

enum class Side : uint8_t { kDialer = 0, kAcceptor = 1 };

inline Side Other(Side side) {
  return side == Side::kDialer ? Side::kAcceptor : Side::kDialer;
}

// Who knows which process listens where: the SimNetwork.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // A dial has arrived at its host: Accept(), Refuse() or Retry() it.
  virtual void OnDial(Connection& connection, Parcel open) = 0;
  // Both endpoints are gone.
  virtual void OnForgotten(uint64_t connection_id) = 0;
  // A frame that `writer` has sent is to come again after `later`.
  virtual void OnKept(Connection& connection, Side writer, runtime::Bytes frame,
                      Time later) = 0;
  // Who knows what frames are made of; may be null.
  virtual const MessageLens* lens() const = 0;
};

struct Endpoint {
  enum class State : uint8_t {
    kUnborn,   // The acceptor's, until the dial has arrived.
    kOpening,  // The dialer's, until the answer has.
    kOpen,
    kGone,
  };
  // Why it is gone. Valid in kGone.
  enum class End : uint8_t { kHere, kByPeer, kWithLife };

  // Valid unless kUnborn. Shared: see life.h.
  std::shared_ptr<Life> life;
  // Where its fibers wait; only touched while the life lasts. The dialer waits
  // in `readable` for the answer.
  std::optional<runtime::WaitQueue> readable;
  std::optional<runtime::WaitQueue> writable;

  State state = State::kUnborn;
  End end = End::kHere;
  bool closed_here = false;     // CloseWrite() was called.
  bool closed_by_peer = false;  // Nothing comes after `unread`.
  std::deque<Parcel> unread;
  size_t front_read_bytes = 0;  // Of unread.front().
};

class Connection final : public PipeEnds {
 public:
  struct Options {
    uint64_t id;  // Dense, never reused in a world.
    net::Framing framing;
    net::Address dialer;    // Names, for remote_address().
    net::Address acceptor;  // What was dialled.
    bool refuse;            // By the dice: nobody will answer the dial.
  };

  // All must outlive this. `there` leads from the dialer to the acceptor.
  Connection(ConnectionOwner& owner, Link& there, Link& back, Options options);

  const Options& options() const { return options_; }
  Endpoint& endpoint(Side side) { return endpoints_[Index(side)]; }
  // What `side` writes, and what it reads.
  Pipe& outgoing(Side side) { return pipes_[Index(side)]; }
  Pipe& incoming(Side side) { return pipes_[Index(Other(side))]; }
  const net::Address& address(Side side) const;

  // The dialer is there. Sends the dial, unless `hang`.
  void Dial(std::shared_ptr<Life> life, runtime::Executor& executor, bool hang);
  // The acceptor is there. Requires: OnDial() of this connection.
  void Accept(std::shared_ptr<Life> life, runtime::Executor& executor);
  void Refuse();
  void Retry(Parcel open, absl::Duration delay);

  // Whether `side` may be used now. Errors: those of net::Stream.
  absl::Status Usable(Side side);
  void CloseWrite(Side side);
  // Drops `side` at once; what is under way may or may not still arrive.
  void Reset(Side side);
  // The handle is gone: as Reset(), but what was written before a CloseWrite()
  // still arrives.
  void Release(Side side);
  // The network itself breaks the connection.
  void Break(Side writer);
  // The kernel of `side` forgets it without a word: only its own process
  // learns. The other side is half-open, until it sends and is told.
  void Forget(Side side);
  // The network itself forgets the connection: what either side sends from now
  // on, or has under way, is lost, and nobody is told.
  void Swallow();
  // The process of `side` has ended, with its host or without.
  void EndLife(Side side, bool power_off);
  // A link of this connection may be free again.
  void Unblock();
  // `link` carries more than before.
  void Hasten(const Link& link, const Link::Hastening& sooner);

  void OnArrival(Pipe& pipe, Parcel parcel) override;
  void OnRoom(Pipe& pipe) override;
  void OnKept(Pipe& pipe, runtime::Bytes frame, Time later) override;
  const MessageLens* lens() const override { return owner_.lens(); }

 private:
  static size_t Index(Side side) { return static_cast<size_t>(side); }
  static constexpr uint32_t kKeepUnderWayPpm = 500'000;

  void Open(Side side, std::shared_ptr<Life> life, runtime::Executor& executor,
            Endpoint::State state);
  void Leave(Side side, Endpoint::End end);
  // True if the acceptor was never born, and now never will be.
  bool Withdraw(Side side);
  void ArriveData(Side side, Parcel parcel);
  void WakeReader(Endpoint& endpoint);
  void WakeWriter(Endpoint& endpoint);
  void ForgetIfGone();
  void CountHalfOpen(Side side);
  void Record(const Pipe& pipe, const Parcel& parcel);
  // Names the messages of a frame to whoever follows the run.
  void Show(const Pipe& pipe, const Parcel& parcel) const;

  ConnectionOwner& owner_;
  const Options options_;
  std::array<Endpoint, 2> endpoints_;
  std::array<Pipe, 2> pipes_;
  bool forgotten_ = false;
};

}  // namespace sim

#endif  // SIM_SIM_CONNECTION_H_
