#include "prod/config_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

#include "config/utf8.h"

namespace prod {
namespace {

// A comment stands behind a value, at this column if the value is short.
constexpr size_t kCommentColumn = 40;

// As YAML reads it back. Requires: visible text (config/utf8.h).
std::string YamlScalar(absl::string_view text) {
  bool plain = !text.empty() &&
               absl::ascii_isalnum(static_cast<unsigned char>(text.front()));
  for (const char c : text) {
    plain = plain && (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                      c == '.' || c == '/' || c == '_' || c == '-');
  }
  // The one plain word that is no text.
  if (plain && absl::AsciiStrToLower(text) != "null") return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

// A comment ends with its line, whatever it quotes.
std::string WithComment(std::string line, absl::string_view comment) {
  line.resize(std::max(line.size() + 2, kCommentColumn), ' ');
  return absl::StrCat(line, "# ",
                      config::IsVisibleText(comment) ? comment : "(odd text)",
                      "\n");
}

// "{id: 1, host: 10.0.0.1, ...}"
std::string PeerText(const kv::ServerMember& peer, uint16_t admin_port) {
  return absl::StrCat(
      "{id: ", peer.node.value(), ", host: ", YamlScalar(peer.peer.host),
      ", peer_port: ", peer.peer.port, ", rpc_port: ", peer.rpc.port,
      ", redis_port: ", peer.redis.port,
      peer.cluster.has_value()
          ? absl::StrCat(", cluster_port: ", peer.cluster->port)
          : "",
      admin_port == 0 ? "" : absl::StrCat(", admin_port: ", admin_port), "}");
}

// The sections that have settings, in the order of the table.
std::vector<absl::string_view> Sections() {
  std::vector<absl::string_view> sections;
  for (const Setting& setting : Settings()) {
    const absl::string_view section = setting.section;
    if (!section.empty() && (sections.empty() || sections.back() != section)) {
      sections.push_back(section);
    }
  }
  return sections;
}

std::string FlagText(const Setting& setting) {
  return setting.is_switch() ? setting.flag : absl::StrCat(setting.flag, "=…");
}

// printf() counts bytes, and an ellipsis has three.
std::string Padded(std::string text, size_t columns) {
  size_t width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++width;
  }
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

}  // namespace

std::string PrintConfig(const ServerConfig& config) {
  std::string text;
  for (const absl::string_view section : Sections()) {
    absl::StrAppend(&text, section, ":\n");
    for (const Setting& setting : Settings()) {
      if (section != setting.section) continue;
      const std::string value = SettingText(setting, config);
      const std::string origin = OriginOf(config, setting.flag);
      if (value.empty()) {
        absl::StrAppend(&text, "  # ", setting.key, ": not set\n");
        continue;
      }
      absl::StrAppend(&text, WithComment(absl::StrCat("  ", setting.key, ": ",
                                                      YamlScalar(value)),
                                         origin));
    }
  }
  if (!config.peers.empty()) {
    absl::StrAppend(&text, "discovery:\n",
                    WithComment("  peers:", OriginOf(config, "peers")));
    for (const kv::ServerMember& peer : config.peers) {
      const auto admin = config.admin_ports.find(peer.node);
      const uint16_t port =
          admin == config.admin_ports.end() ? uint16_t{0} : admin->second;
      absl::StrAppend(&text, "    - ", PeerText(peer, port), "\n");
    }
  }
  for (const Setting& setting : Settings()) {
    if (setting.section[0] != '\0') continue;
    absl::StrAppend(&text, "# --", setting.flag, "=",
                    SettingText(setting, config), "  (",
                    OriginOf(config, setting.flag), "; not in the file)\n");
  }
  return text;
}

std::string SampleConfig() {
  const ServerConfig defaults;
  std::string text =
      "# raft.yaml: one node of a cluster. Every setting is here. Those that\n"
      "# are not commented out and not said to be examples have their default\n"
      "# value and may be left out. A flag (--listen-host) overrides an\n"
      "# environment variable (RAFT_LISTEN_HOST), which overrides this file.\n";
  for (const absl::string_view section : Sections()) {
    absl::StrAppend(&text, "\n", section, ":\n");
    for (const Setting& setting : Settings()) {
      if (section != setting.section) continue;
      const std::string value = SettingText(setting, defaults);
      absl::StrAppend(&text, "  # ", setting.meaning,
                      value.empty() ? " (an example)\n" : "\n");
      // What must be set is; what may be left out is only shown.
      const bool must = absl::string_view("node") == setting.section;
      absl::StrAppend(
          &text, value.empty() && !must ? "  # " : "  ", setting.key, ": ",
          YamlScalar(value.empty() ? setting.example : value), "\n");
    }
  }
  absl::StrAppend(
      &text,
      "\n# All nodes, this one too, as they and their clients reach them (an\n"
      "# example). Addresses only: who is a member is written in the log.\n"
      "# cluster_port, for clients of Redis Cluster, and admin_port may be\n"
      "# left out.\n"
      "discovery:\n  peers:\n");
  for (int i = 1; i <= 3; ++i) {
    const std::string host = absl::StrCat("10.0.0.", i);
    const kv::ServerMember peer = {
        .node = runtime::NodeId(static_cast<uint64_t>(i)),
        .peer = {host, 7101},
        .rpc = {host, 7201},
        .redis = {host, 6379},
        .cluster = net::Address{host, 6380}};
    absl::StrAppend(&text, "    - ", PeerText(peer, 7401), "\n");
  }
  return text;
}

std::string HelpText() {
  const ServerConfig defaults;
  std::string text =
      "usage: raft_server --config=raft.yaml --node-id=N --data-dir=DIR "
      "[--init-cluster]\n\n"
      "One node of a replicated keyspace that speaks the Redis protocol.\n\n"
      "instead of serving:\n"
      "  --check-config             read the configuration, say what is wrong\n"
      "  --print-config             what is in force, and where it comes from\n"
      "  --sample-config            a raft.yaml with every setting\n"
      "  --version, --help\n\n"
      "settings:\n"
      "  --config=…                 the configuration file (or RAFT_CONFIG)\n";
  absl::string_view section = "node";
  for (const Setting& setting : Settings()) {
    if (setting.section[0] != '\0' && section != setting.section) {
      section = setting.section;
      absl::StrAppend(&text, "\n", section, ":\n");
    }
    const std::string value = SettingText(setting, defaults);
    absl::StrAppend(&text, "  --", Padded(FlagText(setting), 25),
                    setting.meaning);
    if (!value.empty() && !setting.is_switch()) {
      absl::StrAppend(&text, " (", value, ")");
    }
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppend(
      &text,
      "\nA flag overrides its environment variable (--data-dir: "
      "RAFT_DATA_DIR), which\noverrides the file.\n\n"
      "exit codes: 0 stopped in good order, 2 usage or configuration,\n"
      "            3 input/output, 4 damaged data, 134 internal error\n");
  return text;
}

}  // namespace prod
