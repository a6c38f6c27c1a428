// What must be right about a configuration beyond each value by itself.
//
// Errors are INVALID_ARGUMENT; those about settings name their place.

#ifndef PROD_CONFIG_CHECK_H_
#define PROD_CONFIG_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "prod/settings.h"

namespace prod {

// All of it. `node_known`: it must also say which node this is, and where its
// data lies; a file for all nodes does not.
absl::Status CheckConfig(const ServerConfig& config, bool node_known);

// The flags of what a node needs and `config` does not say.
std::vector<std::string> StillToGive(const ServerConfig& config);

// Why other nodes cannot dial `host`; empty if they may.
std::string WhyNoHost(absl::string_view host);

// Why `peer` cannot be beside `others`, or by itself: two of its ports, or one
// of its and one of theirs on the same host, are equal. Empty if it can.
std::string WhyPortsClash(const ServerConfig& others,
                          const kv::ServerMember& peer, uint16_t admin_port);

}  // namespace prod

#endif  // PROD_CONFIG_CHECK_H_
