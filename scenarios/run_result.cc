#include "scenarios/run_result.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "runtime/status_macros.h"

namespace scenarios {

const char* OutcomeName(RunResult::Outcome outcome) {
  switch (outcome) {
    case RunResult::Outcome::kPassed:
      return "passed";
    case RunResult::Outcome::kFailed:
      return "failed";
    case RunResult::Outcome::kInconclusive:
      return "inconclusive";
    case RunResult::Outcome::kNotDeterministic:
      return "not-deterministic";
  }
  return "?";
}

std::string WithoutNumbers(absl::string_view text) {
  const auto is_hex = [text](size_t i) {
    return i < text.size() &&
           absl::ascii_isxdigit(static_cast<unsigned char>(text[i]));
  };
  std::string without;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) {
      without += text[i];
      continue;
    }
    if (text[i] == '0' && text.substr(i + 1, 1) == "x" && is_hex(i + 2)) {
      i += 2;
      while (is_hex(i + 1)) ++i;
    }
    if (without.empty() || without.back() != '#') without += '#';
  }
  return without;
}

std::string SerializeRunResult(const RunResult& result) {
  RecordWriter writer;
  writer.Text(result.scenario);
  writer.Text(result.source);
  writer.Number(result.seed);
  writer.Number(static_cast<uint64_t>(result.outcome));
  writer.Text(result.signature);
  writer.Text(result.message);
  writer.Number(result.digest);
  writer.Number(result.checkpoints.size());
  for (const uint64_t checkpoint : result.checkpoints) {
    writer.Number(checkpoint);
  }
  writer.Number(result.events);
  writer.Signed(absl::ToInt64Nanoseconds(result.virtual_time));
  writer.Signed(absl::ToInt64Nanoseconds(result.cpu_time));
  writer.CountsOf(result.counts);
  writer.CountsOf(result.faults);
  writer.Texts(result.expected_faults);
  writer.CountsOf(result.reached);
  writer.Texts(result.knobs);
  writer.Texts(result.last_events);
  writer.Text(result.artifact);
  return writer.bytes();
}

absl::StatusOr<RunResult> ParseRunResult(absl::string_view bytes) {
  RecordReader reader(bytes);
  RunResult result;
  result.scenario = reader.Text();
  result.source = reader.Text();
  result.seed = reader.Number();
  const uint64_t outcome = reader.Number();
  if (outcome > static_cast<uint64_t>(RunResult::Outcome::kNotDeterministic)) {
    return absl::DataLossError(absl::StrCat("no such outcome: ", outcome));
  }
  result.outcome = static_cast<RunResult::Outcome>(outcome);
  result.signature = reader.Text();
  result.message = reader.Text();
  result.digest = reader.Number();
  const uint64_t checkpoints = reader.Number();
  for (uint64_t i = 0; i < checkpoints && reader.ok(); ++i) {
    result.checkpoints.push_back(reader.Number());
  }
  result.events = reader.Number();
  result.virtual_time = absl::Nanoseconds(reader.Signed());
  result.cpu_time = absl::Nanoseconds(reader.Signed());
  result.counts = reader.CountsOf();
  result.faults = reader.CountsOf();
  result.expected_faults = reader.Texts();
  result.reached = reader.CountsOf();
  result.knobs = reader.Texts();
  result.last_events = reader.Texts();
  result.artifact = reader.Text();
  RETURN_IF_ERROR(reader.Finish());
  return result;
}

std::string RunResultJson(const RunResult& result) {
  return absl::StrCat(
      "{\"scenario\":", JsonQuoted(result.scenario),
      ",\"source\":", JsonQuoted(result.source), ",\"seed\":", result.seed,
      ",\"outcome\":\"", OutcomeName(result.outcome),
      "\",\"signature\":", JsonQuoted(result.signature),
      ",\"message\":", JsonQuoted(result.message), ",\"digest\":\"",
      absl::StrFormat("%016x", result.digest), "\",\"events\":", result.events,
      ",\"virtual_ns\":", absl::ToInt64Nanoseconds(result.virtual_time),
      ",\"cpu_ns\":", absl::ToInt64Nanoseconds(result.cpu_time),
      ",\"counts\":", JsonObject(result.counts),
      ",\"faults\":", JsonObject(result.faults),
      ",\"expected_faults\":", JsonArray(result.expected_faults),
      ",\"reached\":", JsonObject(result.reached),
      ",\"knobs\":", JsonArray(result.knobs),
      ",\"artifact\":", JsonQuoted(result.artifact), "}");
}

namespace {

std::vector<std::string> TextsOf(const JsonValue& array) {
  std::vector<std::string> texts;
  for (const JsonValue& element : array.elements) texts.push_back(element.text);
  return texts;
}

Counts CountsOf(const JsonValue& object) {
  Counts counts;
  for (size_t i = 0; i < object.names.size(); ++i) {
    counts.emplace_back(object.names[i], object.elements[i].Unsigned());
  }
  return counts;
}

}  // namespace

absl::StatusOr<RunResult> RunResultFromJson(const JsonValue& json) {
  RunResult result;
  bool known = false;
  for (const RunResult::Outcome outcome :
       {RunResult::Outcome::kPassed, RunResult::Outcome::kFailed,
        RunResult::Outcome::kInconclusive,
        RunResult::Outcome::kNotDeterministic}) {
    if (json["outcome"].text != OutcomeName(outcome)) continue;
    result.outcome = outcome;
    known = true;
  }
  if (!known || json["scenario"].text.empty() || !json.Has("seed") ||
      !absl::SimpleHexAtoi(json["digest"].text, &result.digest)) {
    return absl::InvalidArgumentError("not the result of a seed");
  }
  result.scenario = json["scenario"].text;
  result.source = json["source"].text;
  result.seed = json["seed"].Unsigned();
  result.signature = json["signature"].text;
  result.message = json["message"].text;
  result.events = json["events"].Unsigned();
  result.virtual_time = absl::Nanoseconds(json["virtual_ns"].Signed());
  result.cpu_time = absl::Nanoseconds(json["cpu_ns"].Signed());
  result.counts = CountsOf(json["counts"]);
  result.faults = CountsOf(json["faults"]);
  result.expected_faults = TextsOf(json["expected_faults"]);
  result.reached = CountsOf(json["reached"]);
  result.knobs = TextsOf(json["knobs"]);
  result.artifact = json["artifact"].text;
  return result;
}

std::string ReplayCommand(const RunResult& result) {
  if (!result.artifact.empty()) {
    return absl::StrCat("raft_sim replay ", result.artifact);
  }
  return absl::StrCat("raft_sim replay --scenario ",
                      result.source.empty() ? result.scenario : result.source,
                      " --seed ", result.seed, " --trace text");
}

}  // namespace scenarios
