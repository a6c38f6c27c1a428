#include "tests/fuzz/targets.h"

#include <array>

namespace fuzz {

std::span<const Target> Targets() {
  static constexpr std::array kTargets = {
      Target{"frames", RunFrames},
      Target{"messages", RunMessages},
      Target{"log_recovery", RunLogRecovery},
      Target{"scenario_files", RunScenarioFiles},
      Target{"artifacts", RunArtifacts},
      Target{"resp_requests", RunRespRequests},
      Target{"server_configs", RunServerConfigs},
  };
  return kTargets;
}

}  // namespace fuzz
