#include "scenarios/artifact.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "runtime/bytes.h"
#include "runtime/crc32c.h"
#include "runtime/status_macros.h"

namespace scenarios {
namespace {

constexpr absl::string_view kMagic = "twinraft artifact ";

void AppendSection(std::string* text, absl::string_view name,
                   absl::string_view bytes) {
  absl::StrAppend(text, "[", name, " ", bytes.size(), "]\n", bytes, "\n");
}

std::string ChecksumLine(absl::string_view covered) {
  return absl::StrFormat("[crc32c %08x]\n",
                         runtime::Crc32c(runtime::AsBytes(covered)));
}

// Takes "[name size]\nbytes\n" off the front of `rest`.
absl::StatusOr<std::string> TakeSection(absl::string_view name,
                                        absl::string_view* rest) {
  const absl::Status damaged = absl::DataLossError(
      absl::StrCat("the section '", name, "' is missing or cut off"));
  uint64_t size = 0;
  const size_t line_end = rest->find('\n');
  absl::string_view line = rest->substr(0, line_end);
  if (line_end == absl::string_view::npos ||
      !absl::ConsumePrefix(&line, absl::StrCat("[", name, " ")) ||
      !absl::ConsumeSuffix(&line, "]") || !absl::SimpleAtoi(line, &size) ||
      size >= rest->size() - line_end - 1) {
    return damaged;
  }
  std::string bytes(rest->substr(line_end + 1, size));
  rest->remove_prefix(line_end + 1 + size);
  if (!absl::ConsumePrefix(rest, "\n")) return damaged;
  return bytes;
}

// For whoever opens the file; the loader skips it.
std::string Summary(const RunResult& result) {
  std::string text = absl::StrCat("scenario ", result.scenario, "\nseed ",
                                  result.seed, "\nsignature ", result.signature,
                                  "\nmessage ", result.message, "\ndigest ",
                                  absl::StrFormat("%016x", result.digest),
                                  "\nevents ", result.events, "\n");
  for (const std::string& knob : result.knobs) {
    absl::StrAppend(&text, "knob ", knob, "\n");
  }
  for (const auto& [kind, count] : result.faults) {
    absl::StrAppend(&text, "struck ", kind, " ", count, "\n");
  }
  for (const std::string& event : result.last_events) {
    absl::StrAppend(&text, event, "\n");
  }
  return text;
}

absl::StatusOr<absl::string_view> CheckedBody(absl::string_view bytes) {
  const size_t checksum_size = ChecksumLine("").size();
  absl::string_view rest = bytes;
  if (!absl::ConsumePrefix(&rest, kMagic)) {
    return absl::InvalidArgumentError("not an artifact");
  }
  const absl::string_view version = rest.substr(0, rest.find('\n'));
  if (version != absl::StrCat(Artifact::kFormatVersion)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected an artifact of version ", Artifact::kFormatVersion, ", not '",
        absl::CHexEscape(version.substr(0, 20)), "'"));
  }
  if (rest.size() < version.size() + 1 + checksum_size) {
    return absl::DataLossError("cut off");
  }
  const absl::string_view covered =
      bytes.substr(0, bytes.size() - checksum_size);
  if (bytes.substr(covered.size()) != ChecksumLine(covered)) {
    return absl::DataLossError("damaged or cut off: the checksum differs");
  }
  return covered.substr(kMagic.size() + version.size() + 1);
}

absl::StatusOr<Artifact> ParseBody(absl::string_view bytes) {
  ASSIGN_OR_RETURN(absl::string_view rest, CheckedBody(bytes));
  Artifact artifact;
  ASSIGN_OR_RETURN(artifact.build, TakeSection("build", &rest));
  ASSIGN_OR_RETURN(const std::string summary, TakeSection("summary", &rest));
  ASSIGN_OR_RETURN(artifact.scenario_text, TakeSection("scenario", &rest));
  ASSIGN_OR_RETURN(const std::string result, TakeSection("result", &rest));
  ASSIGN_OR_RETURN(artifact.result, ParseRunResult(result));
  ASSIGN_OR_RETURN(const std::string tape, TakeSection("tape", &rest));
  ASSIGN_OR_RETURN(const std::string outline, TakeSection("outline", &rest));
  if (!absl::Base64Unescape(tape, &artifact.tape) ||
      !absl::Base64Unescape(outline, &artifact.outline)) {
    return absl::DataLossError("tape or outline is no base64");
  }
  if (!rest.empty()) return absl::DataLossError("bytes after the last section");
  return artifact;
}

}  // namespace

std::string BuildIdentity() {
  std::string identity = absl::StrCat(
#if defined(__clang__)
      "clang ",
#else
      "gcc ",
#endif
      __VERSION__);
#if defined(NDEBUG)
  absl::StrAppend(&identity, ", NDEBUG");
#endif
#if defined(__OPTIMIZE__)
  absl::StrAppend(&identity, ", optimized");
#endif
#if defined(__SANITIZE_ADDRESS__)
  absl::StrAppend(&identity, ", address sanitizer");
#endif
  return identity;
}

std::string FormatArtifact(const Artifact& artifact) {
  std::string text = absl::StrCat(kMagic, Artifact::kFormatVersion, "\n");
  AppendSection(&text, "build", artifact.build);
  AppendSection(&text, "summary", Summary(artifact.result));
  AppendSection(&text, "scenario", artifact.scenario_text);
  AppendSection(&text, "result", SerializeRunResult(artifact.result));
  AppendSection(&text, "tape", absl::Base64Escape(artifact.tape));
  AppendSection(&text, "outline", absl::Base64Escape(artifact.outline));
  return text + ChecksumLine(text);
}

absl::StatusOr<Artifact> ParseArtifact(absl::string_view bytes,
                                       absl::string_view file) {
  if (bytes.size() > Artifact::kBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": larger than ", Artifact::kBytesMax, " bytes"));
  }
  absl::StatusOr<Artifact> artifact = ParseBody(bytes);
  if (!artifact.ok()) {
    return absl::Status(artifact.status().code(),
                        absl::StrCat(file, ": ", artifact.status().message()));
  }
  return artifact;
}

}  // namespace scenarios
