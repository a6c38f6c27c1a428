// Calls and replies as frames, on a stream of bytes (Framing::kBytes).
//
//   client                          server
//   kCall    CallHead, request  ->
//                               <-  kReply   ReplyHead, response
//   kCancel  IdOnly             ->           the caller gave up on this call
//   kPing                       ->
//                               <-  kPong
//                               <-  kGoAway  IdOnly: calls with a higher id
//                               were
//                                            not and will not be executed; no
//                                            more calls on this connection
//
// The payload of a call and of a reply is u32 head length, head, body. Heads
// are in the format of net/wire.h, and so are the bodies of typed calls. Ids
// grow with every call of a client and are never used again.

#ifndef NET_RPC_CODEC_H_
#define NET_RPC_CODEC_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "net/frame.h"
#include "runtime/bytes.h"

namespace net {

enum class RpcFrame : uint8_t {
  kCall = 16,
  kReply = 17,
  kCancel = 18,
  kPing = 19,
  kPong = 20,
  kGoAway = 21,
};

struct CallHead {
  static constexpr size_t kMethodBytesMax = 256;

  uint64_t id = 0;
  // What is left of the caller's patience at the time of sending. Durations
  // travel, instants do not: each host has its own clock.
  int64_t remaining_nanos = 0;
  std::string method;
};

struct ReplyHead {
  static constexpr size_t kMessageBytesMax = 1024;

  uint64_t id = 0;
  bool executed = false;  // False: refused, with a status that is not OK.
  absl::Status status{};
};

// A frame whose payload is `head` and `body`.
void AddCall(FrameBatch& batch, const CallHead& head,
             std::span<const runtime::Bytes> body);
void AddReply(FrameBatch& batch, const ReplyHead& head,
              std::span<const runtime::Bytes> body);
// kCancel and kGoAway.
void AddId(FrameBatch& batch, RpcFrame kind, uint64_t id);
// kPing and kPong.
void AddEmpty(FrameBatch& batch, RpcFrame kind);

// The head and the body, which shares the payload's memory.
// Errors: DATA_LOSS, INVALID_ARGUMENT: the peer does not speak this protocol.
absl::StatusOr<std::pair<CallHead, runtime::Bytes>> ParseCall(
    const runtime::Bytes& payload);
absl::StatusOr<std::pair<ReplyHead, runtime::Bytes>> ParseReply(
    const runtime::Bytes& payload);
absl::StatusOr<uint64_t> ParseId(const runtime::Bytes& payload);

// The most that the head of a frame can add to a body.
inline constexpr size_t kRpcHeadBytesMax = 2048;

}  // namespace net

#endif  // NET_RPC_CODEC_H_
