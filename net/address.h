// Where a process can be reached: "host:port". In the simulator the host is a
// host of the World; in production a name or an IPv4/IPv6 address.

#ifndef NET_ADDRESS_H_
#define NET_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace net {

struct Address {
  std::string host;
  uint16_t port = 0;  // To listen: 0 lets the system pick one.

  // "127.0.0.1:7001", "[::1]:7001", "node-1:7001".
  std::string ToString() const;

  friend auto operator<=>(const Address&, const Address&) = default;
};

// Whether only this machine itself can be there: "localhost", 127.x.x.x, ::1.
bool IsLoopback(const Address& address);

// Errors: INVALID_ARGUMENT, saying what is wrong with `text`.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

}  // namespace net

#endif  // NET_ADDRESS_H_
