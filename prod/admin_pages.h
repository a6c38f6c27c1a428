// What the admin port answers: /livez, /readyz, /status and /metrics.
//
//   /livez    200 while the network runtime answers. Never depends on other
//             nodes: a restart would not help there.
//   /readyz   200 while this node serves: a leader is known and can be
//             reached, what is committed is applied, nothing is being stopped.
//             503 says why not.
//   /status   the node and its members, as JSON.
//   /metrics  all counters, as Prometheus reads them; those that need the
//             network runtime are left out when it does not answer.
//
// Any thread, several at a time.

#ifndef PROD_ADMIN_PAGES_H_
#define PROD_ADMIN_PAGES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "prod/counters.h"
#include "prod/http_server.h"
#include "prod/node_report.h"
#include "prod/raft_counters.h"
#include "prod/settings.h"

namespace prod {

// What the pages read. All outlive them.
struct AdminSources {
  const ServerConfig& config;
  const RaftCounters& raft;
  const NetworkCounters& network;
  const DiskCounters& disk;
  const ExecutorCounters& network_runtime;
  const ExecutorCounters& storage_runtime;
};

// What is known of the way to another node; null where nothing is.
const net::PeerLinkReport* LinkTo(const NodeReport& report,
                                  runtime::NodeId node);
const kv::PeerReach* ReachOf(const NodeReport& report, runtime::NodeId node);

// Why a node with this report does not serve; empty if it does.
// `ready_lag_max` is in entries.
std::string WhyNotReady(const NodeReport& report, uint64_t ready_lag_max);

// Without the line break at the end of a body.
std::string StatusJson(const ServerConfig& config, const NodeReport& report);

// Nothing in `report`: the network runtime did not answer.
std::string MetricsText(const AdminSources& sources,
                        const std::optional<NodeReport>& report);

class AdminPages {
 public:
  // `reporter` outlives this too.
  AdminPages(AdminSources sources, NodeReporter& reporter)
      : sources_(sources), reporter_(reporter) {}

  HttpAnswer Answer(absl::string_view path) const;

 private:
  HttpAnswer Live() const;
  HttpAnswer Ready() const;
  HttpAnswer Status() const;
  HttpAnswer Metrics() const;
  std::optional<NodeReport> Ask() const;
  std::string NoAnswer() const;

  const AdminSources sources_;
  NodeReporter& reporter_;
};

}  // namespace prod

#endif  // PROD_ADMIN_PAGES_H_
