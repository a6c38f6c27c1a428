#include "prod/ctl_nodes.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

#include "httplib.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

struct Page {
  int code = 0;
  std::string body;
};

// Errors: UNAVAILABLE, whatever went wrong.
absl::StatusOr<Page> Fetch(const net::Address& endpoint, const char* path,
                           absl::Duration timeout) {
  httplib::Client client(endpoint.host, endpoint.port);
  const auto timeout_us = absl::ToInt64Microseconds(timeout);
  const auto seconds = static_cast<time_t>(timeout_us / 1'000'000);
  const auto rest_us = static_cast<time_t>(timeout_us % 1'000'000);
  client.set_connection_timeout(seconds, rest_us);
  client.set_read_timeout(seconds, rest_us);
  client.set_write_timeout(seconds, rest_us);
  const absl::Time deadline = absl::Now() + timeout;
  Page page;
  const httplib::Result result =
      client.Get(path, [&page, deadline](const char* data, size_t size) {
        page.body.append(data, size);
        return page.body.size() <= kAdminAnswerBytesMax &&
               absl::Now() < deadline;
      });
  if (!result) {
    return absl::UnavailableError(
        page.body.size() > kAdminAnswerBytesMax
            ? "the answer is too large"
            : absl::StrCat("no answer: ", httplib::to_string(result.error())));
  }
  page.code = result->status;
  return page;
}

// The node's status with the endpoint in front, or with an "error".
CtlJson StatusOf(const net::Address& endpoint, absl::Duration timeout) {
  CtlJson row;
  row["endpoint"] = endpoint.ToString();
  const absl::StatusOr<Page> page = Fetch(endpoint, "/status", timeout);
  if (!page.ok()) {
    row["error"] = std::string(page.status().message());
    return row;
  }
  const CtlJson status = CtlJson::parse(page->body, nullptr, false);
  if (!status.is_object()) {
    row["error"] = absl::StrCat("no status, but HTTP ", page->code);
    return row;
  }
  for (const auto& [key, value] : status.items()) row[key] = value;
  row["endpoint"] = endpoint.ToString();
  return row;
}

std::vector<CtlJson> AllStatuses(const CtlNodesOptions& options) {
  std::vector<CtlJson> rows;
  for (const net::Address& endpoint : options.endpoints) {
    rows.push_back(StatusOf(endpoint, options.timeout));
  }
  return rows;
}

bool Leads(const CtlJson& status) {
  const auto role = status.find("role");
  return role != status.end() && *role == "leader";
}

// The one to believe about members: the leader of the newest term.
const CtlJson* BestStatus(const std::vector<CtlJson>& statuses) {
  const CtlJson* best = nullptr;
  const auto term_of = [](const CtlJson& status) {
    const auto term = status.find("term");
    return term != status.end() && term->is_number_unsigned()
               ? term->get<uint64_t>()
               : 0;
  };
  for (const CtlJson& status : statuses) {
    if (!status.contains("members")) continue;
    if (best == nullptr || std::pair(Leads(status), term_of(status)) >
                               std::pair(Leads(*best), term_of(*best))) {
      best = &status;
    }
  }
  return best;
}

CtlJson HealthOf(const net::Address& endpoint, absl::Duration timeout) {
  CtlJson row;
  row["endpoint"] = endpoint.ToString();
  row["live"] = false;
  row["ready"] = false;
  for (const auto& [key, path] :
       {std::pair("live", "/livez"), std::pair("ready", "/readyz")}) {
    const absl::StatusOr<Page> page = Fetch(endpoint, path, timeout);
    row[key] = page.ok() && page->code == 200;
    if (row[key] == true) continue;
    row["why"] =
        page.ok() ? std::string(absl::StripTrailingAsciiWhitespace(page->body))
                  : std::string(page.status().message());
    break;  // What is not alive is not ready.
  }
  return row;
}

}  // namespace

absl::StatusOr<std::vector<net::Address>> ParseEndpoints(
    absl::string_view text) {
  std::vector<net::Address> endpoints;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    ASSIGN_OR_RETURN(net::Address endpoint, net::ParseAddress(part));
    if (endpoint.host.empty() || endpoint.port == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected host:port, not \"", part, "\""));
    }
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

CtlResult CtlStatus(const CtlNodesOptions& options) {
  const std::vector<CtlJson> rows = AllStatuses(options);
  CtlResult result;
  bool errors = false;
  for (const CtlJson& row : rows) errors = errors || row.contains("error");
  result.exit_code = errors ? kExitUnhealthy : 0;
  if (options.format == CtlFormat::kJson) {
    result.text = FormatJson(rows);
  } else if (errors) {
    result.text = FormatTable(
        rows, {"endpoint", "node", "role", "term", "leader", "commit_index",
               "applied_index", "last_index", "ready", "error"});
  } else {
    result.text = FormatTable(
        rows, {"endpoint", "node", "role", "term", "leader", "commit_index",
               "applied_index", "last_index", "ready"});
  }
  return result;
}

CtlResult CtlMembers(const CtlNodesOptions& options) {
  const std::vector<CtlJson> statuses = AllStatuses(options);
  const CtlJson* best = BestStatus(statuses);
  if (best == nullptr) {
    std::string text = "no node answers\n";
    for (const CtlJson& status : statuses) {
      absl::StrAppend(&text, CellText(status["endpoint"]), ": ",
                      CellText(status.value("error", CtlJson("?"))), "\n");
    }
    return {.text = text, .exit_code = kExitUnhealthy};
  }
  std::vector<CtlJson> rows;
  for (const CtlJson& member : (*best)["members"]) {
    if (member.is_object()) rows.push_back(member);
  }
  CtlResult result;
  result.text =
      options.format == CtlFormat::kJson
          ? FormatJson(rows)
          : FormatTable(rows, {"id", "voter", "host", "peer_port", "rpc_port",
                               "redis_port", "admin_port", "match"});
  return result;
}

CtlResult CtlHealth(const CtlNodesOptions& options) {
  std::vector<CtlJson> rows;
  CtlResult result;
  for (const net::Address& endpoint : options.endpoints) {
    rows.push_back(HealthOf(endpoint, options.timeout));
    if (rows.back().contains("why")) result.exit_code = kExitUnhealthy;
  }
  result.text = options.format == CtlFormat::kJson
                    ? FormatJson(rows)
                    : FormatTable(rows, {"endpoint", "live", "ready", "why"});
  return result;
}

}  // namespace prod
