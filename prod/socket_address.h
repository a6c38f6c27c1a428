// net::Address and the kernel's sockaddr, both ways.

#ifndef PROD_SOCKET_ADDRESS_H_
#define PROD_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include "absl/status/statusor.h"

#include "net/address.h"
#include "prod/real_executor.h"
#include "runtime/instant.h"

namespace prod {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  int family() const { return storage.ss_family; }
};

net::Address ToAddress(const sockaddr_storage& storage);

// Numeric addresses and "localhost" at once; "" is every address of the host.
// Errors: INVALID_ARGUMENT when `address` is a name.
absl::StatusOr<SocketAddress> ParseNumeric(const net::Address& address);

// Blocks the thread while a name is looked up.
// Errors: UNAVAILABLE (no such name).
absl::StatusOr<SocketAddress> ResolveHere(const net::Address& address);

// Suspends while a name is looked up.
// Errors: UNAVAILABLE (no such name), DEADLINE_EXCEEDED, CANCELLED.
absl::StatusOr<SocketAddress> Resolve(const net::Address& address,
                                      RealExecutor& executor,
                                      runtime::Instant deadline);

}  // namespace prod

#endif  // PROD_SOCKET_ADDRESS_H_
