#include "prod/ctl_nodes.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

#include "prod/http_fetch.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

// What one thread asks of one endpoint, which may outlive its patience: nobody
// interrupts a name server.
struct Question {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<CtlJson> row;
};

using Asker = CtlJson (*)(const net::Address& endpoint, absl::Time deadline);

// A row for each endpoint, in their order; one that does not come in time has
// an `error_key`.
std::vector<CtlJson> AskAll(const CtlNodesOptions& options, Asker ask,
                            const char* error_key) {
  const absl::Time deadline = absl::Now() + options.timeout;
  std::vector<std::shared_ptr<Question>> questions;
  for (const net::Address& endpoint : options.endpoints) {
    auto question = std::make_shared<Question>();
    questions.push_back(question);
    std::thread([question, endpoint, ask, deadline] {
      CtlJson row = ask(endpoint, deadline);
      const std::lock_guard<std::mutex> lock(question->mutex);
      question->row = std::move(row);
      question->answered.notify_all();
    }).detach();
  }
  std::vector<CtlJson> rows;
  for (size_t i = 0; i < questions.size(); ++i) {
    Question& question = *questions[i];
    // A moment more: what it says of its own lateness is worth more.
    const absl::Duration left =
        deadline + absl::Milliseconds(200) - absl::Now();
    std::unique_lock<std::mutex> lock(question.mutex);
    question.answered.wait_for(
        lock, absl::ToChronoNanoseconds(left),
        [&question] { return question.row.has_value(); });
    rows.push_back(question.row.value_or(CtlJson::object()));
    if (question.row.has_value()) continue;
    rows.back()["endpoint"] = options.endpoints[i].ToString();
    rows.back()[error_key] = "no answer in time: the name is still looked up";
  }
  return rows;
}

absl::StatusOr<HttpPage> Fetch(const net::Address& endpoint, const char* path,
                               absl::Time deadline) {
  return FetchPage(endpoint, path, deadline, kAdminAnswerBytesMax);
}

// The node's status with the endpoint in front, or with an "error".
CtlJson StatusOf(const net::Address& endpoint, absl::Time deadline) {
  CtlJson row;
  row["endpoint"] = endpoint.ToString();
  const absl::StatusOr<HttpPage> page = Fetch(endpoint, "/status", deadline);
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

bool HasError(const std::vector<CtlJson>& rows, const char* key) {
  return std::any_of(rows.begin(), rows.end(),
                     [key](const CtlJson& row) { return row.contains(key); });
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

CtlJson HealthOf(const net::Address& endpoint, absl::Time deadline) {
  CtlJson row;
  row["endpoint"] = endpoint.ToString();
  row["live"] = false;
  row["ready"] = false;
  for (const auto& [key, path] :
       {std::pair("live", "/livez"), std::pair("ready", "/readyz")}) {
    const absl::StatusOr<HttpPage> page = Fetch(endpoint, path, deadline);
    row[key] = page.ok() && page->code == 200;
    if (row[key] == true) continue;
    row["why"] =
        page.ok() ? std::string(absl::StripTrailingAsciiWhitespace(page->body))
                  : std::string(page.status().message());
    break;  // What is not alive is not ready.
  }
  return row;
}

// Why a member is not reached, as the node that was asked sees it; both roads
// count. Empty: it is, or it is that node itself.
std::string WhyNotReached(const CtlJson& member) {
  for (const auto& [state, error] : {std::pair("peer_connected", "peer_error"),
                                     std::pair("rpc_reached", "rpc_error")}) {
    const auto found = member.find(state);
    if (found == member.end() || *found != false) continue;
    const auto why = member.find(error);
    return why == member.end() ? "not connected" : CellText(*why);
  }
  return "";
}

// What the endpoints that do not answer say instead.
std::string ErrorLines(const std::vector<CtlJson>& statuses) {
  std::string text;
  for (const CtlJson& status : statuses) {
    if (!status.contains("error")) continue;
    absl::StrAppend(&text, CellText(status["endpoint"]), ": ",
                    CellText(status["error"]), "\n");
  }
  return text;
}

CtlResult NobodyAnswers(const std::vector<CtlJson>& statuses,
                        CtlFormat format) {
  CtlResult result{.exit_code = kExitUnhealthy};
  if (format == CtlFormat::kTable) {
    result.text = absl::StrCat("no node answers\n", ErrorLines(statuses));
    return result;
  }
  CtlJson json;
  json["error"] = "no node answers";
  json["endpoints"] = statuses;
  result.text = FormatJson(json);
  return result;
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
  const std::vector<CtlJson> rows = AskAll(options, StatusOf, "error");
  CtlResult result;
  const bool errors = HasError(rows, "error");
  result.exit_code = errors ? kExitUnhealthy : 0;
  if (options.format == CtlFormat::kJson) {
    result.text = FormatJson(rows);
    return result;
  }
  std::vector<absl::string_view> columns = {
      "endpoint",     "node",          "role",       "term", "leader",
      "commit_index", "applied_index", "last_index", "ready"};
  if (HasError(rows, "why_not_ready")) columns.push_back("why_not_ready");
  if (errors) columns.push_back("error");
  result.text = FormatTable(rows, columns);
  return result;
}

CtlResult CtlMembers(const CtlNodesOptions& options) {
  const std::vector<CtlJson> statuses = AskAll(options, StatusOf, "error");
  const CtlJson* best = BestStatus(statuses);
  if (best == nullptr) return NobodyAnswers(statuses, options.format);
  CtlResult result;
  if (!Leads(*best) || HasError(statuses, "error")) {
    result.exit_code = kExitUnhealthy;
  }
  std::vector<CtlJson> rows;
  for (const CtlJson& member : (*best)["members"]) {
    if (!member.is_object()) continue;
    rows.push_back(member);
    const std::string why = WhyNotReached(member);
    rows.back()["reached"] = why.empty();
    if (why.empty()) continue;
    rows.back()["why"] = why;
    result.exit_code = kExitUnhealthy;
  }
  if (options.format == CtlFormat::kJson) {
    result.text = FormatJson(rows);
    return result;
  }
  std::vector<absl::string_view> columns = {
      "id",         "voter",      "host",  "peer_port", "rpc_port",
      "redis_port", "admin_port", "match", "reached"};
  if (HasError(rows, "why")) columns.push_back("why");
  result.text = FormatTable(rows, columns);
  if (!Leads(*best)) {
    absl::StrAppend(&result.text, "nobody leads: this is how ",
                    CellText((*best)["endpoint"]), " sees it\n");
  }
  absl::StrAppend(&result.text, ErrorLines(statuses));
  return result;
}

CtlResult CtlHealth(const CtlNodesOptions& options) {
  std::vector<CtlJson> rows = AskAll(options, HealthOf, "why");
  CtlResult result;
  for (CtlJson& row : rows) {
    if (!row.contains("why")) continue;
    result.exit_code = kExitUnhealthy;
    row.emplace("live", false);
    row.emplace("ready", false);
  }
  result.text = options.format == CtlFormat::kJson
                    ? FormatJson(rows)
                    : FormatTable(rows, {"endpoint", "live", "ready", "why"});
  return result;
}

}  // namespace prod
