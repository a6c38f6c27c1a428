// Any text as a raft.yaml: a configuration, or one line that says what is wrong
// and where.

#include <string>

#include "absl/strings/match.h"

#include "prod/server_config.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void RunServerConfigs(Input input) {
  prod::ServerConfig config;
  const absl::Status read = prod::ReadConfigText(
      "fuzz.yaml", std::string(runtime::AsText(input)), config);
  if (read.ok()) {
    CHECK_LE(config.peers.size(), prod::kPeersMax);
    return;
  }
  CHECK(absl::IsInvalidArgument(read), read.ToString());
  CHECK(absl::StartsWith(read.message(), "fuzz.yaml:"), read.message());
  CHECK(!absl::StrContains(read.message(), '\n'), read.message());
}

}  // namespace fuzz
