// A configuration as text for people: what is in force, a sample to begin
// with, the help of the command line.

#ifndef PROD_CONFIG_TEXT_H_
#define PROD_CONFIG_TEXT_H_

#include <string>

#include "prod/settings.h"

namespace prod {

// YAML that loads again as the same configuration. Behind every value stands
// where it comes from: "default", "raft.yaml:3:9", "RAFT_NODE_ID", "--node-id".
std::string PrintConfig(const ServerConfig& config);

// A raft.yaml with every setting, its meaning and its default. It loads, and
// passes --check-config.
std::string SampleConfig();

std::string HelpText();

}  // namespace prod

#endif  // PROD_CONFIG_TEXT_H_
