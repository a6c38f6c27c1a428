#include "prod/server_config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "yaml-cpp/yaml.h"

#include "config/yaml_reader.h"
#include "prod/config_check.h"
#include "prod/environment.h"
#include "runtime/random.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

using config::YamlErrors;
using config::YamlMap;

absl::Status AtPlace(absl::string_view place, const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat(place, ": ", status.message()));
}

void ReadPeer(YamlErrors& errors, const YAML::Node& node,
              ServerConfig& config) {
  YamlMap map(errors, node, "a peer");
  uint32_t id = 0;
  std::string host;
  uint32_t peer_port = 0;
  uint32_t rpc_port = 0;
  uint32_t redis_port = 0;
  uint32_t cluster_port = 0;  // None.
  uint32_t admin_port = 0;    // 0: none.
  for (const char* required :
       {"id", "host", "peer_port", "rpc_port", "redis_port"}) {
    map.Require(required);
  }
  map.Count("id", 1, UINT32_MAX, &id);
  map.Text("host", &host);
  map.Count("peer_port", 1, 65535, &peer_port);
  map.Count("rpc_port", 1, 65535, &rpc_port);
  map.Count("redis_port", 1, 65535, &redis_port);
  map.Count("cluster_port", 1, 65535, &cluster_port);
  map.Count("admin_port", 0, 65535, &admin_port);
  map.Done();
  if (!errors.ok()) return;
  if (const std::string why = WhyNoHost(host); !why.empty()) {
    errors.Fail(*map.Find("host"), why);
    return;
  }
  const runtime::NodeId node_id(id);
  for (const kv::ServerMember& other : config.peers) {
    if (other.node == node_id) {
      errors.Fail(node, absl::StrCat("peer ", id, " is there twice"));
      return;
    }
  }
  kv::ServerMember peer{.node = node_id,
                        .peer = {host, static_cast<uint16_t>(peer_port)},
                        .rpc = {host, static_cast<uint16_t>(rpc_port)},
                        .redis = {host, static_cast<uint16_t>(redis_port)}};
  if (cluster_port != 0) {
    peer.cluster = {host, static_cast<uint16_t>(cluster_port)};
  }
  const auto admin = static_cast<uint16_t>(admin_port);
  const std::string clash = WhyPortsClash(config, peer, admin);
  if (!clash.empty()) {
    errors.Fail(node, clash);
    return;
  }
  if (admin != 0) config.admin_ports[node_id] = admin;
  config.peers.push_back(std::move(peer));
}

void ReadPeers(YamlErrors& errors, const YAML::Node& node,
               ServerConfig& config) {
  if (!node.IsSequence() || node.size() == 0 || node.size() > kPeersMax) {
    errors.Fail(node,
                absl::StrCat("expected a list of 1 to ", kPeersMax, " peers"));
    return;
  }
  config.peers.clear();
  config.admin_ports.clear();
  for (const YAML::Node& peer : node) {
    if (errors.ok()) ReadPeer(errors, peer, config);
  }
}

void ReadSection(YamlErrors& errors, const std::string& section,
                 const YAML::Node& node, ServerConfig& config) {
  if (node.IsNull()) return;  // All of it is commented out.
  YamlMap map(errors, node, absl::StrCat("the section ", section));
  if (!errors.ok()) return;
  if (section == "discovery") {
    const YAML::Node* peers = map.Find("peers");
    if (peers != nullptr) {
      ReadPeers(errors, *peers, config);
      config.origins["peers"] = errors.Place(*peers);
    }
  }
  for (const Setting& setting : Settings()) {
    if (section != setting.section) continue;
    const YAML::Node* value = map.Find(setting.key);
    std::string text;
    if (value == nullptr || !config::ReadText(errors, *value, &text)) continue;
    const absl::Status set = SetSetting(setting, text, config);
    if (!set.ok()) errors.Fail(*value, set);
    config.origins[setting.flag] = errors.Place(*value);
  }
  map.Done();
}

std::vector<std::string> Sections() {
  std::vector<std::string> sections = {"discovery"};
  for (const Setting& setting : Settings()) {
    const std::string section = setting.section;
    if (!section.empty() && section != sections.back()) {
      sections.push_back(section);
    }
  }
  return sections;
}

absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  std::string text(kConfigBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kConfigBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than ", kConfigBytesMax, " bytes"));
  }
  return text;
}

// What a flag overrides is not even read.
absl::Status ReadEnvironment(const CommandLine& command_line,
                             const Environment& environment,
                             ServerConfig& config) {
  for (const Setting& setting : Settings()) {
    const bool overridden = std::any_of(
        command_line.settings.begin(), command_line.settings.end(),
        [&setting](const auto& given) { return given.first == &setting; });
    const std::string name = EnvironmentName(setting.flag);
    const std::optional<std::string> value = environment(name);
    if (overridden || !value.has_value() || IsServiceLink(name, *value)) {
      continue;
    }
    const absl::Status set = SetSetting(setting, *value, config);
    if (!set.ok()) return AtPlace(name, set);
    config.origins[setting.flag] = name;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadConfigText(absl::string_view file, const std::string& text,
                            ServerConfig& config) {
  YamlErrors errors{std::string(file)};
  YAML::Node root;
  try {
    if (!config::ReadDocument(errors, text, &root)) return errors.status();
  } catch (const YAML::Exception& error) {
    errors.Fail(error.mark, error.msg);
    return errors.status();
  }
  YamlMap map(errors, root, "sections of settings");
  for (const std::string& section : Sections()) {
    const YAML::Node* node = map.Find(section);
    if (node != nullptr && errors.ok()) {
      ReadSection(errors, section, *node, config);
    }
  }
  map.Done();
  return errors.status();
}

absl::StatusOr<ServerConfig> LoadServerConfig(const CommandLine& command_line,
                                              const Environment& environment) {
  ServerConfig config;
  std::string file = command_line.config_file;
  if (file.empty()) file = environment("RAFT_CONFIG").value_or("");
  if (!file.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadConfigFile(file));
    RETURN_IF_ERROR(ReadConfigText(file, text, config));
  }
  RETURN_IF_ERROR(ReadEnvironment(command_line, environment, config));
  for (const auto& [setting, value] : command_line.settings) {
    const std::string place = absl::StrCat("--", setting->flag);
    const absl::Status set = SetSetting(*setting, value, config);
    if (!set.ok()) return AtPlace(place, set);
    config.origins[setting->flag] = place;
  }
  const bool looked_at = command_line.action != Action::kServe;
  RETURN_IF_ERROR(CheckConfig(config, !looked_at));
  return config;
}

std::optional<net::Address> AdminAddressOf(const ServerConfig& config) {
  uint16_t port = config.admin_port.value_or(0);
  const auto listed = config.admin_ports.find(runtime::NodeId(config.node_id));
  if (!config.admin_port.has_value() && listed != config.admin_ports.end()) {
    port = listed->second;
  }
  if (port == 0) return std::nullopt;
  return net::Address{config.admin_listen_host.empty()
                          ? config.listen_host
                          : config.admin_listen_host,
                      port};
}

kv::ServerOptions ServerOptionsOf(const ServerConfig& config) {
  kv::ServerOptions options;
  options.members = config.peers;
  options.request_timeout = config.request_timeout;
  options.leader_wait = config.leader_wait;
  options.parked_max = config.parked_max;
  options.slow_request = config.slow_request;
  options.host.cluster =
      runtime::ClusterId(runtime::HashLabel(config.cluster) | 1);
  options.host.self = runtime::NodeId(config.node_id);
  options.host.core = config.core;
  options.host.init_cluster = config.init_cluster;
  options.host.storage.segment_bytes = config.segment_bytes;
  options.host.storage.under_way = config.stores;
  options.host.transport = config.transport;
  options.redis_clients_max = config.redis_clients_max;
  options.protected_mode = config.protected_mode;
  options.request_bytes_max = config.request_bytes_max;
  options.client_answer_bytes_max = config.client_answer_bytes_max;
  options.clients_bytes_max = config.clients_bytes_max;
  options.rpc_connections_max = config.rpc_connections_max;
  const auto or_all = [&config](const std::string& host) {
    return host.empty() ? config.listen_host : host;
  };
  const std::string peer_host = or_all(config.peer_listen_host);
  for (const kv::ServerMember& peer : config.peers) {
    if (peer.node != options.host.self) continue;
    options.host.listen = {peer_host, peer.peer.port};
    options.rpc_listen = {peer_host, peer.rpc.port};
    options.redis_listen =
        net::Address{or_all(config.redis_listen_host), peer.redis.port};
    if (peer.cluster.has_value()) {
      options.cluster_listen =
          net::Address{or_all(config.redis_listen_host), peer.cluster->port};
    }
  }
  return options;
}

}  // namespace prod
