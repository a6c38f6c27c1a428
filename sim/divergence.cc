#include "sim/divergence.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sim {
namespace {

// Keeps what happened during some events.
class StretchRecorder final : public TraceSink {
 public:
  struct Line {
    uint64_t event = 0;
    uint64_t digest = 0;
    std::string text;

    friend bool operator==(const Line&, const Line&) = default;
  };

  explicit StretchRecorder(EventRange stretch) : stretch_(stretch) {}

  void OnEvent(const TraceEvent& event) override {
    if (event.event < stretch_.begin || event.event >= stretch_.end) return;
    lines_.push_back({event.event, event.digest, ToText(event)});
  }

  const std::vector<Line>& lines() const { return lines_; }

 private:
  const EventRange stretch_;
  std::vector<Line> lines_;
};

using Lines = std::vector<StretchRecorder::Line>;

std::string TextAt(const Lines& lines, size_t line) {
  return line < lines.size() ? lines[line].text : "(nothing more)";
}

// nullopt if the stretch is the same in both.
std::optional<Divergence> Compare(const Lines& left, const Lines& right) {
  const size_t common = std::min(left.size(), right.size());
  size_t line = 0;
  while (line < common && left[line] == right[line]) ++line;
  if (line == left.size() && line == right.size()) return std::nullopt;

  Divergence found{
      .event = 0, .left = TextAt(left, line), .right = TextAt(right, line)};
  const bool in_both = line < left.size() && line < right.size();
  found.event = line < left.size() ? left[line].event : right[line].event;
  if (in_both) found.event = std::min(left[line].event, right[line].event);
  if (in_both && found.left == found.right) {
    // What differs was mixed into the digest and not shown.
    absl::StrAppend(&found.left, " digest=", absl::Hex(left[line].digest));
    absl::StrAppend(&found.right, " digest=", absl::Hex(right[line].digest));
  }
  return found;
}

}  // namespace

std::string Divergence::ToString() const {
  if (left.empty() && right.empty()) {
    return absl::StrCat("event ", event,
                        ": differs, but not when it was recorded");
  }
  return absl::StrCat("event ", event, ":\n  left:  ", left,
                      "\n  right: ", right);
}

std::optional<Divergence> FindDivergence(const WorldRun& run, int attempts) {
  return FindDivergence(run, run, attempts);
}

std::optional<Divergence> FindDivergence(const WorldRun& left,
                                         const WorldRun& right, int attempts) {
  const Digest first_left = left(nullptr);
  const Digest first_right = right(nullptr);
  std::optional<EventRange> stretch = FirstDifference(first_left, first_right);
  if (!stretch.has_value()) return std::nullopt;

  // A run that differs from itself may part elsewhere each time: then the
  // stretch follows it.
  Divergence seen{.event = stretch->begin, .left = "", .right = ""};
  for (int attempt = 0; attempt < attempts; ++attempt) {
    StretchRecorder left_recorder(*stretch);
    StretchRecorder right_recorder(*stretch);
    const Digest left_digest = left(&left_recorder);
    const Digest right_digest = right(&right_recorder);
    const std::optional<EventRange> now =
        FirstDifference(left_digest, right_digest);
    if (!now.has_value()) continue;
    seen.event = now->begin;
    if (now->begin >= stretch->begin && now->begin < stretch->end) {
      const std::optional<Divergence> found =
          Compare(left_recorder.lines(), right_recorder.lines());
      if (found.has_value()) return found;
    }
    stretch = now;
  }
  return seen;
}

}  // namespace sim
