// The program that people deploy: one node of the replicated keyspace.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "kv/exit_code.h"
#include "prod/build_info.h"
#include "prod/command_line.h"
#include "prod/config_check.h"
#include "prod/config_text.h"
#include "prod/descriptors.h"
#include "prod/environment.h"
#include "prod/log.h"
#include "prod/posix_disk.h"
#include "prod/server_config.h"
#include "prod/server_process.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

using kv::ExitCodeOf;
using kv::kExitIo;
using kv::kExitUsage;

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

void Complain(const absl::Status& status) {
  std::fprintf(stderr, "raft_server: %s\n",
               std::string(status.message()).c_str());
}

int Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? EXIT_SUCCESS : kExitIo;
}

// What nobody meant, most likely; its value may be a secret.
std::string Strange(const StrangeVariable& variable) {
  return absl::StrCat(
      variable.name, " in the environment is no setting",
      variable.meant.empty()
          ? std::string()
          : absl::StrCat("; did you mean ", variable.meant, "?"));
}

std::vector<StrangeVariable> StrangeOnes() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return StrangeVariables(variables);
}

// Clamps what `config` asks for to the descriptors that there are.
absl::Status FitDescriptors(ServerConfig& config) {
  ASSIGN_OR_RETURN(
      const DescriptorBudget budget,
      DivideDescriptors(RaiseDescriptorLimit(), config.peers.size(),
                        config.redis_clients_max));
  if (budget.redis_clients_max < config.redis_clients_max) {
    Log(LogLevel::kWarning, "descriptors.few",
        {{"limit", budget.limit},
         {"reserve", budget.reserve},
         {"redis_clients_max", budget.redis_clients_max},
         {"asked", config.redis_clients_max}});
  } else {
    Log(LogLevel::kInfo, "descriptors",
        {{"limit", budget.limit},
         {"reserve", budget.reserve},
         {"redis_clients_max", budget.redis_clients_max}});
  }
  config.redis_clients_max = budget.redis_clients_max;
  config.rpc_connections_max = budget.rpc_connections_max;
  config.transport.inbound_connections_max = budget.peer_connections_max;
  return absl::OkStatus();
}

absl::StatusOr<int> RunServer(ServerConfig& config) {
  RETURN_IF_ERROR(FitDescriptors(config));
  ASSIGN_OR_RETURN(const std::unique_ptr<PosixDisk> disk,
                   PosixDisk::At(config.data_dir));
  ServerProcess process(config, *disk);
  return process.Run();
}

int Serve(ServerConfig config) {
  SetLog(config.log_level, config.log_format);
  const absl::Status log = StartLogThread();
  LogProbes probes;
  runtime::probe_sink = &probes;
  for (const StrangeVariable& variable : StrangeOnes()) {
    Log(LogLevel::kWarning, "config.strange_variable",
        {{"why", absl::string_view(Strange(variable))}});
  }
  const absl::StatusOr<int> code =
      log.ok() ? RunServer(config) : absl::StatusOr<int>(log);
  if (!code.ok()) {
    Log(LogLevel::kError, "server.failed", {{"why", code.status().message()}});
  }
  FlushLog();
  return code.ok() ? *code : ExitCodeOf(code.status());
}

int Check(const ServerConfig& config) {
  for (const StrangeVariable& variable : StrangeOnes()) {
    std::fprintf(stderr, "raft_server: %s\n", Strange(variable).c_str());
  }
  const std::vector<std::string> flags = StillToGive(config);
  return Print(flags.empty()
                   ? std::string("the configuration is in order\n")
                   : absl::StrCat("the configuration is in order; still to be "
                                  "given: ",
                                  absl::StrJoin(flags, " "), "\n"));
}

int Main(std::span<const char* const> arguments) {
  const absl::StatusOr<CommandLine> line = ParseCommandLine(arguments);
  if (!line.ok()) {
    Complain(line.status());
    return kExitUsage;
  }
  if (line->action == Action::kHelp) return Print(HelpText());
  if (line->action == Action::kVersion)
    return Print(VersionText("raft_server"));
  if (line->action == Action::kSampleConfig) return Print(SampleConfig());
  const absl::StatusOr<ServerConfig> config =
      LoadServerConfig(*line, FromEnvironment);
  if (!config.ok()) {
    Complain(config.status());
    return kExitUsage;
  }
  if (line->action == Action::kPrintConfig) return Print(PrintConfig(*config));
  if (line->action == Action::kCheckConfig) return Check(*config);
  return Serve(*config);
}

}  // namespace
}  // namespace prod

int main(int argc, char** argv) {
  return prod::Main(
      {argv + 1, argc > 0 ? static_cast<size_t>(argc - 1) : size_t{0}});
}
