// One failing seed in one file that proves itself: what was run, what was drawn
// and chosen, what struck, what went wrong, and by which program.
//
// The file is text. Its last line is a checksum of all before it, so damage and
// truncation are told from a run that differs. Whoever opens it in an editor
// can read everything but tape and outline.

#ifndef SCENARIOS_ARTIFACT_H_
#define SCENARIOS_ARTIFACT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "scenarios/run_result.h"

namespace scenarios {

struct Artifact {
  static constexpr uint32_t kFormatVersion = 2;
  static constexpr size_t kBytesMax = 256 << 20;

  std::string build;          // BuildIdentity() of the program that ran.
  std::string scenario_text;  // The scenario file, whole.
  RunResult result;
  std::string tape;     // Every choice: see tape_codec.h.
  std::string outline;  // Every event in outline: see run_outline.h.
};

// Compiler and build of this program: a run is repeated exactly only by an
// equal one.
std::string BuildIdentity();

std::string FormatArtifact(const Artifact& artifact);

// `file` is only a name for errors.
// Errors: DATA_LOSS (cut off or damaged), INVALID_ARGUMENT (no artifact at all,
//         or of another version).
absl::StatusOr<Artifact> ParseArtifact(absl::string_view bytes,
                                       absl::string_view file);

}  // namespace scenarios

#endif  // SCENARIOS_ARTIFACT_H_
