// A connected, ordered, reliable stream of bytes: TCP as a fiber sees it.
//
// This is one of the two doors through which bytes leave or enter a process
// (the other is persist/disk.h). Everything above it, framing, handshakes,
// reconnects, RPC, RESP, is the same code in the simulator and in production.
//
// It promises what TCP promises and no more: bytes arrive in order, in chunks
// that have nothing to do with the writes that made them, until either side
// closes or something fails. OK from Write() means "accepted by this side",
// never "received". A peer that vanished looks exactly like a slow one: only
// the caller's deadline tells them apart.
//
// Twins:       sim/sim_network.h   (seeded faults, virtual time)
//              prod/tcp_network.h  (sockets over epoll)
// Both pass:   tests/conformance/network_test.cc
// Concurrency: fibers of the owning process and executor only. One may read
//              while another writes; two readers, or two writers, is a bug.

#ifndef NET_STREAM_H_
#define NET_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/patience.h"
#include "runtime/instant.h"

namespace net {

// How a simulated network may mistreat a stream. TCP ignores it.
enum class Framing {
  kBytes,   // Chunks split and merge; nothing is ever missing inside.
  kFrames,  // Each Write() is whole frames: they may also be lost, repeated,
            // reordered or damaged, one Write() at a time.
};

class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;  // Resets, unless CloseWrite() was called.

  // Suspends until at least one byte is here, then fills the front of `buffer`
  // and returns how many bytes it wrote. Zero means the peer closed its side.
  //
  // Requires: !buffer.empty().
  // Errors:   UNAVAILABLE        reset by the peer or by the network.
  //           DEADLINE_EXCEEDED  nothing came; the stream is still good.
  //           CANCELLED          Reset() was called here, or the fiber's group
  //                              was cancelled.
  virtual absl::StatusOr<size_t> Read(std::span<std::byte> buffer,
                                      runtime::Instant deadline) = 0;

  // Suspends until all bytes of all `pieces`, in order, are accepted; a full
  // window makes it wait. The pieces must stay valid until the return. All
  // pieces of one call are one Write() in the sense of Framing.
  //
  // Errors: as Read(); DEADLINE_EXCEEDED is the end of `patience`. After any
  //         error an unknown prefix may have been sent, so the only useful
  //         thing left to do is Reset().
  virtual absl::Status Write(std::span<const std::span<const std::byte>> pieces,
                             Patience patience) = 0;

  absl::Status Write(std::span<const std::byte> bytes, Patience patience) {
    return Write({&bytes, 1}, patience);
  }

  // How many of the bytes that were written the other host has taken, as far as
  // this side knows; whether anybody there has read them is another matter.
  // Grows while bytes move, and stands still when the way is blocked or the
  // other side is full. Never suspends; may cost a system call.
  virtual uint64_t taken_bytes() const = 0;

  // Tells the peer that no more bytes will come. Reading goes on.
  virtual void CloseWrite() = 0;

  // Drops the stream at once. Both sides wake with an error. Idempotent.
  virtual void Reset() = 0;

  // Who is at the other end, as far as the network knows.
  virtual Address remote_address() const = 0;
  // Where this end of it is.
  virtual Address local_address() const = 0;

 protected:
  Stream() = default;
};

}  // namespace net

#endif  // NET_STREAM_H_
