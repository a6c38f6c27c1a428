// The handle by which a process holds its side of a simulated connection.
//
// Twin: prod/tcp_network.cc. A handle whose process has ended does nothing: its
// calls fail with CANCELLED and its destructor reaches nobody.

#ifndef SIM_SIM_STREAM_H_
#define SIM_SIM_STREAM_H_

#include <cstddef>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/stream.h"
#include "runtime/instant.h"
#include "sim/sim_connection.h"

namespace sim {

class SimStream final : public net::Stream {
 public:
  // Shared ownership: see PipeEnds.
  SimStream(std::shared_ptr<Connection> connection, Side side);
  ~SimStream() override;

  // The dialer's. Suspends until the acceptor's host has answered.
  // Errors: those of net::Network::Dial().
  absl::Status AwaitOpen(runtime::Instant deadline);

  absl::StatusOr<size_t> Read(std::span<std::byte> buffer,
                              runtime::Instant deadline) override;
  using net::Stream::Write;
  absl::Status Write(std::span<const std::span<const std::byte>> pieces,
                     net::Patience patience) override;
  uint64_t taken_bytes() const override;
  void CloseWrite() override;
  void Reset() override;
  net::Address remote_address() const override;
  net::Address local_address() const override;

 private:
  Endpoint& here() { return connection_->endpoint(side_); }
  bool alive() const;
  size_t TakeUnread(std::span<std::byte> buffer);
  absl::Status AwaitRoom(size_t left, net::Patience patience);

  const std::shared_ptr<Connection> connection_;
  const Side side_;
};

}  // namespace sim

#endif  // SIM_SIM_STREAM_H_
