#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "runtime/status_macros.h"
#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/json_reader.h"
#include "scenarios/scenario_library.h"
#include "scenarios/sweep_junit.h"
#include "scenarios/sweep_report.h"

namespace scenarios {
namespace {

constexpr size_t kShardBytesMax = size_t{4} << 30;

// What `raft_sim run --json` has printed for several shards of one sweep.
class MergedSweep {
 public:
  // Errors: those of ReadWholeFile(), INVALID_ARGUMENT.
  absl::Status Add(const std::string& file);

  const SweepReport& report() const { return report_; }
  // Shards run side by side: as long as the longest.
  absl::Duration wall() const { return wall_; }

 private:
  absl::Status AddSeed(const std::string& file, const JsonValue& line);

  SweepReport report_;
  absl::Duration wall_;
  // Where each seed came from: none may count twice.
  absl::btree_map<std::pair<std::string, uint64_t>, std::string> origins_;
};

absl::Status At(const std::string& file, size_t line,
                const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, ":", line, ": ", status.message()));
}

absl::Status MergedSweep::AddSeed(const std::string& file,
                                  const JsonValue& line) {
  ASSIGN_OR_RETURN(RunResult result, RunResultFromJson(line));
  const auto [origin, is_new] =
      origins_.emplace(std::make_pair(result.scenario, result.seed), file);
  if (!is_new) {
    return absl::InvalidArgumentError(absl::StrCat(result.scenario, " seed ",
                                                   result.seed, " is also in ",
                                                   origin->second));
  }
  report_.Add(std::move(result));
  return absl::OkStatus();
}

absl::Status MergedSweep::Add(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file, kShardBytesMax));
  const std::vector<absl::string_view> lines =
      absl::StrSplit(text, '\n', absl::SkipEmpty());
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const absl::StatusOr<JsonValue> line = ParseJson(lines[i]);
    if (!line.ok()) return At(file, i + 1, line.status());
    const absl::Status added = AddSeed(file, *line);
    if (!added.ok()) return At(file, i + 1, added);
  }
  if (lines.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": is empty"));
  }
  const absl::StatusOr<JsonValue> last = ParseJson(lines.back());
  if (!last.ok()) return At(file, lines.size(), last.status());
  const absl::Status added = report_.AddShard(*last, lines.size() - 1);
  if (!added.ok()) return At(file, lines.size(), added);
  wall_ = std::max(wall_, absl::Nanoseconds((*last)["wall_ns"].Signed()));
  return absl::OkStatus();
}

}  // namespace

int MergeCommand(const std::vector<std::string>& words) {
  CommandLine line(words, {"json"}, {"junit"});
  std::string junit;
  line.Text("junit", &junit);
  if (line.positional().empty()) {
    line.Fail("merge needs the files that `run --json` has written");
  }
  if (!line.status().ok()) return UsageError(line.status());
  MergedSweep sweep;
  for (const std::string& file : line.positional()) {
    const absl::Status added = sweep.Add(file);
    if (!added.ok()) return UsageError(added);
  }
  const SweepReport& report = sweep.report();
  std::printf("%s\n", line.Has("json") ? report.ToJson(sweep.wall()).c_str()
                                       : report.ToText(sweep.wall()).c_str());
  if (!junit.empty()) {
    const absl::Status written = WriteWholeFile(junit, JUnitXml(report));
    if (!written.ok()) return UsageError(written);
  }
  return report.ExitCode();
}

}  // namespace scenarios
