// How many descriptors this process may have, and who gets them.
//
// Clients of Redis come last: what the cluster lives from (the log's files,
// the connections between nodes) and what its people look through (the admin
// port) have a reserve that no client can use up.

#ifndef PROD_DESCRIPTORS_H_
#define PROD_DESCRIPTORS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace prod {

// Raises the soft limit to the hard one, as far as the system lets us, and
// returns what it is then.
uint64_t RaiseDescriptorLimit();

struct DescriptorBudget {
  uint64_t limit = 0;
  uint64_t reserve = 0;  // For all but clients.
  uint64_t redis_clients_max = 0;
  // Connections that others may have to this node's two ports for nodes.
  uint64_t peer_connections_max = 0;
  uint64_t rpc_connections_max = 0;
};

// Pure. `nodes` are those of the cluster, this one too.
// Errors: INVALID_ARGUMENT when `limit` is not enough for one client.
absl::StatusOr<DescriptorBudget> DivideDescriptors(uint64_t limit,
                                                   uint64_t nodes,
                                                   uint64_t redis_clients_max);

}  // namespace prod

#endif  // PROD_DESCRIPTORS_H_
