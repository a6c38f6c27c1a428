// What can be set about a server: for each setting its key in raft.yaml, its
// flag, its environment variable, its meaning, its type and its bounds.
//
// A flag overrides the environment, which overrides the file, which overrides
// the default. The environment variable of `--data-dir` is RAFT_DATA_DIR, and
// so on for every flag. The table itself is settings_table.cc.
//
// Units: spans of time and sizes are texts with a unit ("500ms", "64MiB"); what
// SettingText() returns is read back by SetSetting() as the same value.
// Errors: INVALID_ARGUMENT, saying what was expected; never the place, which
// the caller knows.

#ifndef PROD_SETTINGS_H_
#define PROD_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/command.h"
#include "kv/server.h"
#include "net/peer_transport.h"
#include "persist/stores_under_way.h"
#include "prod/log.h"
#include "raft/core/core.h"

namespace prod {

// Which threads the two runtimes of a process have. Shared, every sync of the
// disk stalls the network for as long as it takes.
enum class Placement : uint8_t { kSplit, kShared };

struct ServerConfig {
  uint64_t node_id = 0;
  std::string cluster;
  std::string data_dir;
  bool init_cluster = false;
  absl::Duration stop_timeout = absl::Seconds(10);

  std::string listen_host = "0.0.0.0";
  std::string peer_listen_host;   // Empty: listen_host.
  std::string redis_listen_host;  // Empty: listen_host.
  uint64_t redis_clients_max = 10'000;
  // Refuses clients of other machines; kv/resp/server.h.
  bool protected_mode = true;
  uint64_t request_bytes_max = kv::kRequestBytesMax;
  uint64_t client_answer_bytes_max = uint64_t{512} << 20;
  uint64_t clients_bytes_max = uint64_t{1} << 30;
  uint64_t rpc_connections_max = 1024;  // Not a setting: prod/descriptors.h.
  net::PeerTransportOptions transport;

  // Addresses only: who is a member is written in the log.
  std::vector<kv::ServerMember> peers;

  raft::CoreOptions core = ProductionCore();
  absl::Duration request_timeout = absl::Seconds(5);
  absl::Duration leader_wait = absl::Seconds(3);
  uint64_t parked_max = 16 << 10;
  absl::Duration slow_request = absl::Milliseconds(100);
  uint64_t segment_bytes = uint64_t{64} << 20;
  persist::StoreLimits stores;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  Placement placement = Placement::kSplit;
  std::vector<int> network_cpus;  // Empty: all.
  std::vector<int> storage_cpus;  // Empty: all. kSplit only.

  // Not set: what `admin_ports` says of this node. 0: none.
  std::optional<uint16_t> admin_port;
  std::string admin_listen_host;  // Empty: listen_host.
  // Of the nodes that have one.
  absl::btree_map<runtime::NodeId, uint16_t> admin_ports;
  absl::Duration live_timeout = absl::Seconds(2);
  uint64_t ready_lag_max = 10'000;  // Entries.

  // Where a value comes from, by the flag of its setting, or "peers":
  // "raft.yaml:3:9", "RAFT_NODE_ID" or "--node-id". Not there: it is the
  // default.
  absl::btree_map<std::string, std::string> origins;

  // Calmer than the simulator's: a machine that is busy elsewhere for a moment
  // should not cost an election.
  static raft::CoreOptions ProductionCore();
};

// The types of settings, each with the place of its value in a ServerConfig.
struct TextType {
  std::string& (*of)(ServerConfig&);
};
struct SpanType {
  absl::Duration& (*of)(ServerConfig&);
  absl::Duration min = absl::Milliseconds(1);
  absl::Duration max = absl::Hours(1);
};
struct CountType {
  uint64_t& (*of)(ServerConfig&);
  uint64_t min;
  uint64_t max;
};
struct SizeType {  // In bytes.
  uint64_t& (*of)(ServerConfig&);
  uint64_t min;
  uint64_t max;
};
// A switch: the flag alone means "true".
struct SwitchType {
  bool& (*of)(ServerConfig&);
};
// Anything else.
struct OtherType {
  absl::Status (*set)(ServerConfig&, absl::string_view text);
  std::string (*get)(const ServerConfig&);
};
using SettingType = std::variant<TextType, SpanType, CountType, SizeType,
                                 SwitchType, OtherType>;

struct Setting {
  const char* section;  // In raft.yaml; empty: not in the file.
  const char* key;      // In its section.
  const char* flag;     // Without the dashes.
  const char* meaning;  // One line for --help and --sample-config.
  SettingType type;
  // What the sample shows where the default is empty; null: the default.
  const char* example = nullptr;

  bool is_switch() const { return std::holds_alternative<SwitchType>(type); }
};

// In the order of --help, those of a section together.
std::span<const Setting> Settings();

// Null if there is none.
const Setting* FindSettingByFlag(absl::string_view flag);
const Setting* FindSettingByKey(absl::string_view section,
                                absl::string_view key);

absl::Status SetSetting(const Setting& setting, absl::string_view text,
                        ServerConfig& config);
// The value as people write it; empty if there is none.
std::string SettingText(const Setting& setting, const ServerConfig& config);
// "default", or what `config` knows about it.
std::string OriginOf(const ServerConfig& config, absl::string_view flag);

// "data-dir" -> "RAFT_DATA_DIR".
std::string EnvironmentName(absl::string_view flag);

}  // namespace prod

#endif  // PROD_SETTINGS_H_
