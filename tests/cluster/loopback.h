// The address of a port on this machine.

#ifndef TESTS_CLUSTER_LOOPBACK_H_
#define TESTS_CLUSTER_LOOPBACK_H_

#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace cluster {

inline sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace cluster

#endif  // TESTS_CLUSTER_LOOPBACK_H_
