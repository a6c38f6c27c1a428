// The table of settings, section by section.

#include <array>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "prod/cpu_list.h"
#include "prod/settings.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

constexpr uint64_t kKiB = uint64_t{1} << 10;
constexpr uint64_t kMiB = uint64_t{1} << 20;

absl::Status SetNodeId(ServerConfig& config, absl::string_view text) {
  uint64_t id = 0;
  if (!absl::SimpleAtoi(text, &id) || id == 0 || id > UINT32_MAX) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a node id, a number from 1, not \"", text, "\""));
  }
  config.node_id = id;
  return absl::OkStatus();
}

std::string NodeIdText(const ServerConfig& config) {
  return config.node_id == 0 ? "" : absl::StrCat(config.node_id);
}

absl::Status SetLevel(ServerConfig& config, absl::string_view text) {
  const std::optional<LogLevel> level = ParseLogLevel(text);
  if (!level.has_value()) {
    return absl::InvalidArgumentError(
        "expected one of debug, info, warning, error");
  }
  config.log_level = *level;
  return absl::OkStatus();
}

absl::Status SetAdminPort(ServerConfig& config, absl::string_view text) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text, &port) || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a port, or 0 for none, not \"", text, "\""));
  }
  config.admin_port = static_cast<uint16_t>(port);
  return absl::OkStatus();
}

std::string AdminPortText(const ServerConfig& config) {
  return config.admin_port.has_value() ? absl::StrCat(*config.admin_port) : "";
}

absl::Status SetFormat(ServerConfig& config, absl::string_view text) {
  const std::optional<LogFormat> format = ParseLogFormat(text);
  if (!format.has_value()) {
    return absl::InvalidArgumentError("expected text or json");
  }
  config.log_format = *format;
  return absl::OkStatus();
}

absl::Status SetPlacement(ServerConfig& config, absl::string_view text) {
  if (text != "split" && text != "shared") {
    return absl::InvalidArgumentError("expected split or shared");
  }
  config.placement = text == "split" ? Placement::kSplit : Placement::kShared;
  return absl::OkStatus();
}

std::string PlacementText(const ServerConfig& config) {
  return config.placement == Placement::kSplit ? "split" : "shared";
}

constexpr std::array kSettings = {
    Setting{"node", "id", "node-id",
            "this node's id; never reused in its cluster",
            OtherType{SetNodeId, NodeIdText}, "1"},
    Setting{"node", "cluster", "cluster",
            "the cluster's name, the same on all nodes",
            TextType{[](ServerConfig& c) -> std::string& { return c.cluster; }},
            "demo"},
    Setting{
        "node", "data_dir", "data-dir", "where this node keeps its log",
        TextType{[](ServerConfig& c) -> std::string& { return c.data_dir; }},
        "/var/lib/raft/node-1"},
    Setting{"node", "stop_timeout", "stop-timeout",
            "how long a stop waits for what is under way",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.stop_timeout;
            }}},
    Setting{
        "", "", "init-cluster",
        "found the cluster if the data directory is empty",
        SwitchType{[](ServerConfig& c) -> bool& { return c.init_cluster; }}},

    Setting{"network", "listen_host", "listen-host",
            "the local address to listen on",
            TextType{
                [](ServerConfig& c) -> std::string& { return c.listen_host; }}},
    Setting{"network", "peer_listen_host", "peer-listen-host",
            "for the other nodes, if not listen_host",
            TextType{[](ServerConfig& c) -> std::string& {
              return c.peer_listen_host;
            }},
            "10.0.0.1"},
    Setting{"network", "redis_listen_host", "redis-listen-host",
            "for Redis clients, if not listen_host",
            TextType{[](ServerConfig& c) -> std::string& {
              return c.redis_listen_host;
            }},
            "0.0.0.0"},
    Setting{"network", "redis_clients_max", "redis-clients-max",
            "connections of Redis clients; more are refused",
            CountType{[](ServerConfig& c) -> uint64_t& {
                        return c.redis_clients_max;
                      },
                      1, 1'000'000}},
    Setting{
        "network", "protected_mode", "protected-mode",
        "refuse Redis clients of other machines: there are no passwords",
        SwitchType{[](ServerConfig& c) -> bool& { return c.protected_mode; }}},
    Setting{"network", "request_size_max", "request-size-max",
            "one request of a Redis client, or all between MULTI and EXEC",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.request_bytes_max;
                     },
                     64 * kKiB, kv::kRequestBytesMax}},
    Setting{"network", "client_answers_size_max", "client-answers-size-max",
            "what may wait to be read by a client before no more is read of it",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.client_answer_bytes_max;
                     },
                     64 * kKiB, 65536 * kMiB}},
    Setting{"network", "clients_size_max", "clients-size-max",
            "what all clients may hold here; beyond it the largest is dropped",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.clients_bytes_max;
                     },
                     kMiB, 65536 * kMiB}},
    Setting{"network", "peer_dial_timeout", "peer-dial-timeout",
            "how long connecting to a node may take",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.transport.dial_timeout;
            }}},
    Setting{"network", "peer_write_timeout", "peer-write-timeout",
            "a connection that takes no byte for so long is broken",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.transport.write_timeout;
            }}},
    Setting{"network", "peer_keepalive_interval", "peer-keepalive-interval",
            "how often a connection between nodes is tried",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.transport.keepalive_interval;
            }}},
    Setting{"network", "peer_keepalive_timeout", "peer-keepalive-timeout",
            "it is dead when it has not answered for so long",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.transport.keepalive_timeout;
            }}},
    Setting{"network", "peer_backoff_max", "peer-backoff-max",
            "the longest pause before a node is dialled again",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
                       return c.transport.backoff_max;
                     },
                     .min = absl::Milliseconds(20)}},
    Setting{"network", "peer_queue_size", "peer-queue-size",
            "what may wait for a connection to a node; more is dropped",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.transport.queued_bytes_max;
                     },
                     kMiB, 1024 * kMiB}},

    Setting{"rpc", "request_timeout", "request-timeout",
            "how long a command may take before its client is told so",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.request_timeout;
            }}},
    Setting{"rpc", "leader_wait", "leader-wait",
            "how much of that it may wait for a leader, before it was sent",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.leader_wait;
            }}},
    Setting{"rpc", "waiting_max", "waiting-max",
            "commands that may wait for a leader; more are refused at once",
            CountType{[](ServerConfig& c) -> uint64_t& { return c.parked_max; },
                      1, 1'000'000}},
    Setting{"rpc", "slow_request", "slow-request",
            "what takes so long is logged, and kept for SLOWLOG",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.slow_request;
            }}},

    Setting{"raft", "election_timeout_min", "election-timeout-min",
            "no election sooner after the leader was heard",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.core.election_timeout_min;
            }}},
    Setting{"raft", "election_timeout_max", "election-timeout-max",
            "an election at the latest by then",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.core.election_timeout_max;
            }}},
    Setting{"raft", "heartbeat_interval", "heartbeat-interval",
            "how often a leader is heard",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
              return c.core.heartbeat_interval;
            }}},
    Setting{
        "raft", "segment_size", "segment-size", "size of a log segment",
        SizeType{[](ServerConfig& c) -> uint64_t& { return c.segment_bytes; },
                 kMiB, 1024 * kMiB}},
    Setting{"raft", "append_size_max", "append-size-max",
            "entries in one message to a follower; one entry may exceed it",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.core.append_bytes_max;
                     },
                     4 * kKiB, 4 * kMiB}},
    Setting{"raft", "inflight_messages_max", "inflight-messages-max",
            "messages to a follower that it has not answered",
            CountType{[](ServerConfig& c) -> uint64_t& {
                        return c.core.inflight_messages_max;
                      },
                      1, 10'000}},
    Setting{"raft", "inflight_size_max", "inflight-size-max",
            "entries sent to a follower that it has not answered",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.core.inflight_bytes_max;
                     },
                     64 * kKiB, 256 * kMiB}},
    Setting{"raft", "uncommitted_size_max", "uncommitted-size-max",
            "entries not committed yet; beyond it writes are refused as busy",
            SizeType{[](ServerConfig& c) -> uint64_t& {
                       return c.core.uncommitted_bytes_max;
                     },
                     kMiB, 4096 * kMiB}},
    Setting{
        "raft", "stores_waiting_max", "stores-waiting-max",
        "stores that may wait for the disk; then writes are refused as busy",
        CountType{
            [](ServerConfig& c) -> uint64_t& { return c.stores.stores_max; },
            16, 1'000'000}},
    Setting{"raft", "stores_waiting_size_max", "stores-waiting-size-max",
            "the same, of what is in them",
            SizeType{
                [](ServerConfig& c) -> uint64_t& { return c.stores.bytes_max; },
                kMiB, 4096 * kMiB}},

    Setting{"runtime", "placement", "placement",
            "split: network and storage on a thread each; shared: on one",
            OtherType{SetPlacement, PlacementText}},
    Setting{"runtime", "network_cpus", "network-cpus",
            "the CPUs of the network's thread, such as 0,2-3",
            OtherType{[](ServerConfig& c, absl::string_view text) {
                        ASSIGN_OR_RETURN(c.network_cpus,
                                         ParseCpuList(text, CpuCount()));
                        return absl::OkStatus();
                      },
                      [](const ServerConfig& c) {
                        return FormatCpuList(c.network_cpus);
                      }},
            "0"},
    Setting{"runtime", "storage_cpus", "storage-cpus",
            "the CPUs of the storage's thread",
            OtherType{[](ServerConfig& c, absl::string_view text) {
                        ASSIGN_OR_RETURN(c.storage_cpus,
                                         ParseCpuList(text, CpuCount()));
                        return absl::OkStatus();
                      },
                      [](const ServerConfig& c) {
                        return FormatCpuList(c.storage_cpus);
                      }},
            "0"},

    Setting{"admin", "port", "admin-port",
            "for probes and metrics, 0: none; if not the peers' admin_port",
            OtherType{SetAdminPort, AdminPortText}, "7401"},
    Setting{"admin", "listen_host", "admin-listen-host",
            "for probes and metrics, if not network.listen_host",
            TextType{[](ServerConfig& c) -> std::string& {
              return c.admin_listen_host;
            }},
            "127.0.0.1"},
    Setting{"admin", "live_timeout", "live-timeout",
            "/livez fails when the network runtime is silent for so long",
            SpanType{.of = [](ServerConfig& c) -> absl::Duration& {
                       return c.live_timeout;
                     },
                     .max = absl::Minutes(1)}},
    Setting{
        "admin", "ready_lag_max", "ready-lag-max",
        "/readyz fails when more committed entries are not applied",
        CountType{[](ServerConfig& c) -> uint64_t& { return c.ready_lag_max; },
                  0, 1'000'000'000}},

    Setting{
        "logging", "level", "log-level", "debug, info, warning or error",
        OtherType{
            SetLevel,
            [](const ServerConfig& c) {
              return std::string(LogLevelName(c.log_level));
            }}},
    Setting{
        "logging", "format", "log-format", "text, or json: an object a line",
        OtherType{
            SetFormat,
            [](const ServerConfig&
                   c) { return std::string(LogFormatName(c.log_format)); }}},
};

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

}  // namespace prod
