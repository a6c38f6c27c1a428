// The first byte says what the rest is: an artifact, one whose checksum is put
// right first, or what an artifact is made of.

#include <string>

#include "absl/strings/str_format.h"

#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "scenarios/artifact.h"
#include "scenarios/json_reader.h"
#include "scenarios/run_outline.h"
#include "scenarios/tape_codec.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

void Artifacts(absl::string_view bytes) {
  const absl::StatusOr<scenarios::Artifact> artifact =
      scenarios::ParseArtifact(bytes, "fuzz");
  if (!artifact.ok()) return;
  const absl::StatusOr<scenarios::Artifact> again =
      scenarios::ParseArtifact(scenarios::FormatArtifact(*artifact), "again");
  CHECK(again.ok(), again.status().ToString());
  CHECK(again->tape == artifact->tape);
  CHECK(again->outline == artifact->outline);
  CHECK(again->scenario_text == artifact->scenario_text);
}

void Tapes(absl::string_view bytes) {
  const absl::StatusOr<sim::TapeRecord> tape = scenarios::DecodeTape(bytes);
  if (!tape.ok()) return;
  CHECK_LE(tape->choices.size(), bytes.size());
  const absl::StatusOr<sim::TapeRecord> again =
      scenarios::DecodeTape(scenarios::EncodeTape(*tape));
  CHECK(again.ok(), again.status().ToString());
  CHECK(again->choices == tape->choices);
  CHECK(again->stream_names == tape->stream_names);
}

void Outlines(absl::string_view bytes) {
  const absl::StatusOr<scenarios::RunOutline> outline =
      scenarios::DecodeOutline(bytes);
  if (!outline.ok()) return;
  CHECK_LE(outline->lines.size(), bytes.size());
  const absl::StatusOr<scenarios::RunOutline> again =
      scenarios::DecodeOutline(scenarios::EncodeOutline(*outline));
  CHECK(again.ok(), again.status().ToString());
  CHECK(again->lines == outline->lines);
  CHECK(again->subjects == outline->subjects);
}

void Results(absl::string_view bytes) {
  const absl::StatusOr<scenarios::RunResult> result =
      scenarios::ParseRunResult(bytes);
  if (!result.ok()) return;
  CHECK(scenarios::ParseRunResult(scenarios::SerializeRunResult(*result)).ok());
}

void Json(absl::string_view bytes) {
  const absl::StatusOr<scenarios::JsonValue> json = scenarios::ParseJson(bytes);
  if (json.ok()) scenarios::RunResultFromJson(*json).IgnoreError();
}

}  // namespace

void RunArtifacts(Input input) {
  if (input.empty()) return;
  const absl::string_view bytes = runtime::AsText(input.subspan(1));
  switch (static_cast<unsigned>(input[0]) % 6) {
    case 0:
      return Artifacts(bytes);
    case 1:
      return Artifacts(
          std::string(bytes) +
          absl::StrFormat("[crc32c %08x]\n",
                          runtime::Crc32c(runtime::AsBytes(bytes))));
    case 2:
      return Tapes(bytes);
    case 3:
      return Outlines(bytes);
    case 4:
      return Results(bytes);
    default:
      return Json(bytes);
  }
}

}  // namespace fuzz
