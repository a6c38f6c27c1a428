// Best-effort messages between the members of a cluster: the road that Raft's
// own messages take. One per process, for all its groups.
//
// Send() never waits and never reports: a message may be lost, repeated,
// delayed or overtaken by another; it is never altered (frames are checksummed)
// and never crosses to another cluster, another node or another life:
//
//  - a connection opens with a handshake of protocol version, cluster id,
//    fingerprint of the founding entry and both node ids; a peer that does not
//    match is refused and counted. One that was founded by others is asked by
//    whom (net/standing.h), and both lists are noted on both sides;
//  - every frame names the sender's incarnation and echoes the incarnation of
//    the receiver that it answers (0: any). What echoes another life of ours,
//    and what comes from an older life of the sender than the newest that shook
//    hands, is dropped here, before anybody sees it. A life that hears of a
//    later one of its own node has an old copy of its data directory: see
//    SetOnOutlived().
//
// Each pair of nodes has two connections per direction, one for control and one
// for bulk: a heartbeat never stands behind megabytes that a socket has taken
// already, where no precedence helps. The dialler sends, the acceptor only
// answers (handshake, keepalive). A broken connection is dialled again with
// exponential backoff and jitter. One whose peer vanished without a word is
// noticed by its unanswered pings, or at once when the peer comes back and
// dials us; one that is only slow is left alone, as long as bytes are taken.
// Lanes are strict priorities; what waits for a connection is bounded in bytes,
// and the newest bulk is dropped when it is full. All frames that wait leave in
// one write. What waits when a connection breaks, or when an attempt to connect
// fails, is dropped: it is too old to be of use.
//
// Reading order: peer_transport.h, handshake.h (the bytes), peer_queue.h,
// peer_link.h (the dialled side), peer_inbound.h (the accepted side).
//
// Concurrency: one executor.

#ifndef NET_PEER_TRANSPORT_H_
#define NET_PEER_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/network.h"
#include "net/standing.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/instant.h"
#include "runtime/random.h"

namespace net {

// In order of precedence.
enum class Lane : uint8_t {
  kControl,   // Votes, heartbeats, acknowledgements. A connection of its own.
  kAppend,    // Log entries.
  kSnapshot,  // What can wait for them.
};
inline constexpr size_t kLanes = 3;

struct PeerMessage {
  runtime::GroupId group;
  // The life of the receiver that this answers; 0 when it answers nobody.
  runtime::Incarnation echo;
  Lane lane = Lane::kControl;
  // Not 0: a queued message of the same lane, group and key that has not left
  // yet is replaced by this one (a newer heartbeat makes the older useless).
  uint32_t replace_key = 0;
  // The message, in pieces that are sent in order without copying.
  std::vector<runtime::Bytes> pieces;
};

// What the owner of a group does with a message. Never suspends.
class PeerReceiver {
 public:
  virtual ~PeerReceiver() = default;
  virtual void OnPeerMessage(runtime::NodeId from,
                             runtime::Incarnation sender_incarnation,
                             runtime::Bytes message) = 0;
  // The control connection to or from `peer` broke, or stands again: a hint,
  // not a truth.
  virtual void OnPeerLink(runtime::NodeId peer, bool up) = 0;
  // Of what was sent to `peer` in the other lanes something is lost. It may be
  // well all the same.
  virtual void OnBulkLost(runtime::NodeId peer) = 0;
};

struct PeerTransportOptions {
  runtime::ClusterId cluster;
  runtime::NodeId self;
  runtime::Incarnation incarnation;      // Durable before this is constructed.
  runtime::Identity identity;            // Of the data directory.
  uint64_t founding = 0;                 // Fingerprint of the founding entry.
  std::vector<FoundingMember> founders;  // Who wrote it; by node.
  Address listen;

  absl::Duration dial_timeout = absl::Milliseconds(500);  // And handshake.
  absl::Duration hello_retry = absl::Milliseconds(100);   // Hellos get lost.
  // A connection that takes no byte for so long is broken (net/patience.h).
  absl::Duration write_timeout = absl::Seconds(2);
  absl::Duration backoff_min = absl::Milliseconds(20);
  absl::Duration backoff_max = absl::Seconds(1);
  // A ping on every connection that we dialled; it is dead when none has been
  // answered for this long. What stands before a ping on its way does not
  // count, as long as it moves. A silent inbound connection is dropped after
  // twice as long.
  absl::Duration keepalive_interval = absl::Milliseconds(500);
  absl::Duration keepalive_timeout = absl::Seconds(3);
  size_t queued_bytes_max = 16 << 20;  // Per connection.
  size_t frame_bytes_max = 8 << 20;    // One message.
  size_t write_bytes_max = 1 << 20;    // One write, unless one message is more.
  size_t inbound_connections_max = 512;  // Of each peer two.
  size_t nodes_max = 1024;               // Whose lives are remembered.
};

// Of all connections, control and bulk alike.
struct PeerTransportStats {
  uint64_t messages_sent = 0;       // Handed to a stream.
  uint64_t messages_received = 0;   // Handed to a receiver.
  uint64_t dropped_full = 0;        // The queue of the connection was full.
  uint64_t dropped_link = 0;        // The connection broke under them.
  uint64_t dropped_other_life = 0;  // Echoed another incarnation of ours, or
                                    // came from an outlived one of the sender.
  uint64_t dropped_no_group = 0;    // Nobody receives for the group.
  uint64_t dropped_no_peer = 0;     // Send() to a node without an address.
  uint64_t dropped_too_large = 0;   // Send() of more than frame_bytes_max.
  uint64_t frames_damaged = 0;      // Stretches of bytes that were no frame.
  uint64_t frames_unexpected = 0;   // Whole, but not of this connection.
  uint64_t handshakes_refused = 0;  // By us, as the accepting side.
  uint64_t refused_by_peers = 0;    // By them; connect_failures, too.
  uint64_t connects = 0;            // Dialled, and welcomed.
  uint64_t connect_failures = 0;    // Dialled in vain, or refused by the peer.
  uint64_t connects_lost = 0;       // Of `connects`: those that broke again.
  uint64_t half_open = 0;           // Of those: the peer had just gone silent.
  uint64_t inbound_refused = 0;     // inbound_connections_max was reached.
};

// What is taken of its bounds.
struct PeerTransportLoad {
  size_t queued_bytes = 0;  // To all peers.
  size_t inbound = 0;       // Connections.
};

// How the connections stand that we keep up to one peer.
struct PeerLinkReport {
  runtime::NodeId node;
  Address address;
  bool connected = false;
  runtime::Instant since;       // So long it has been that way.
  uint64_t attempts = 0;        // In vain since then; 0 while connected.
  std::string last_error = {};  // Of the last of them; empty: there was none.
  // It was there, and is of another cluster.
  bool stranger = false;
};

// Of whose clusters we are not a member, as they say; empty: nobody says so.
std::string NotAMember(const std::vector<PeerLinkReport>& links);

class PeerTransport {
 public:
  static constexpr uint16_t kProtocolVersion = 3;

  // `executor` and `network` must outlive this. `random` serves the jitter.
  PeerTransport(runtime::Executor& executor, Network& network,
                runtime::Random random, PeerTransportOptions options);
  ~PeerTransport();

  // Listens. Errors: those of Network::Listen().
  absl::Status Start();
  // The address really bound. Requires: Start() succeeded.
  Address local_address() const;

  // From now on `peer` is reached at `address`, and a connection to it is kept
  // up. Self is ignored.
  void SetPeer(runtime::NodeId peer, Address address);

  // Messages of `group` go to `receiver` (null: nobody), which must outlive
  // this or be taken back first.
  void SetReceiver(runtime::GroupId group, PeerReceiver* receiver);

  // Called, once, when `by` refuses us because it knows a later life of this
  // node: what that life has promised is not on our disk. The owner ends the
  // process. Never suspends.
  using OnOutlived = absl::AnyInvocable<void(runtime::NodeId by)>;
  void SetOnOutlived(OnOutlived on_outlived);

  // Whether the connection that we dialled to `peer` stands: its pings have
  // been answered up to keepalive_timeout ago.
  bool connected(runtime::NodeId peer) const;

  // Best effort; never suspends.
  void Send(runtime::NodeId to, PeerMessage message);

  const PeerTransportStats& stats() const;
  PeerTransportLoad load() const;
  // By node.
  std::vector<PeerLinkReport> links() const;

  // Suspends until its fibers have ended. What waits is dropped. Idempotent.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net

#endif  // NET_PEER_TRANSPORT_H_
