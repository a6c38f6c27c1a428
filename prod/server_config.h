// The configuration of a server: raft.yaml, the environment and the flags, in
// rising precedence, checked as a whole.
//
//   node:
//     cluster: demo
//   discovery:
//     peers:
//       - {id: 1, host: 10.0.0.1, peer_port: 7101, rpc_port: 7201,
//          redis_port: 6379, admin_port: 7401}
//
// Every value remembers where it came from (ServerConfig::origins).
//
// Errors are INVALID_ARGUMENT and name their place: file, line and column, or
// the flag, or the environment variable.

#ifndef PROD_SERVER_CONFIG_H_
#define PROD_SERVER_CONFIG_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "kv/server.h"
#include "prod/command_line.h"
#include "prod/settings.h"

namespace prod {

inline constexpr size_t kConfigBytesMax = 1 << 20;
inline constexpr size_t kPeersMax = 64;

// Adds what `text`, the contents of `file`, says to `config`.
absl::Status ReadConfigText(absl::string_view file, const std::string& text,
                            ServerConfig& config);

// The value of an environment variable, if it is set.
using Environment =
    std::function<std::optional<std::string>(const std::string& name)>;

// Everything together. Also errors when the whole makes no sense: no node id,
// a node that is not among the peers, heartbeats slower than elections.
absl::StatusOr<ServerConfig> LoadServerConfig(const CommandLine& command_line,
                                              const Environment& environment);

// Where the admin port listens, if this node has one.
std::optional<net::Address> AdminAddressOf(const ServerConfig& config);

// What kv::Server is started with.
kv::ServerOptions ServerOptionsOf(const ServerConfig& config);

}  // namespace prod

#endif  // PROD_SERVER_CONFIG_H_
