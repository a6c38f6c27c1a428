// The program that people deploy: one node of the replicated keyspace.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"

#include "kv/exit_code.h"
#include "prod/build_info.h"
#include "prod/command_line.h"
#include "prod/config_text.h"
#include "prod/log.h"
#include "prod/posix_disk.h"
#include "prod/server_config.h"
#include "prod/server_process.h"
#include "runtime/probe.h"

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

int Serve(const ServerConfig& config) {
  SetLog(config.log_level, config.log_format);
  LogProbes probes;
  runtime::probe_sink = &probes;
  absl::StatusOr<std::unique_ptr<PosixDisk>> disk =
      PosixDisk::At(config.data_dir);
  if (!disk.ok()) {
    Log(LogLevel::kError, "server.failed", {{"why", disk.status().message()}});
    return ExitCodeOf(disk.status());
  }
  ServerProcess process(config, **disk);
  return process.Run();
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
  if (line->action == Action::kCheckConfig) {
    return Print("the configuration is in order\n");
  }
  return Serve(*config);
}

}  // namespace
}  // namespace prod

int main(int argc, char** argv) {
  return prod::Main(
      {argv + 1, argc > 0 ? static_cast<size_t>(argc - 1) : size_t{0}});
}
