// A connection that we dial to one peer: dial, shake hands, send what waits,
// ping, notice the end, wait, dial again. Part of net/peer_transport.h.

#ifndef NET_PEER_LINK_H_
#define NET_PEER_LINK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "net/address.h"
#include "net/backoff.h"
#include "net/frame.h"
#include "net/handshake.h"
#include "net/network.h"
#include "net/peer_queue.h"
#include "net/peer_transport.h"
#include "runtime/executor.h"
#include "runtime/random.h"
#include "runtime/wait_queue.h"

namespace net {

// What the transport wants to hear of its links.
class PeerLinkOwner {
 public:
  // `peer` welcomed us in this life. False: it lived a later one already, so
  // that whoever answered is not the peer any more.
  virtual bool OnPeerLife(runtime::NodeId peer,
                          runtime::Incarnation incarnation, uint64_t mark) = 0;
  virtual void OnLink(runtime::NodeId peer, Channel channel, bool up) = 0;
  // A number that grows with every connection of this life.
  virtual uint64_t NextDial() = 0;
  // `peer` knows a later life of ours.
  virtual void OnOutlivedBy(runtime::NodeId peer) = 0;
  virtual Standing StandingFor(runtime::NodeId asker) const = 0;
  virtual uint64_t mark() const = 0;

 protected:
  ~PeerLinkOwner() = default;
};

class PeerLink {
 public:
  // All references outlive this.
  PeerLink(runtime::Executor& executor, Network& network,
           const PeerTransportOptions& options, PeerTransportStats& stats,
           PeerLinkOwner& owner, runtime::Random random, runtime::NodeId peer,
           Channel channel, Address address);

  // The body of the link's fiber: returns when that is cancelled. Suspends.
  void Run();

  // The rest never suspends.
  void Push(PeerMessage message);
  size_t queued_bytes() const { return queue_.bytes(); }
  void SetAddress(Address address);
  // `peer` has just dialled us in this life: it is there. Ends a wait before
  // the next attempt, and a connection to an earlier life.
  void OnPeerDialled(runtime::Incarnation incarnation);
  // The peer has welcomed us, and the connection has not ended since.
  bool up() const { return state_ == State::kUp; }
  PeerLinkReport report() const;

 private:
  // One connection, on the stack of Run().
  struct Connection;

  // From dialling to the end of the connection. Suspends.
  void ConnectOnce();
  void OnFailedAttempt(const char* kind, const absl::Status& why);
  absl::Status ShakeHands(Connection& connection);
  // Reads until a Welcome for this connection, or the deadline.
  absl::Status AwaitWelcome(Connection& connection, runtime::Instant deadline);
  absl::Status JudgeWelcome(const Welcome& welcome);
  absl::Status OnRefused(const Welcome& welcome);
  // Asks by whom the peer was founded, and notes both lists. Suspends.
  void NoteOtherFounding();
  void Serve(Connection& connection);
  void ReadPongs(Connection& connection);
  // Reads once and takes what came apart.
  absl::Status ReadSome(Connection& connection, runtime::Instant deadline);
  // What is before an unanswered ping moves: then its time has not begun.
  void SeeWhatMoves(Connection& connection);
  void AddPing(Connection& connection);
  absl::Status WriteBatch(Connection& connection);
  // Until the next attempt is due. False: cancelled.
  bool Rest();

  runtime::Executor& executor_;
  Network& network_;
  const PeerTransportOptions& options_;
  PeerTransportStats& stats_;
  PeerLinkOwner& owner_;
  runtime::Random random_;
  const runtime::NodeId peer_;
  const Channel channel_;

  Address address_;
  uint64_t noted_founding_ = 0;  // Another one, the last that was noted.
  Backoff backoff_;
  PeerQueue queue_;
  FrameBatch batch_;

  enum class State : uint8_t { kResting, kDialling, kUp };
  State state_ = State::kResting;
  runtime::Instant changed_;      // When it last became kUp, or ceased to be.
  uint64_t failed_attempts_ = 0;  // Since then.
  std::string last_error_;        // Of the last of them.
  bool stranger_ = false;         // What the peer has said last.
  runtime::Incarnation peer_incarnation_;  // While kUp.
  // The present connection or rest is to end so that a new attempt begins.
  bool dial_again_ = false;
  runtime::WaitQueue work_;  // The fiber of Run() waits here.
};

}  // namespace net

#endif  // NET_PEER_LINK_H_
