// What can be set about a server, in one table: for each setting its key in
// raft.yaml, its flag, its environment variable, its meaning and its reader.
//
// A flag overrides the environment, which overrides the file, which overrides
// the default. The environment variable of `--data-dir` is RAFT_DATA_DIR, and
// so on for every flag.

#ifndef PROD_SETTINGS_H_
#define PROD_SETTINGS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "kv/server.h"
#include "prod/log.h"
#include "raft/core/core.h"

namespace prod {

struct ServerConfig {
  uint64_t node_id = 0;
  std::string cluster;
  std::string data_dir;
  std::string listen_host = "0.0.0.0";
  bool init_cluster = false;

  // Addresses only: who is a member is written in the log.
  std::vector<kv::ServerMember> peers;

  raft::CoreOptions core = ProductionCore();
  absl::Duration request_timeout = absl::Seconds(5);
  absl::Duration stop_timeout = absl::Seconds(10);
  uint64_t segment_bytes = uint64_t{64} << 20;
  LogLevel log_level = LogLevel::kInfo;

  // Calmer than the simulator's: a machine that is busy elsewhere for a moment
  // should not cost an election.
  static raft::CoreOptions ProductionCore();
};

struct Setting {
  const char* section;  // In raft.yaml; empty: not in the file.
  const char* key;      // In its section.
  const char* flag;     // Without the dashes.
  const char* meaning;  // One line for --help.
  bool is_switch;       // The flag alone means "true".
  // Errors: INVALID_ARGUMENT, saying what was expected.
  absl::Status (*set)(ServerConfig& config, absl::string_view text);
};

std::span<const Setting> Settings();

// Null if there is none.
const Setting* FindSettingByFlag(absl::string_view flag);
const Setting* FindSettingByKey(absl::string_view section,
                                absl::string_view key);

// "data-dir" -> "RAFT_DATA_DIR".
std::string EnvironmentName(absl::string_view flag);

}  // namespace prod

#endif  // PROD_SETTINGS_H_
