#include "scenarios/run_outline.h"

#include "absl/strings/str_cat.h"

#include "scenarios/packed_numbers.h"

namespace scenarios {
namespace {

// Time, event, subject: one byte each at least; two of the digest.
constexpr size_t kLineBytesMin = 5;

}  // namespace

std::string RunOutline::BeginningOf(const Line& line) const {
  sim::TraceEvent at;
  at.at = line.at;
  // "[  1.234567s] - " without the host that is not there.
  const std::string text = sim::ToText(at);
  return absl::StrCat(text.substr(0, text.find(']') + 2),
                      subjects[line.subject]);
}

std::string EncodeOutline(const RunOutline& outline) {
  std::string out;
  PutNumber(out, outline.subjects.size());
  for (const std::string& subject : outline.subjects) PutText(out, subject);
  PutNumber(out, outline.lines.size());
  RunOutline::Line last;
  for (const RunOutline::Line& line : outline.lines) {
    PutNumber(out, static_cast<uint64_t>(line.at - last.at));
    PutNumber(out, line.event - last.event);
    PutNumber(out, line.subject);
    out += static_cast<char>(line.digest & 0xff);
    out += static_cast<char>(line.digest >> 8);
    last = line;
  }
  return out;
}

absl::StatusOr<RunOutline> DecodeOutline(absl::string_view bytes) {
  PackedReader reader(bytes);
  RunOutline outline;
  for (uint64_t left = reader.Count(1); left > 0 && reader.ok(); --left) {
    outline.subjects.push_back(reader.Text());
  }
  uint64_t at = 0;
  RunOutline::Line line;
  for (uint64_t left = reader.Count(kLineBytesMin); left > 0 && reader.ok();
       --left) {
    at += reader.Number();
    line.at = static_cast<sim::Time>(at);
    line.event += reader.Number();
    const uint64_t subject = reader.Number();
    line.digest = reader.TwoBytes();
    if (subject >= outline.subjects.size() || line.at < 0) {
      return absl::DataLossError("a line of the outline about nothing");
    }
    line.subject = static_cast<uint32_t>(subject);
    outline.lines.push_back(line);
  }
  if (!reader.ok() || reader.left() != 0) {
    return absl::DataLossError("the outline is cut off or damaged");
  }
  return outline;
}

std::string SubjectOf(const sim::TraceEvent& event) {
  return absl::StrCat(event.host == sim::kNoHost ? "-" : event.host_name, " ",
                      event.kind);
}

void OutlineRecorder::OnEvent(const sim::TraceEvent& event) {
  if (!event.in_digest) return;
  subject_ = SubjectOf(event);
  auto known = numbers_.find(subject_);
  if (known == numbers_.end()) {
    known =
        numbers_
            .emplace(subject_, static_cast<uint32_t>(outline_.subjects.size()))
            .first;
    outline_.subjects.push_back(subject_);
  }
  outline_.lines.push_back({.at = event.at,
                            .event = event.event,
                            .subject = known->second,
                            .digest = DigestBitsOf(event)});
}

}  // namespace scenarios
