// The command line of raft_server, before anything is looked up.
//
// Errors are INVALID_ARGUMENT and quote what is wrong.

#ifndef PROD_COMMAND_LINE_H_
#define PROD_COMMAND_LINE_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "prod/settings.h"

namespace prod {

// What the program is asked to do.
enum class Action : uint8_t {
  kServe,
  kHelp,
  kVersion,
  kCheckConfig,
  kPrintConfig,
  kSampleConfig,
};

struct CommandLine {
  Action action = Action::kServe;
  std::string config_file;  // May be empty.
  // In the order given: the last of one setting counts.
  std::vector<std::pair<const Setting*, std::string>> settings;
};

// Errors: an unknown flag, a missing value, a stray argument, two actions.
absl::StatusOr<CommandLine> ParseCommandLine(
    std::span<const char* const> arguments);

}  // namespace prod

#endif  // PROD_COMMAND_LINE_H_
