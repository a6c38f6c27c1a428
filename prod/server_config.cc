#include "prod/server_config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "yaml-cpp/yaml.h"

#include "config/yaml_reader.h"
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
  map.Done();
  if (!errors.ok()) return;
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
  for (const YAML::Node& peer : node) {
    if (errors.ok()) ReadPeer(errors, peer, config);
  }
}

void ReadSection(YamlErrors& errors, const std::string& section,
                 const YAML::Node& node, ServerConfig& config) {
  YamlMap map(errors, node, absl::StrCat("the section ", section));
  if (!errors.ok()) return;
  if (section == "discovery") {
    const YAML::Node* peers = map.Find("peers");
    if (peers != nullptr) ReadPeers(errors, *peers, config);
  }
  for (const Setting& setting : Settings()) {
    if (section != setting.section) continue;
    const YAML::Node* value = map.Find(setting.key);
    std::string text;
    if (value == nullptr || !config::ReadText(errors, *value, &text)) continue;
    const absl::Status set = setting.set(config, text);
    if (!set.ok()) errors.Fail(*value, set);
  }
  map.Done();
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

absl::Status CheckWhole(const ServerConfig& config) {
  const auto missing = [](absl::string_view what, absl::string_view flag) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is not set: give --", flag, ", ",
                     EnvironmentName(flag), " or the file's key"));
  };
  if (config.node_id == 0) return missing("the node id", "node-id");
  if (config.cluster.empty()) return missing("the cluster's name", "cluster");
  if (config.data_dir.empty()) return missing("the data directory", "data-dir");
  const bool listed = std::any_of(config.peers.begin(), config.peers.end(),
                                  [&config](const kv::ServerMember& peer) {
                                    return peer.node.value() == config.node_id;
                                  });
  if (!listed) {
    return absl::InvalidArgumentError(
        absl::StrCat("node ", config.node_id,
                     " is not among discovery.peers of the config file"));
  }
  const raft::CoreOptions& core = config.core;
  if (core.election_timeout_min > core.election_timeout_max) {
    return absl::InvalidArgumentError(
        "election_timeout_min is above election_timeout_max");
  }
  if (core.heartbeat_interval * 2 > core.election_timeout_min) {
    return absl::InvalidArgumentError(
        "heartbeat_interval must be at most half of election_timeout_min");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(
    std::span<const char* const> arguments) {
  CommandLine line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (!absl::ConsumePrefix(&argument, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument: ", argument));
    }
    const size_t equals = argument.find('=');
    const absl::string_view flag = argument.substr(0, equals);
    std::optional<std::string> value;
    if (equals != absl::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
    }
    if (flag == "help" || flag == "version") {
      (flag == "help" ? line.help : line.version) = true;
      continue;
    }
    const Setting* setting = FindSettingByFlag(flag);
    if (setting == nullptr && flag != "config") {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag: --", flag, " (see --help)"));
    }
    if (!value.has_value() && setting != nullptr && setting->is_switch) {
      value = "true";
    }
    if (!value.has_value()) {
      if (i + 1 == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", flag, " needs a value"));
      }
      value = arguments[++i];
    }
    if (setting == nullptr) {
      line.config_file = *value;
    } else {
      line.settings.emplace_back(setting, *value);
    }
  }
  return line;
}

absl::Status ReadConfigText(absl::string_view file, const std::string& text,
                            ServerConfig& config) {
  YamlErrors errors{std::string(file)};
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    errors.Fail(error.mark, error.msg);
    return errors.status();
  }
  YamlMap map(errors, root, "sections of settings");
  for (const char* section :
       {"node", "network", "rpc", "discovery", "raft", "logging"}) {
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
  for (const Setting& setting : Settings()) {
    const std::string name = EnvironmentName(setting.flag);
    const std::optional<std::string> value = environment(name);
    if (!value.has_value()) continue;
    const absl::Status set = setting.set(config, *value);
    if (!set.ok()) return AtPlace(name, set);
  }
  for (const auto& [setting, value] : command_line.settings) {
    const absl::Status set = setting->set(config, value);
    if (!set.ok()) return AtPlace(absl::StrCat("--", setting->flag), set);
  }
  RETURN_IF_ERROR(CheckWhole(config));
  return config;
}

kv::ServerOptions ServerOptionsOf(const ServerConfig& config) {
  kv::ServerOptions options;
  options.members = config.peers;
  options.request_timeout = config.request_timeout;
  options.host.cluster =
      runtime::ClusterId(runtime::HashLabel(config.cluster) | 1);
  options.host.self = runtime::NodeId(config.node_id);
  options.host.core = config.core;
  options.host.init_cluster = config.init_cluster;
  options.host.storage.segment_bytes = config.segment_bytes;
  for (const kv::ServerMember& peer : config.peers) {
    if (peer.node != options.host.self) continue;
    options.host.listen = {config.listen_host, peer.peer.port};
    options.rpc_listen = {config.listen_host, peer.rpc.port};
    options.redis_listen = net::Address{config.listen_host, peer.redis.port};
    if (peer.cluster.has_value()) {
      options.cluster_listen =
          net::Address{config.listen_host, peer.cluster->port};
    }
  }
  return options;
}

std::string HelpText() {
  std::string text =
      "usage: raft_server --node-id=N --config=raft.yaml --data-dir=DIR "
      "[--init-cluster]\n\n"
      "One node of a replicated keyspace that speaks the Redis protocol.\n\n";
  absl::StrAppendFormat(&text, "  --%-24s %s\n", "config=FILE",
                        "the configuration file (also RAFT_CONFIG)");
  for (const Setting& setting : Settings()) {
    absl::StrAppendFormat(
        &text, "  --%-24s %s\n",
        setting.is_switch ? setting.flag : absl::StrCat(setting.flag, "=…"),
        setting.meaning);
  }
  absl::StrAppend(
      &text,
      "  --version, --help\n\n"
      "A flag overrides its environment variable (--data-dir: RAFT_DATA_DIR), "
      "which\noverrides the file.\n\n"
      "exit codes: 0 stopped in good order, 2 usage or configuration,\n"
      "            3 input/output, 4 damaged data, 134 internal error\n");
  return text;
}

}  // namespace prod
