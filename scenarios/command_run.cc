#include <optional>
#include <utility>

#include <unistd.h>

#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep.h"

namespace scenarios {
namespace {

constexpr uint32_t kAllPpm = 1'000'000;

absl::StatusOr<SweepSettings> ParseSettings(
    const std::vector<std::string>& words) {
  CommandLine line(words, {"json", "verbose", "check-determinism", "fail-fast"},
                   {"seeds", "for", "jobs", "shard", "artifacts", "junit",
                    "timeout", "memory", "twice", "scenarios"});
  SweepSettings settings;
  std::string directory;
  uint64_t jobs = static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN));
  std::optional<absl::Duration> timeout;
  line.Text("scenarios", &directory);
  line.Text("artifacts", &settings.artifacts);
  line.Text("junit", &settings.junit);
  line.Seeds("seeds", &settings.first_seed, &settings.last_seed);
  line.Span("for", &settings.time_limit);
  line.Span("timeout", &timeout);
  line.Bytes("memory", &settings.workers.memory_bytes_max);
  line.Number("jobs", 1, 1024, &jobs);
  line.Shard("shard", &settings.shard, &settings.shards);
  if (line.Has("seeds") && line.Has("for")) {
    line.Fail("--seeds or --for, not both");
  }
  if (line.positional().empty()) {
    line.Fail("run needs scenarios, by name or path, or all");
  }
  settings.json = line.Has("json");
  settings.verbose = line.Has("verbose");
  line.Share("twice", &settings.twice_ppm);
  if (line.Has("check-determinism")) {
    if (line.Has("twice"))
      line.Fail("--twice or --check-determinism, not both");
    settings.twice_ppm = kAllPpm;
  }
  settings.fail_fast = line.Has("fail-fast");
  settings.workers.jobs = jobs;
  if (timeout.has_value()) settings.workers.seed_timeout = *timeout;
  if (!line.status().ok()) return line.status();
  absl::StatusOr<std::vector<Scenario>> scenarios =
      ScenarioLibrary(directory).LoadAll(line.positional());
  if (!scenarios.ok()) return scenarios.status();
  settings.scenarios = *std::move(scenarios);
  const absl::Status outputs = Sweep::CheckOutputs(settings);
  if (!outputs.ok()) return outputs;
  return settings;
}

}  // namespace

int RunCommand(const std::vector<std::string>& words) {
  const absl::StatusOr<SweepSettings> settings = ParseSettings(words);
  if (!settings.ok()) return UsageError(settings.status());
  return Sweep(*settings).Run();
}

}  // namespace scenarios
