// raftctl over the admin ports of running nodes: status, members, health.
//
// All nodes are asked at the same time, for a bounded time, and what they
// answer is bounded and believed no more than it must be.

#ifndef PROD_CTL_NODES_H_
#define PROD_CTL_NODES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "net/address.h"
#include "prod/ctl_output.h"

namespace prod {

inline constexpr size_t kAdminAnswerBytesMax = 1 << 20;

struct CtlNodesOptions {
  std::vector<net::Address> endpoints = {};   // Admin ports.
  absl::Duration timeout = absl::Seconds(3);  // For all answers.
  CtlFormat format = CtlFormat::kTable;
};

// "a:1,b:2", as ParseAddress() reads each. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::vector<net::Address>> ParseEndpoints(
    absl::string_view text);

// A row a node: role, term, leader, indexes. Unhealthy if one does not answer.
CtlResult CtlStatus(const CtlNodesOptions& options);

// A row a member, as the leader sees it if it can be asked, else as one that
// answers does. Unhealthy if an endpoint does not answer, a member is not
// reached, or nobody leads.
CtlResult CtlMembers(const CtlNodesOptions& options);

// A row a node: alive, ready, and why not. Unhealthy if one is not both.
CtlResult CtlHealth(const CtlNodesOptions& options);

}  // namespace prod

#endif  // PROD_CTL_NODES_H_
