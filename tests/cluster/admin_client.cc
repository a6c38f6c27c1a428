#include "tests/cluster/admin_client.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "tests/cluster/real_cluster.h"
#include "tests/cluster/tcp_connection.h"

namespace cluster {

std::string PageOf(uint16_t admin_port, absl::string_view path) {
  absl::StatusOr<TcpConnection> connection =
      TcpConnection::Connect(admin_port, RealCluster::kPatience);
  if (!connection.ok()) return "";
  const absl::Status sent =
      connection->Send(absl::StrCat("GET ", path, " HTTP/1.1\r\n\r\n"),
                       absl::Now() + RealCluster::kPatience);
  return sent.ok() ? connection->ReceiveAll(RealCluster::kPatience) : "";
}

uint64_t MetricOf(uint16_t admin_port, absl::string_view name) {
  const std::string metrics = PageOf(admin_port, "/metrics");
  const std::string start = absl::StrCat("\n", name, " ");
  const size_t at = metrics.find(start);
  uint64_t value = 0;
  if (at == std::string::npos) return 0;
  const std::string text = metrics.substr(at + start.size());
  (void)absl::SimpleAtoi(text.substr(0, text.find('\n')), &value);
  return value;
}

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + RealCluster::kPatience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

}  // namespace cluster
