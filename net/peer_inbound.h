// A connection that a peer dialled to us: judge its handshake, answer its
// pings, hand on its messages. Part of net/peer_transport.h.

#ifndef NET_PEER_INBOUND_H_
#define NET_PEER_INBOUND_H_

#include <memory>
#include <optional>

#include "absl/status/status.h"

#include "net/frame.h"
#include "net/handshake.h"
#include "net/peer_transport.h"
#include "net/stream.h"
#include "runtime/executor.h"

namespace net {

class PeerInbound;

// What the transport decides for its inbound connections. Never suspends.
class PeerInboundOwner {
 public:
  virtual Verdict Judge(const Hello& hello) = 0;
  // `inbound` was judged kWelcome and is from now on the connection of its
  // peer; an older one is reset.
  virtual void OnInbound(PeerInbound& inbound) = 0;
  // False: there is a newer life of this node than this connection's.
  virtual bool IsNewestLife(const Hello& hello) = 0;
  virtual void OnMessage(runtime::NodeId from, const MessagePrologue& prologue,
                         runtime::Bytes message) = 0;
  // What we say of ourselves to `asker`.
  virtual Standing StandingFor(runtime::NodeId asker) const = 0;
  // Of this life.
  virtual uint64_t mark() const = 0;

 protected:
  ~PeerInboundOwner() = default;
};

class PeerInbound {
 public:
  // All references outlive this.
  PeerInbound(runtime::Executor& executor, const PeerTransportOptions& options,
              PeerTransportStats& stats, PeerInboundOwner& owner,
              std::unique_ptr<Stream> stream);

  // The body of its fiber: returns when the connection has ended. Suspends.
  void Run();

  // Ends Run(). Never suspends.
  void Reset() { stream_->Reset(); }

  // Valid once welcomed.
  const std::optional<Hello>& hello() const { return hello_; }

 private:
  // An error ends the connection. Suspends.
  absl::Status OnFrame(const Frame& frame);
  absl::Status OnHello(const Frame& frame);
  absl::Status OnPing(const Frame& frame);
  absl::Status OnInquiry(const Frame& frame);
  void OnMessage(const Frame& frame);
  absl::Status Answer(PeerFrame kind, std::span<const std::byte> payload);

  runtime::Executor& executor_;
  const PeerTransportOptions& options_;
  PeerTransportStats& stats_;
  PeerInboundOwner& owner_;
  const std::unique_ptr<Stream> stream_;
  FrameReader reader_;
  FrameBatch batch_;
  std::optional<Hello> hello_;  // Once welcomed.
  bool refused_ = false;        // And counted.
};

}  // namespace net

#endif  // NET_PEER_INBOUND_H_
