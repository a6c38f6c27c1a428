// What two PeerTransports say to one another, byte for byte.
//
//   dialler                                  acceptor
//   Hello  version cluster from to
//          incarnation dial link
//          founding mark channel      ->
//                                     <-     Welcome  version verdict cluster
//                                                     from incarnation link
//                                                     founding mark
//   Message link group sender echo,
//           then the payload          ->
//   Ping   link serial                ->
//                                     <-     Pong  link serial
//   Inquiry                           ->     (net/standing.h; before a Hello,
//                                     <-     Standing   too)
//
// Each is one frame (net/frame.h) whose kind is a PeerFrame; integers are
// fixed-width little-endian. Hello and Welcome begin with their version, and a
// later version only adds fields behind those there are, so that two versions
// can tell each other apart.
//
// `link` is a number that the dialler draws for each connection and that every
// later frame repeats: bytes that only look like a frame, and frames of another
// connection, do not know it.
//
// `founding` is the fingerprint of the entry that founded the cluster: clusters
// of the same name that were founded by others, or another time, refuse one
// another. `mark` is drawn anew by every life. A data directory that was copied
// or put back counts a number of lives for the second time, and then the mark
// tells that another life had it before.

#ifndef NET_HANDSHAKE_H_
#define NET_HANDSHAKE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/strings/string_view.h"

#include "runtime/ids.h"

namespace net {

enum class PeerFrame : uint8_t {
  kHello = 1,
  kWelcome = 2,
  kMessage = 3,
  kPing = 4,
  kPong = 5,
  kInquiry = 6,
  kStanding = 7,
};

// What the acceptor thinks of a Hello.
enum class Verdict : uint8_t {
  kWelcome = 0,
  kWrongVersion = 1,
  kWrongCluster = 2,
  kWrongNode = 3,  // Meant for another node, or from ourselves.
  // A later incarnation of the dialler was here already, or another life with
  // the same number.
  kOldLife = 4,
  kOldDial = 5,        // A later one of the same life and channel was.
  kTooManyNodes = 6,   // PeerTransportOptions::nodes_max.
  kOtherFounding = 7,  // Of a cluster that others founded.
};

absl::string_view VerdictName(Verdict verdict);

// What a connection carries. Each dialler has one of each kind.
enum class Channel : uint8_t {
  kControl = 0,  // Small and urgent, and so never behind bulk.
  kBulk = 1,
};
inline constexpr size_t kChannels = 2;

struct Hello {
  static constexpr size_t kBytes = 2 + 8 * 8 + 1;

  uint16_t version = 0;
  runtime::ClusterId cluster;
  runtime::NodeId from;
  runtime::NodeId to;
  runtime::Incarnation incarnation;  // Of `from`.
  // Grows with every connection that `from` dials, of either channel.
  uint64_t dial = 0;
  uint64_t link = 0;
  uint64_t founding = 0;
  uint64_t mark = 0;
  Channel channel = Channel::kControl;

  std::array<std::byte, kBytes> Encode() const;
  // Nothing if `bytes` is no Hello.
  static std::optional<Hello> Parse(std::span<const std::byte> bytes);
};

struct Welcome {
  static constexpr size_t kBytes = 2 + 1 + 6 * 8;

  uint16_t version = 0;
  Verdict verdict = Verdict::kWelcome;
  runtime::ClusterId cluster;
  runtime::NodeId from;
  runtime::Incarnation incarnation;  // Of `from`, the acceptor.
  uint64_t link = 0;                 // Echoed.
  uint64_t founding = 0;
  uint64_t mark = 0;

  std::array<std::byte, kBytes> Encode() const;
  static std::optional<Welcome> Parse(std::span<const std::byte> bytes);
};

// What precedes each message.
struct MessagePrologue {
  static constexpr size_t kBytes = 4 * 8;

  uint64_t link = 0;
  runtime::GroupId group;
  runtime::Incarnation sender;
  runtime::Incarnation echo;  // 0: any life of the receiver.

  std::array<std::byte, kBytes> Encode() const;
  static std::optional<MessagePrologue> Parse(std::span<const std::byte> bytes);
};

// Ping and Pong.
struct PingPong {
  static constexpr size_t kBytes = 2 * 8;

  uint64_t link = 0;
  uint64_t serial = 0;

  std::array<std::byte, kBytes> Encode() const;
  static std::optional<PingPong> Parse(std::span<const std::byte> bytes);
};

}  // namespace net

#endif  // NET_HANDSHAKE_H_
