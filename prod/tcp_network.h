// TCP: sockets over epoll.
//
// Twin: sim/sim_network.h. Both pass: tests/conformance/network_test.cc
//
// Names are resolved on a thread of their own, so that a slow name server never
// stalls the network; numeric addresses need none. Small writes leave at once
// (TCP_NODELAY). A stream that is destroyed after CloseWrite() still delivers
// what it accepted; without it, it is reset.

#ifndef PROD_TCP_NETWORK_H_
#define PROD_TCP_NETWORK_H_

#include <memory>

#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/network.h"
#include "prod/counters.h"
#include "prod/real_executor.h"
#include "runtime/instant.h"

namespace prod {

class TcpNetwork final : public net::Network {
 public:
  // `executor` must outlive this, and this all its streams and listeners.
  explicit TcpNetwork(RealExecutor& executor) : executor_(executor) {}

  absl::StatusOr<std::unique_ptr<net::Stream>> Dial(
      const net::Address& address, net::Framing framing,
      runtime::Instant deadline) override;

  absl::StatusOr<std::unique_ptr<net::Listener>> Listen(
      const net::Address& address) override;

  // Any thread may read them.
  const NetworkCounters& counters() const { return counters_; }

 private:
  RealExecutor& executor_;
  NetworkCounters counters_;
};

}  // namespace prod

#endif  // PROD_TCP_NETWORK_H_
