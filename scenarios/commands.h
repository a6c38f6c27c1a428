// The commands of raft_sim. Each takes the words behind its name and returns
// the exit code: 0 all seeds passed, 1 some did not, 2 usage or bad input,
// 3 not deterministic.

#ifndef SCENARIOS_COMMANDS_H_
#define SCENARIOS_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace scenarios {

inline constexpr int kExitPassed = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotDeterministic = 3;

int BenchCommand(const std::vector<std::string>& words);
int ListCommand(const std::vector<std::string>& words);
// Reads scenarios without running them; what is wrong is a line on stderr.
int CheckCommand(const std::vector<std::string>& words);
int RunCommand(const std::vector<std::string>& words);
int MergeCommand(const std::vector<std::string>& words);
int ReplayCommandLine(const std::vector<std::string>& words);
// Plays an artifact against this program and prints where they part.
int DiffCommand(const std::vector<std::string>& words);

// Says what is wrong and returns kExitUsage.
int UsageError(const absl::Status& status);

}  // namespace scenarios

#endif  // SCENARIOS_COMMANDS_H_
