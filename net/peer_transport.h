// Best-effort messages between the members of a cluster: the road that Raft's
// own messages take. One per process, for all its groups.
//
// Send() never waits and never reports: a message may be lost, repeated,
// delayed or overtaken by another; it is never altered (frames are checksummed)
// and never crosses to another cluster, another node or another life:
//
//  - a connection opens with a handshake of protocol version, cluster id and
//    both node ids; a peer that does not match is refused and counted;
//  - every frame names the sender's incarnation and echoes the incarnation of
//    the receiver that it answers (0: any). What echoes another life of ours is
//    dropped here, before anybody sees it.
//
// Each pair of nodes has one connection per direction; this side dials, sends
// and never reads more than the handshake on the ones it dialled. A broken
// connection is dialled again with exponential backoff and jitter. Lanes are
// strict priorities; what waits for a peer is bounded in bytes, and the newest
// bulk is dropped when it is full. All frames that wait leave in one write.
//
// Concurrency: one executor.

#ifndef NET_PEER_TRANSPORT_H_
#define NET_PEER_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "net/network.h"
#include "runtime/bytes.h"
#include "runtime/executor.h"
#include "runtime/ids.h"
#include "runtime/random.h"

namespace net {

// In order of precedence.
enum class Lane : uint8_t {
  kControl,   // Votes, heartbeats, acknowledgements.
  kAppend,    // Log entries.
  kSnapshot,  // Bulk.
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
  // A connection to or from `peer` broke, or stands again: a hint, not a truth.
  virtual void OnPeerLink(runtime::NodeId peer, bool up) = 0;
};

struct PeerTransportOptions {
  runtime::ClusterId cluster;
  runtime::NodeId self;
  runtime::Incarnation incarnation;  // Durable before this is constructed.
  Address listen;

  absl::Duration dial_timeout = absl::Milliseconds(500);
  absl::Duration write_timeout = absl::Seconds(2);
  absl::Duration backoff_min = absl::Milliseconds(20);
  absl::Duration backoff_max = absl::Seconds(1);
  size_t queued_bytes_max = 16 << 20;  // Per peer, all lanes together.
  size_t frame_bytes_max = 8 << 20;
};

struct PeerTransportStats {
  uint64_t messages_sent = 0;       // Handed to a stream.
  uint64_t messages_received = 0;   // Handed to a receiver.
  uint64_t dropped_full = 0;        // The queue of the peer was full.
  uint64_t dropped_link = 0;        // The connection broke under them.
  uint64_t dropped_other_life = 0;  // Echoed another incarnation of ours.
  uint64_t dropped_no_group = 0;
  uint64_t frames_damaged = 0;
  uint64_t handshakes_refused = 0;
  uint64_t connects = 0;
  uint64_t connect_failures = 0;
};

class PeerTransport {
 public:
  static constexpr uint16_t kProtocolVersion = 1;

  // `executor` and `network` must outlive this. `random` serves the jitter.
  PeerTransport(runtime::Executor& executor, Network& network,
                runtime::Random random, PeerTransportOptions options);
  ~PeerTransport();

  // Listens. Errors: those of Network::Listen().
  absl::Status Start();
  // The address really bound. Requires: Start() succeeded.
  Address local_address() const;

  // From now on `peer` is reached at `address`. Self is ignored.
  void SetPeer(runtime::NodeId peer, Address address);

  // Messages of `group` go to `receiver` (null: nobody), which must outlive
  // this or be taken back first.
  void SetReceiver(runtime::GroupId group, PeerReceiver* receiver);

  // Best effort; never suspends. Unknown peers are counted as dropped.
  void Send(runtime::NodeId to, PeerMessage message);

  const PeerTransportStats& stats() const;

  // Suspends until its fibers have ended.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net

#endif  // NET_PEER_TRANSPORT_H_
