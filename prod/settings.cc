#include "prod/settings.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "config/units.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

absl::Status SetSpan(absl::string_view text, absl::Duration& span) {
  ASSIGN_OR_RETURN(span, config::ParseSpan(text));
  if (span <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("expected a span of time above zero");
  }
  return absl::OkStatus();
}

absl::Status SetText(absl::string_view text, std::string& out) {
  if (text.empty()) return absl::InvalidArgumentError("expected a text");
  out = std::string(text);
  return absl::OkStatus();
}

absl::Status SetNodeId(ServerConfig& config, absl::string_view text) {
  if (!absl::SimpleAtoi(text, &config.node_id) || config.node_id == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a node id, a number from 1, not \"", text, "\""));
  }
  return absl::OkStatus();
}

absl::Status SetInitCluster(ServerConfig& config, absl::string_view text) {
  if (text != "true" && text != "false") {
    return absl::InvalidArgumentError("expected true or false");
  }
  config.init_cluster = text == "true";
  return absl::OkStatus();
}

absl::Status SetSegmentBytes(ServerConfig& config, absl::string_view text) {
  ASSIGN_OR_RETURN(config.segment_bytes, config::ParseCount(text));
  constexpr uint64_t kMin = uint64_t{1} << 20;
  constexpr uint64_t kMax = uint64_t{1} << 30;
  if (config.segment_bytes < kMin || config.segment_bytes > kMax) {
    return absl::InvalidArgumentError("expected a size from 1MiB to 1GiB");
  }
  return absl::OkStatus();
}

absl::Status SetLogLevel(ServerConfig& config, absl::string_view text) {
  const std::optional<LogLevel> level = ParseLogLevel(text);
  if (!level.has_value()) {
    return absl::InvalidArgumentError(
        "expected one of debug, info, warning, error");
  }
  config.log_level = *level;
  return absl::OkStatus();
}

constexpr std::array<Setting, 11> kSettings = {{
    {"node", "id", "node-id", "this node's id; never reused in its cluster",
     false, SetNodeId},
    {"node", "cluster", "cluster", "the cluster's name, the same on all nodes",
     false,
     [](ServerConfig& config, absl::string_view text) {
       return SetText(text, config.cluster);
     }},
    {"node", "data_dir", "data-dir", "where this node keeps its log", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetText(text, config.data_dir);
     }},
    {"", "", "init-cluster", "found the cluster if the data directory is empty",
     true, SetInitCluster},
    {"network", "listen_host", "listen-host",
     "the local address to listen on (default 0.0.0.0)", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetText(text, config.listen_host);
     }},
    {"raft", "election_timeout_min", "election-timeout-min",
     "no election sooner after the leader was heard (default 500ms)", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetSpan(text, config.core.election_timeout_min);
     }},
    {"raft", "election_timeout_max", "election-timeout-max",
     "an election at the latest by then (default 1s)", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetSpan(text, config.core.election_timeout_max);
     }},
    {"raft", "heartbeat_interval", "heartbeat-interval",
     "how often a leader is heard (default 100ms)", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetSpan(text, config.core.heartbeat_interval);
     }},
    {"raft", "segment_size", "segment-size",
     "size of a log segment (default 64MiB)", false, SetSegmentBytes},
    {"rpc", "request_timeout", "request-timeout",
     "how long a command may take (default 5s)", false,
     [](ServerConfig& config, absl::string_view text) {
       return SetSpan(text, config.request_timeout);
     }},
    {"logging", "level", "log-level", "debug, info (default), warning or error",
     false, SetLogLevel},
}};

}  // namespace

raft::CoreOptions ServerConfig::ProductionCore() {
  raft::CoreOptions core;
  core.election_timeout_min = absl::Milliseconds(500);
  core.election_timeout_max = absl::Seconds(1);
  core.heartbeat_interval = absl::Milliseconds(100);
  return core;
}

std::span<const Setting> Settings() { return kSettings; }

const Setting* FindSettingByFlag(absl::string_view flag) {
  const auto* found =
      std::find_if(kSettings.begin(), kSettings.end(),
                   [flag](const Setting& s) { return flag == s.flag; });
  return found == kSettings.end() ? nullptr : found;
}

const Setting* FindSettingByKey(absl::string_view section,
                                absl::string_view key) {
  const auto* found = std::find_if(
      kSettings.begin(), kSettings.end(), [section, key](const Setting& s) {
        return section == s.section && key == s.key;
      });
  return found == kSettings.end() || section.empty() ? nullptr : found;
}

std::string EnvironmentName(absl::string_view flag) {
  return absl::StrCat(
      "RAFT_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}})));
}

}  // namespace prod
