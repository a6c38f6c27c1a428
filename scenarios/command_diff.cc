#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "scenarios/artifact.h"
#include "scenarios/command_line.h"
#include "scenarios/commands.h"
#include "scenarios/recorded_run.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_library.h"

namespace scenarios {
namespace {

constexpr uint64_t kContext = 10;
constexpr uint64_t kContextMax = 10'000;

// What was recorded, and by whom.
std::string Heading(const Artifact& artifact) {
  const RunResult& recorded = artifact.result;
  std::string text = absl::StrCat(
      recorded.scenario, " seed ", recorded.seed,
      ", recorded: ", recorded.passed() ? "passed" : recorded.signature, "\n");
  const std::string here = BuildIdentity();
  absl::StrAppend(&text, "  recorded by ", artifact.build, "\n");
  if (artifact.build != here) absl::StrAppend(&text, "  this is ", here, "\n");
  return text;
}

void AppendLines(std::string* text, absl::string_view mark,
                 const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    absl::StrAppend(text, mark, line, "\n");
  }
}

std::string DifferenceText(const Difference& difference) {
  if (difference.recorded.empty() && difference.now.empty()) {
    return absl::StrCat(difference.choice, "\n");
  }
  std::string text = absl::StrCat("the same up to event ", difference.event,
                                  ", where they part\n");
  AppendLines(&text, "  ", difference.before);
  if (!difference.choice.empty()) {
    absl::StrAppend(&text, "! ", difference.choice, "\n");
  }
  AppendLines(&text, "- ", difference.recorded);
  AppendLines(&text, "+ ", difference.now);
  return text;
}

}  // namespace

int DiffCommand(const std::vector<std::string>& words) {
  CommandLine line(words, {}, {"context"});
  uint64_t context = kContext;
  line.Number("context", 1, kContextMax, &context);
  if (line.positional().size() != 1) line.Fail("diff needs an artifact");
  if (!line.status().ok()) return UsageError(line.status());
  const std::string& path = line.positional().front();
  const absl::StatusOr<std::string> bytes =
      ReadWholeFile(path, Artifact::kBytesMax);
  if (!bytes.ok()) return UsageError(bytes.status());
  const absl::StatusOr<Artifact> artifact = ParseArtifact(*bytes, path);
  if (!artifact.ok()) return UsageError(artifact.status());
  ReplayOptions options;
  options.context = context;
  const absl::StatusOr<Replayed> replayed = Replay(*artifact, options);
  if (!replayed.ok()) return UsageError(replayed.status());
  std::fputs(Heading(*artifact).c_str(), stdout);
  if (!replayed->difference.empty()) {
    std::fputs(DifferenceText(replayed->difference).c_str(), stdout);
    return kExitNotDeterministic;
  }
  std::printf("the same, to its end: %s\n",
              OutcomeName(replayed->result.outcome));
  return replayed->result.passed() ? kExitPassed : kExitFailed;
}

}  // namespace scenarios
