// A plain blocking TCP connection to a port of this machine, with a patience
// for every call: what a client of another make would use, and nothing of ours.
//
// Errors: UNAVAILABLE        refused, reset, or closed by the other side.
//         DEADLINE_EXCEEDED  the patience ended.

#ifndef TESTS_CLUSTER_TCP_CONNECTION_H_
#define TESTS_CLUSTER_TCP_CONNECTION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "prod/unique_fd.h"

namespace cluster {

class TcpConnection {
 public:
  static absl::StatusOr<TcpConnection> Connect(uint16_t port,
                                               absl::Duration patience);

  absl::Status Send(absl::string_view bytes, absl::Time deadline);

  // Appends what has come, at least one byte, to `bytes`.
  absl::Status Receive(std::string& bytes, absl::Time deadline);

  // Whether bytes have come that nobody has received yet.
  bool HasUnread() const;

  // Everything until the other side closes, resets or exhausts the patience.
  std::string ReceiveAll(absl::Duration patience);

  // The next close sends a reset instead of an end.
  void CloseWithReset();

 private:
  explicit TcpConnection(prod::UniqueFd socket) : socket_(std::move(socket)) {}

  // Waits for `events` of poll().
  absl::Status WaitFor(short events, absl::Time deadline) const;

  prod::UniqueFd socket_;
};

// Whether a server could listen on this port now.
bool PortIsFree(uint16_t port);

}  // namespace cluster

#endif  // TESTS_CLUSTER_TCP_CONNECTION_H_
