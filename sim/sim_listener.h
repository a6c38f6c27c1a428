// A simulated listener, and the ports of one host.

#ifndef SIM_SIM_LISTENER_H_
#define SIM_SIM_LISTENER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "net/address.h"
#include "net/network.h"
#include "runtime/executor.h"
#include "runtime/instant.h"
#include "runtime/wait_queue.h"
#include "sim/life.h"
#include "sim/sim_connection.h"

namespace sim {

class SimListener;

// Which port of a host is whose. The ports of a process are free again when it
// ends.
class PortTable {
 public:
  // Where the system looks for a free port.
  static constexpr uint16_t kEphemeralFirst = 49152;
  static constexpr uint16_t kEphemeralLast = 65535;

  // Takes `port`, or any free one if it is 0; returns it.
  // Errors: FAILED_PRECONDITION (in use), UNAVAILABLE (none is free).
  absl::StatusOr<uint16_t> Bind(uint16_t port, SimListener& listener);
  void Unbind(uint16_t port) { listeners_.erase(port); }
  void UnbindAll() { listeners_.clear(); }
  // Null if nobody listens there.
  SimListener* Find(uint16_t port) const;

  // A port for the dialing side of a connection: only a name there, so that it
  // may come again.
  uint16_t NextEphemeral();

 private:
  absl::btree_map<uint16_t, SimListener*> listeners_;
  uint16_t next_ephemeral_ = kEphemeralFirst;
};

class SimListener final : public net::Listener {
 public:
  // Dials that nobody has accepted yet; further ones must try again.
  static constexpr size_t kBacklogMax = 128;

  // `ports` and `executor` must outlive the life.
  SimListener(PortTable& ports, std::shared_ptr<Life> life,
              runtime::Executor& executor);
  ~SimListener() override;

  // Takes a port. Once, and before anything else. Errors: PortTable::Bind().
  absl::Status Bind(const net::Address& address);

  // A dial has arrived. False if the backlog is full.
  bool Offer(Connection& connection);

  absl::StatusOr<std::unique_ptr<net::Stream>> Accept(
      runtime::Instant deadline) override;
  net::Address local_address() const override { return address_; }
  void Close() override;

 private:
  PortTable& ports_;
  const std::shared_ptr<Life> life_;
  runtime::Executor& executor_;
  net::Address address_;
  bool bound_ = false;
  std::deque<std::shared_ptr<Connection>> backlog_;
  runtime::WaitQueue acceptors_;
};

}  // namespace sim

#endif  // SIM_SIM_LISTENER_H_
