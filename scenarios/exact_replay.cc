#include "scenarios/exact_replay.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace scenarios {

uint64_t ExactReplay::Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                             uint64_t drawn) {
  if (stopped_) return drawn;
  const uint64_t chosen = tape_.Choose(stream, ordinal, domain, drawn);
  if (!tape_.mismatch().empty() && difference_.empty()) {
    difference_ =
        absl::StrCat("event ", event_, ", the first that differs:\n  in ", now_,
                     "\n  ", tape_.mismatch());
  }
  return chosen;
}

void ExactReplay::OnEvent(const sim::TraceEvent& event) {
  if (event.at >= stop_at_) stopped_ = true;
  if (event.in_digest && difference_.empty() && !stopped_) Compare(event);
  if (next_ != nullptr) next_->OnEvent(event);
}

void ExactReplay::Compare(const sim::TraceEvent& event) {
  event_ = event.event;
  now_ = sim::ToText(event);
  if (lines_ == outline_.lines.size()) {
    Differ(event_, "(nothing more)", now_);
    return;
  }
  const RunOutline::Line& line = outline_.lines[lines_];
  const bool same = line.at == event.at && line.event == event.event &&
                    line.digest == DigestBitsOf(event) &&
                    outline_.subjects[line.subject] == SubjectOf(event);
  if (!same) {
    Differ(event_, RecordedText(lines_), now_);
    return;
  }
  ++lines_;
}

void ExactReplay::CheckEnd() {
  if (!difference_.empty() || lines_ == outline_.lines.size()) return;
  Differ(outline_.lines[lines_].event, RecordedText(lines_), "(nothing more)");
}

void ExactReplay::Differ(uint64_t event, absl::string_view recorded,
                         absl::string_view now) {
  difference_ = absl::StrCat(
      "event ", event, ", the first that differs:\n  recorded: ", recorded,
      "\n  now:      ", now);
}

std::string ExactReplay::RecordedText(size_t line) const {
  if (line >= outline_.lines.size()) return "(nothing more)";
  const std::string beginning = outline_.BeginningOf(outline_.lines[line]);
  for (const std::string& text : texts_) {
    if (text == beginning || absl::StartsWith(text, beginning + " ")) {
      return text;
    }
  }
  return beginning;
}

}  // namespace scenarios
