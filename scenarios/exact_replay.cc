#include "scenarios/exact_replay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace scenarios {

std::string Difference::ToString() const {
  const auto first = [](const std::vector<std::string>& lines) {
    return lines.empty() ? std::string("(nothing more)") : lines.front();
  };
  if (recorded.empty() && now.empty()) return choice;
  std::string text = absl::StrCat("event ", event, ", the first that differs:");
  if (!choice.empty()) {
    return absl::StrCat(text, "\n  in ",
                        before.empty() ? "its beginning" : before.back(),
                        "\n  ", choice);
  }
  return absl::StrCat(text, "\n  recorded: ", first(recorded),
                      "\n  now:      ", first(now));
}

uint64_t ExactReplay::Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                             uint64_t drawn) {
  if (stopped_) return drawn;
  const uint64_t chosen = tape_.Choose(stream, ordinal, domain, drawn);
  if (!tape_.mismatch().empty() && difference_.empty()) {
    difference_.choice = std::string(tape_.mismatch());
    Differ(event_, lines_, "");
  }
  return chosen;
}

void ExactReplay::OnEvent(const sim::TraceEvent& event) {
  if (event.at >= stop_at_) stopped_ = true;
  if (event.in_digest && !stopped_) {
    if (difference_.empty()) {
      Compare(event);
    } else if (going_on_) {
      TakeNow(sim::ToText(event));
    }
  }
  if (next_ != nullptr) next_->OnEvent(event);
}

void ExactReplay::Compare(const sim::TraceEvent& event) {
  event_ = event.event;
  std::string now = sim::ToText(event);
  if (lines_ == outline_.lines.size()) {
    Differ(event_, lines_, now);
    return;
  }
  const RunOutline::Line& line = outline_.lines[lines_];
  const bool same = line.at == event.at && line.event == event.event &&
                    line.digest == DigestBitsOf(event) &&
                    outline_.subjects[line.subject] == SubjectOf(event);
  if (!same) {
    Differ(event_, lines_, now);
    return;
  }
  ++lines_;
  last_.push_back(std::move(now));
  if (last_.size() > context_ + 1) last_.pop_front();
}

void ExactReplay::CheckEnd() {
  if (!difference_.empty() || lines_ == outline_.lines.size()) return;
  Differ(outline_.lines[lines_].event, lines_, "");
}

void ExactReplay::Differ(uint64_t event, size_t line, const std::string& now) {
  difference_.event = event;
  difference_.before.assign(last_.begin(), last_.end());
  const size_t end = std::min(outline_.lines.size(), line + 1 + context_);
  for (size_t i = line; i < end; ++i) {
    difference_.recorded.push_back(RecordedText(i));
  }
  going_on_ = context_ > 0;
  if (!now.empty()) TakeNow(now);
  mismatch_ = difference_.ToString();
}

void ExactReplay::TakeNow(const std::string& text) {
  difference_.now.push_back(text);
  if (difference_.now.size() > context_) going_on_ = false;
}

std::string ExactReplay::RecordedText(size_t line) const {
  const std::string beginning = outline_.BeginningOf(outline_.lines[line]);
  for (const std::string& text : texts_) {
    if (text == beginning || absl::StartsWith(text, beginning + " ")) {
      return text;
    }
  }
  return beginning;
}

}  // namespace scenarios
