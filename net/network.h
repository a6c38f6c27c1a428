// Dialling and listening: where streams come from.
//
// Twins:     sim/sim_network.h, prod/tcp_network.h
// Both pass: tests/conformance/network_test.cc
//
// A Network belongs to one executor of one process; so do its streams.

#ifndef NET_NETWORK_H_
#define NET_NETWORK_H_

#include <memory>

#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/stream.h"
#include "runtime/instant.h"

namespace net {

class Listener {
 public:
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;  // Stops listening.

  // Suspends until somebody dials.
  // Errors: DEADLINE_EXCEEDED, CANCELLED (fiber cancelled or Close()d),
  //         UNAVAILABLE (this process cannot accept just now; try again).
  virtual absl::StatusOr<std::unique_ptr<Stream>> Accept(
      runtime::Instant deadline) = 0;

  // The address really bound: the port is never 0.
  virtual Address local_address() const = 0;

  // Stops listening; a waiting Accept() wakes with CANCELLED. Idempotent.
  virtual void Close() = 0;

 protected:
  Listener() = default;
};

class Network {
 public:
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  // Suspends until connected.
  // Errors: UNAVAILABLE (refused, unreachable, unknown host),
  //         DEADLINE_EXCEEDED (no answer), CANCELLED.
  virtual absl::StatusOr<std::unique_ptr<Stream>> Dial(
      const Address& address, Framing framing, runtime::Instant deadline) = 0;

  // Does not suspend.
  // Errors: FAILED_PRECONDITION (address in use), INVALID_ARGUMENT (not an
  //         address of this host), UNAVAILABLE (the process is out of sockets).
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(
      const Address& address) = 0;

 protected:
  Network() = default;
};

}  // namespace net

#endif  // NET_NETWORK_H_
