#include "prod/config_check.h"

#include <cstdint>
#include <initializer_list>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "config/utf8.h"
#include "prod/socket_address.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

struct Port {
  absl::string_view name;
  uint16_t number;
};

// Those that it has. 0: no admin port.
std::vector<Port> PortsOf(const kv::ServerMember& peer, uint16_t admin_port) {
  std::vector<Port> ports = {{"peer_port", peer.peer.port},
                             {"rpc_port", peer.rpc.port},
                             {"redis_port", peer.redis.port}};
  if (peer.cluster.has_value()) {
    ports.push_back({"cluster_port", peer.cluster->port});
  }
  if (admin_port != 0) ports.push_back({"admin_port", admin_port});
  return ports;
}

// Every address of a host: to listen on, not to dial.
bool IsEveryAddress(absl::string_view host) {
  const absl::StatusOr<SocketAddress> address =
      ParseNumeric({std::string(host), 0});
  if (!address.ok()) return false;
  const net::Address plain = ToAddress(address->storage);
  return plain.host == "0.0.0.0" || plain.host == "::";
}

// An error about the settings of `flags`, at the place of the first that is not
// left to its default.
absl::Status WrongSetting(const ServerConfig& config,
                          std::initializer_list<absl::string_view> flags,
                          absl::string_view message) {
  for (const absl::string_view flag : flags) {
    const auto origin = config.origins.find(flag);
    if (origin == config.origins.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(origin->second, ": ", message));
  }
  return absl::InvalidArgumentError(message);
}

// What a node cannot do without.
struct Needed {
  absl::string_view what;
  absl::string_view flag;
  bool missing;
};

std::vector<Needed> NeededOf(const ServerConfig& config) {
  return {{"the node id", "node-id", config.node_id == 0},
          {"the cluster's name", "cluster", config.cluster.empty()},
          {"the data directory", "data-dir", config.data_dir.empty()}};
}

absl::Status CheckNothingMissing(const ServerConfig& config) {
  for (const Needed& needed : NeededOf(config)) {
    if (!needed.missing) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(needed.what, " is not set: give --", needed.flag, ", ",
                     EnvironmentName(needed.flag), " or the file's key"));
  }
  return absl::OkStatus();
}

const kv::ServerMember* SelfOf(const ServerConfig& config) {
  for (const kv::ServerMember& peer : config.peers) {
    if (peer.node.value() == config.node_id) return &peer;
  }
  return nullptr;
}

absl::Status CheckSelf(const ServerConfig& config) {
  if (config.node_id == 0) {
    if (!config.peers.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "there are no discovery.peers: the config file lists all nodes");
  }
  const kv::ServerMember* self = SelfOf(config);
  if (self == nullptr) {
    return WrongSetting(
        config, {"node-id"},
        absl::StrCat("node ", config.node_id,
                     " is not among discovery.peers of the config file"));
  }
  const uint16_t admin = config.admin_port.value_or(0);
  for (const Port& port : PortsOf(*self, 0)) {
    if (admin == 0 || port.number != admin) continue;
    return WrongSetting(config, {"admin-port"},
                        absl::StrCat("the admin port ", admin, " is the ",
                                     port.name, " of node ", config.node_id));
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const ServerConfig& config) {
  const raft::CoreOptions& core = config.core;
  if (core.election_timeout_min > core.election_timeout_max) {
    return WrongSetting(config,
                        {"election-timeout-min", "election-timeout-max"},
                        "election_timeout_min is above election_timeout_max");
  }
  if (core.heartbeat_interval * 2 > core.election_timeout_min) {
    return WrongSetting(
        config, {"heartbeat-interval", "election-timeout-min"},
        "heartbeat_interval must be at most half of election_timeout_min");
  }
  const net::PeerTransportOptions& transport = config.transport;
  if (transport.keepalive_interval * 2 > transport.keepalive_timeout) {
    return WrongSetting(config,
                        {"peer-keepalive-interval", "peer-keepalive-timeout"},
                        "peer_keepalive_interval must be at most half of "
                        "peer_keepalive_timeout");
  }
  return absl::OkStatus();
}

absl::Status CheckPlacement(const ServerConfig& config) {
  if (config.placement == Placement::kSplit || config.storage_cpus.empty()) {
    return absl::OkStatus();
  }
  return WrongSetting(config, {"storage-cpus"},
                      "storage_cpus is for placement split: the storage has no "
                      "thread of its own");
}

// Of what this node listens on; what it dials may be a name.
absl::Status CheckListenHosts(const ServerConfig& config) {
  for (const char* flag : {"listen-host", "peer-listen-host",
                           "redis-listen-host", "admin-listen-host"}) {
    const std::string host = SettingText(*FindSettingByFlag(flag), config);
    if (host.empty() || ParseNumeric({host, 1}).ok()) continue;
    return WrongSetting(
        config, {flag},
        absl::StrCat("expected a numeric address of this machine, not \"", host,
                     "\""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckConfig(const ServerConfig& config, bool node_known) {
  if (node_known) RETURN_IF_ERROR(CheckNothingMissing(config));
  RETURN_IF_ERROR(CheckSelf(config));
  RETURN_IF_ERROR(CheckTimes(config));
  RETURN_IF_ERROR(CheckPlacement(config));
  return CheckListenHosts(config);
}

std::vector<std::string> StillToGive(const ServerConfig& config) {
  std::vector<std::string> flags;
  for (const Needed& needed : NeededOf(config)) {
    if (needed.missing) flags.push_back(absl::StrCat("--", needed.flag));
  }
  return flags;
}

std::string WhyNoHost(absl::string_view host) {
  if (host.empty() || !config::IsVisibleText(host) ||
      absl::StrContains(host, " ")) {
    return "expected a host's name or address";
  }
  const auto expected = [host](absl::string_view what) {
    return absl::StrCat("expected a host's name or address ", what, ", not \"",
                        host, "\"");
  };
  if (absl::StrContains(host, "/")) return expected("and no URL");
  if (host.front() == '[') return expected("without brackets");
  const bool numeric = ParseNumeric({std::string(host), 1}).ok();
  if (!numeric && absl::StrContains(host, ":")) {
    return expected("alone: its ports have keys of their own");
  }
  if (IsEveryAddress(host)) {
    return expected(
        "that the others can dial: network.listen_host says where to listen");
  }
  return "";
}

std::string WhyPortsClash(const ServerConfig& others,
                          const kv::ServerMember& peer, uint16_t admin_port) {
  const std::vector<Port> ports = PortsOf(peer, admin_port);
  for (size_t i = 0; i < ports.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (ports[i].number != ports[k].number) continue;
      return absl::StrCat(ports[k].name, " and ", ports[i].name, " of peer ",
                          peer.node.value(), " are both ", ports[i].number);
    }
  }
  for (const kv::ServerMember& other : others.peers) {
    if (other.peer.host != peer.peer.host) continue;
    const auto admin = others.admin_ports.find(other.node);
    const uint16_t other_admin =
        admin == others.admin_ports.end() ? uint16_t{0} : admin->second;
    for (const Port& theirs : PortsOf(other, other_admin)) {
      for (const Port& port : ports) {
        if (port.number != theirs.number) continue;
        return absl::StrCat(port.name, " ", port.number, " of peer ",
                            peer.node.value(), " is the ", theirs.name,
                            " of peer ", other.node.value(), " on ",
                            peer.peer.host);
      }
    }
  }
  return "";
}

}  // namespace prod
