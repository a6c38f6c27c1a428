// The skeleton of a recorded run: of everything that happened, when, where and
// what kind of thing it was, with a few bits of the digest after it. Eight
// bytes a line, so it fits into an artifact; enough to say, years later, which
// event of a replay is the first that differs, and what happened instead.

#ifndef SCENARIOS_RUN_OUTLINE_H_
#define SCENARIOS_RUN_OUTLINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "sim/trace.h"

namespace scenarios {

struct RunOutline {
  struct Line {
    sim::Time at = 0;
    uint64_t event = 0;
    uint32_t subject = 0;
    uint16_t digest = 0;  // Its lowest bits.

    friend bool operator==(const Line&, const Line&) = default;
  };

  // "n1 disk.sync", by number.
  std::vector<std::string> subjects;
  std::vector<Line> lines;

  // "[  1.234567s] n1 disk.sync": how the line in a text trace begins.
  std::string BeginningOf(const Line& line) const;
};

std::string EncodeOutline(const RunOutline& outline);
// Errors: DATA_LOSS.
absl::StatusOr<RunOutline> DecodeOutline(absl::string_view bytes);

class OutlineRecorder final : public sim::TraceSink {
 public:
  void OnEvent(const sim::TraceEvent& event) override;
  const RunOutline& outline() const { return outline_; }

 private:
  RunOutline outline_;
  absl::btree_map<std::string, uint32_t, std::less<>> numbers_;
  std::string subject_;  // Kept for its memory.
};

// What a line of the trace has in common with its line in an outline.
std::string SubjectOf(const sim::TraceEvent& event);
inline uint16_t DigestBitsOf(const sim::TraceEvent& event) {
  return static_cast<uint16_t>(event.digest);
}

}  // namespace scenarios

#endif  // SCENARIOS_RUN_OUTLINE_H_
