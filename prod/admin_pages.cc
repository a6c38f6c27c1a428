#include "prod/admin_pages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "nlohmann/json.hpp"
#include "prod/build_info.h"
#include "prod/metrics_writer.h"

namespace prod {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJson[] = "application/json";

HttpAnswer Plain(int code, absl::string_view line) {
  return {.code = code, .body = absl::StrCat(line, "\n")};
}

// Names of hosts and clusters are UTF-8; what is not does not throw.
std::string Text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

// How the member can be reached by both roads, and its clock.
void AddWay(const NodeReport& report, runtime::NodeId node, Json& json) {
  if (const net::PeerLinkReport* link = LinkTo(report, node)) {
    json["peer_connected"] = link->connected;
    json["peer_since_seconds"] = absl::ToInt64Seconds(report.now - link->since);
    if (!link->last_error.empty()) json["peer_error"] = link->last_error;
  }
  const kv::PeerReach* reach = ReachOf(report, node);
  if (reach == nullptr || !reach->asked) return;
  json["rpc_reached"] = reach->reached;
  if (!reach->error.empty()) json["rpc_error"] = reach->error;
  if (reach->reached && reach->clock_difference.has_value()) {
    json["clock_difference_ms"] =
        absl::ToInt64Milliseconds(*reach->clock_difference);
  }
}

// Whom this node cannot send Raft's messages to, and why.
std::string UnreachedText(const NodeReport& report) {
  std::string text;
  for (const net::PeerLinkReport& link : report.links) {
    if (link.connected) continue;
    absl::StrAppend(
        &text, text.empty() ? "" : "; ", "node ", link.node.value(), " at ",
        link.address.ToString(), ": ",
        link.last_error.empty() ? "not connected yet" : link.last_error);
  }
  return text;
}

std::string WhyNoLeader(const NodeReport& report) {
  std::string why = "no leader is known";
  const std::string stranger = net::NotAMember(report.links);
  if (!stranger.empty()) absl::StrAppend(&why, "; ", stranger);
  const std::string unreached = UnreachedText(report);
  const raft::Role role = report.raft.role;
  if (role == raft::Role::kPreCandidate || role == raft::Role::kCandidate) {
    absl::StrAppend(&why, "; this node asks for votes (", raft::RoleName(role),
                    ") and has too few");
    if (unreached.empty()) {
      why += ": all others are connected, and some do not grant theirs (yet)";
    }
  }
  if (!unreached.empty()) absl::StrAppend(&why, "; not reached: ", unreached);
  return why;
}

// Empty if what is asked here gets to the leader.
std::string WhyLeaderIsNotReached(const NodeReport& report) {
  const runtime::NodeId leader = report.raft.leader;
  const kv::PeerReach* reach = ReachOf(report, leader);
  if (reach == nullptr || reach->reached) return "";
  return absl::StrCat("node ", leader.value(), " leads, but ",
                      reach->asked
                          ? absl::StrCat("does not answer: ", reach->error)
                          : "has not answered yet");
}

Json MemberJson(const ServerConfig& config, const kv::ServerMember& member,
                const NodeReport& report) {
  Json json;
  json["id"] = member.node.value();
  json["voter"] = std::find(report.voters.begin(), report.voters.end(),
                            member.node) != report.voters.end();
  json["host"] = member.peer.host;
  json["peer_port"] = member.peer.port;
  json["rpc_port"] = member.rpc.port;
  json["redis_port"] = member.redis.port;
  const auto admin = config.admin_ports.find(member.node);
  if (admin != config.admin_ports.end()) json["admin_port"] = admin->second;
  for (const NodeReport::Follower& follower : report.followers) {
    if (follower.node == member.node) json["match"] = follower.match.value();
  }
  AddWay(report, member.node, json);
  return json;
}

}  // namespace

const net::PeerLinkReport* LinkTo(const NodeReport& report,
                                  runtime::NodeId node) {
  for (const net::PeerLinkReport& link : report.links) {
    if (link.node == node) return &link;
  }
  return nullptr;
}

const kv::PeerReach* ReachOf(const NodeReport& report, runtime::NodeId node) {
  for (const kv::PeerReach& reach : report.peers) {
    if (reach.node == node) return &reach;
  }
  return nullptr;
}

std::string WhyNotReady(const NodeReport& report, uint64_t ready_lag_max) {
  if (report.phase != NodeReport::Phase::kServing) {
    return absl::StrCat("the node is ", PhaseName(report.phase));
  }
  if (report.raft.leader == runtime::NodeId()) return WhyNoLeader(report);
  std::string unreached = WhyLeaderIsNotReached(report);
  if (!unreached.empty()) return unreached;
  const uint64_t commit = report.raft.commit.value();
  const uint64_t applied = report.raft.applied.value();
  if (commit > applied && commit - applied > ready_lag_max) {
    return absl::StrCat("applied up to ", applied, ", committed up to ",
                        commit);
  }
  return "";
}

std::string StatusJson(const ServerConfig& config, const NodeReport& report) {
  Json json;
  json["node"] = config.node_id;
  json["cluster"] = config.cluster;
  json["version"] = std::string(ThisBuild().version);
  json["commit"] = std::string(ThisBuild().commit);
  json["phase"] = PhaseName(report.phase);
  const std::string why = WhyNotReady(report, config.ready_lag_max);
  json["ready"] = why.empty();
  if (!why.empty()) json["why_not_ready"] = why;
  json["uptime_seconds"] = absl::ToInt64Seconds(report.uptime);
  if (report.phase != NodeReport::Phase::kStarting) {
    json["role"] = raft::RoleName(report.raft.role);
    json["term"] = report.raft.term.value();
    json["leader"] = report.raft.leader.value();
    json["commit_index"] = report.raft.commit.value();
    json["applied_index"] = report.raft.applied.value();
    json["durable_index"] = report.durable.value();
    json["last_index"] = report.raft.last.value();
    json["keys"] = report.keys;
    json["redis_clients"] = report.redis_clients;
  }
  json["members"] = Json::array();
  for (const kv::ServerMember& member : config.peers) {
    json["members"].push_back(MemberJson(config, member, report));
  }
  return Text(json);
}

std::optional<NodeReport> AdminPages::Ask() const {
  return reporter_.Ask(sources_.config.live_timeout);
}

std::string AdminPages::NoAnswer() const {
  return absl::StrCat("the network runtime has not answered for ",
                      absl::FormatDuration(sources_.config.live_timeout));
}

HttpAnswer AdminPages::Answer(absl::string_view path) const {
  if (path == "/livez") return Live();
  if (path == "/readyz") return Ready();
  if (path == "/status") return Status();
  if (path == "/metrics") return Metrics();
  if (path == "/") return Plain(200, "/livez /readyz /status /metrics");
  return Plain(404, "no such page; there are /livez /readyz /status /metrics");
}

HttpAnswer AdminPages::Live() const {
  return Ask().has_value() ? Plain(200, "alive") : Plain(503, NoAnswer());
}

HttpAnswer AdminPages::Ready() const {
  const std::optional<NodeReport> report = Ask();
  if (!report.has_value()) return Plain(503, NoAnswer());
  const std::string why = WhyNotReady(*report, sources_.config.ready_lag_max);
  return why.empty() ? Plain(200, "ready") : Plain(503, why);
}

HttpAnswer AdminPages::Status() const {
  const std::optional<NodeReport> report = Ask();
  if (!report.has_value()) {
    return {.code = 503,
            .content_type = kJson,
            .body = Text(Json{{"error", NoAnswer()}}) + "\n"};
  }
  return {.content_type = kJson,
          .body = StatusJson(sources_.config, *report) + "\n"};
}

HttpAnswer AdminPages::Metrics() const {
  return {.content_type = MetricsWriter::kContentType,
          .body = MetricsText(sources_, Ask())};
}

}  // namespace prod
